"""Finds the image files below a folder, through links too, with each real folder once."""

import heapq
import os
import pathlib
import warnings

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")


def image_files(root: pathlib.Path) -> list[pathlib.Path]:
    """Return the paths of all images below `root`, relative to it.

    They are sorted part by part, in the same order on every system. Links to folders are followed,
    and each real folder counts once: at its own place if that is below `root`, else at the first
    link to it. A link to `root` itself or to a folder above it would be a loop, and is not
    followed. A linked file counts under each of its names, as a copy would. A warning counts the
    links that are not followed.

    Raises:
        ValueError: If there are no images.
        OSError: If a folder cannot be read.
    """
    walk = _Walk(root)
    walk.enter("")
    while walk.links:
        walk.follow(heapq.heappop(walk.links)[1])
    if not walk.files:
        raise ValueError(
            f"A folder must hold images. Received: {root}, without any file that ends in "
            f"{' '.join(EXTENSIONS)}. Pass the folder above your images."
        )
    if walk.left:
        warnings.warn(
            "Links must lead to folders that are there and do not count yet. Left out: "
            f"{len(walk.left)} in {root}, the first {min(walk.left)}. Remove them, or copy the "
            "folders if they are to count twice.",
            stacklevel=5,
        )
    return sorted(map(pathlib.Path, walk.files), key=lambda file: file.parts)


class _Walk:
    """The results of a walk: files, links to folders to be followed, and links left out."""

    def __init__(self, root):
        self._root = root
        self._top = os.path.realpath(root)
        self._seen = set()
        self.files, self.links, self.left = [], [], []

    def follow(self, link):
        """Walk the folder that a link leads to, if it is new."""
        real = os.path.realpath(self._root / link)
        above = os.path.commonpath([real, self._top]) == real
        if above or real in self._seen:
            self.left.append(link)
        else:
            self.enter(link)

    def enter(self, folder):
        """Walk a folder except for the links in it."""
        pending = [folder]
        while pending:
            here = pending.pop()
            real = os.path.realpath(self._root / here)
            if real in self._seen:
                continue
            self._seen.add(real)
            for entry in _entries(self._root / here):
                name = os.path.join(here, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(name)
                elif _leads_to_folder(entry):
                    heapq.heappush(self.links, (pathlib.Path(name).parts, name))
                elif name.lower().endswith(EXTENSIONS):
                    self.files.append(name)
                elif entry.is_symlink() and _may_be_lost_folder(entry.path):
                    self.left.append(name)


def _leads_to_folder(entry):
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or to a place without permission
        return False


def _may_be_lost_folder(link):
    """Whether a link without a file's ending leads to nothing, as to a disk not mounted."""
    return not os.path.splitext(link)[1] and not os.path.exists(link)


def _entries(folder):
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise OSError(
            f"A folder of images must be readable. Received: {folder}: {error.strerror}. Allow "
            "reading it, or move it elsewhere."
        ) from error

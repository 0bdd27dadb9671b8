"""Any folder of images as `ImageSource`."""

import contextlib
import functools
import os
import pathlib
import zlib
from collections import defaultdict

import numpy as np
from PIL import ExifTags, Image, ImageOps

from tf_consensus.data.file_digests import digest_files
from tf_consensus.data.folder_walk import image_files
from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.opening import BROKEN, MAX_PIXELS, is_grey, open_image

SPLITS = ("train", "rest", "held_out")
# One of this many images is held out.
_HELD_OUT = 10
# Largest number of files whose headers are read to know whether a folder is in colour.
_LOOKED_AT = 1000


class ImageFolder(ImageSource):
    """The images below a folder, in the order of their paths.

    An image is a file with one of `folder_walk.EXTENSIONS`, in any case; hidden files and other
    files are left out; `folder_walk.image_files` says how links are followed. The sub-folders of
    the folder itself that hold images, in alphabetical order, are the labels. Photographs are
    turned upright as their EXIF data says; of animations the first frame counts.

    Args:
        path: The folder.
        split: "train", all images; "held_out", a tenth of each sub-folder, chosen by the names, to
            measure by; "rest", all others.
        check: Whether files that cannot be read are left out, each with a warning.
        max_pixels: Largest number of pixels of an image that is decoded.

    Raises:
        FileNotFoundError: If there is no such folder.
        OSError: If a folder in it cannot be read.
        ValueError: If it holds no images, the split is unknown, or there are too few images to hold
            some out.
    """

    remedy = "Remove or replace it; check=True leaves out such files of a folder."

    def __init__(self, path: str, split: str, check: bool, max_pixels: int = MAX_PIXELS) -> None:
        self._root = _folder(path)
        if split not in SPLITS:
            inside = _same_folder(self._root, split)
            raise ValueError(
                "A folder of images has the splits train, which is all of it, held_out, a tenth, "
                f"and rest, all others. Received: split={split!r}. Pass one of these"
                f"{f', or the sub-folder: folder:{inside}' if inside else ''}."
            )
        self._split = split
        everything = image_files(self._root)
        self._files = _of_split(everything, split, path)
        self._max_pixels = max_pixels
        classes = _classes(everything)
        self.num_classes = len(classes)
        # A file at the top has no sub-folder that names its class.
        self.labelled = all(len(file.parts) > 1 for file in self._files)
        self._labels = [classes.get(file.parts[0], 0) for file in self._files]
        self.tolerant = check

    def __len__(self):
        return len(self._files)

    def open(self, index: int) -> tuple[Image.Image, int]:
        """Return image `index`, upright, and its label."""
        with self._open(index) as image:
            return ImageOps.exif_transpose(image), self._labels[index]

    def describe(self, index: int) -> str:
        """Return the path of the file."""
        return str(self._root / self._files[index])

    def fingerprint(self) -> dict[str, str | int]:
        """Return the number of files, their bytes, and a digest of their names and contents."""
        named = [(file.as_posix(), self._root / file) for file in self._files]
        digest, size = digest_files(named)
        return {
            "name": "folder",
            "split": self._split,
            "images": len(self),
            "bytes": size,
            "digest": digest,
        }

    def colours(self) -> tuple[int, int]:
        """Return how many are in colour among at most a thousand, evenly spread over the folder."""
        return self._colours

    @functools.cached_property
    def identity(self) -> tuple:  # type: ignore[override]
        """The folder, its files' sizes and times, and what decides which of them count."""
        kept = (self.tolerant, self._max_pixels, self._split, tuple(self._stamps()))
        return ("folder", str(self._root.resolve()), *kept)

    @functools.cached_property
    def channels(self) -> int:  # type: ignore[override]
        """1 if none of the images looked at is in colour, else 3."""
        colour, looked_at = self._colours
        return 1 if looked_at and not colour else 3

    @functools.cached_property
    def _colours(self):
        grey = [self._is_grey(index) for index in self._looked_at()]
        return grey.count(False), len(grey) - grey.count(None)

    def sides(self) -> np.ndarray:
        """Return heights and widths, of at most a thousand images evenly spread, (n, 2)."""
        found = []
        for index in self._looked_at():
            with contextlib.suppress(*BROKEN), self._open(index) as image:
                # Half of the rotations in EXIF data exchange the sides.
                turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
                found.append(image.size if turned else image.size[::-1])
        return np.array(found, dtype=int).reshape(-1, 2)

    def _looked_at(self):
        n, looked_at = len(self), min(len(self), _LOOKED_AT)
        return np.arange(looked_at) * n // looked_at

    def _open(self, index):
        path = self._root / self._files[index]
        if path.exists() and not path.is_file():
            raise OSError("not a regular file")  # reading a pipe would wait for ever
        return open_image(path, self._max_pixels)

    def _is_grey(self, index):
        """Whether an image is grey; None if it cannot be read, which decoding it reports."""
        try:
            with self._open(index) as image:
                return is_grey(image)
        except BROKEN:
            return None

    def _stamps(self):
        for file in self._files:
            try:
                status = os.stat(self._root / file)
            except OSError:  # reading the file reports it
                yield str(file), None, None
            else:
                yield str(file), status.st_size, status.st_mtime_ns


def folder_info(path: str) -> ImageInfo:
    """Return what the names and headers of a folder's files show, counting corrupt files too.

    Raises:
        FileNotFoundError, OSError, ValueError: As `ImageFolder`.
    """
    folder = ImageFolder(path, "train", check=True)
    classes = folder.num_classes if folder.labelled else None
    return ImageInfo(classes, {"train": len(folder)}, None, folder.channels)


def folder_sides(path: str) -> np.ndarray:
    """Return heights and widths in pixels of at most a thousand images of a folder, (n, 2).

    Raises:
        FileNotFoundError, OSError, ValueError: As `ImageFolder`.
    """
    return ImageFolder(path, "train", check=True).sides()


def _same_folder(root, split):
    """The sub-folder with a split's name, if there is one."""
    return root / split if split and (root / split).is_dir() else None


def _of_split(files, split, path):
    """The files of a split; only the names in a sub-folder decide which are held out."""
    if split == "train":
        return files
    groups = defaultdict(list)
    for file in files:
        groups[file.parent].append(file)
    held_out = set()
    for group in groups.values():
        group.sort(key=lambda file: zlib.crc32(file.as_posix().encode(errors="surrogateescape")))
        held_out.update(group[: len(group) // _HELD_OUT])
    if not held_out:
        raise ValueError(
            f"To hold some out, a sub-folder of images must have at least {_HELD_OUT}. Received: "
            f"folder:{path}, with {len(files)} images. Add images, or measure by another folder."
        )
    return [file for file in files if (file in held_out) == (split == "held_out")]


def _folder(path):
    folder = pathlib.Path(path).expanduser()
    if not os.path.isdir(folder):  # also False for a name that is too long
        raise FileNotFoundError(
            f"A folder of images must exist. Received: folder:{path}. Pass folder: and the path "
            "of a folder."
        )
    return folder


def _classes(files):
    """The number of each sub-folder with images."""
    names = sorted({file.parts[0] for file in files if len(file.parts) > 1})
    return {name: number for number, name in enumerate(names)}

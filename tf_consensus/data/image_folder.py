"""Any folder of images as `ImageSource`."""

import functools
import os
import pathlib

import numpy as np
from PIL import ImageOps

from tf_consensus.data.file_digests import digest_files
from tf_consensus.data.folder_walk import image_files
from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.opening import BROKEN, MAX_PIXELS, is_grey, open_image

# Files whose headers are read to know whether a folder is in colour.
_LOOKED_AT = 1000


class ImageFolder(ImageSource):
    """The images below a folder, in the order of their paths.

    An image is a file with one of `folder_walk.EXTENSIONS`, in any case; hidden files and other
    files are left out; `folder_walk.image_files` says how links are followed. The sub-folders of
    the folder itself that hold images, in alphabetical order, are the labels. Photographs are
    turned upright as their EXIF data says; of animations the first frame counts.

    Args:
        path: The folder.
        split: "train": a folder has one split.
        check: Whether files that cannot be read are left out, with a warning each.
        max_pixels: Most pixels of an image that is to be decoded.

    Raises:
        FileNotFoundError: If there is no such folder.
        OSError: If a folder in it cannot be read.
        ValueError: If it holds no images, or another split is asked for.
    """

    remedy = "Remove or replace it; check=True leaves out such files of a folder."

    def __init__(self, path: str, split: str, check: bool, max_pixels: int = MAX_PIXELS):
        if split != "train":
            raise ValueError(
                "A folder has one split, train. "
                f"Received: split={split!r}. Pass the sub-folder: folder:{path}/{split}."
            )
        self._root = _folder(path)
        self._files = image_files(self._root)
        self._max_pixels = max_pixels
        classes = _classes(self._files)
        self.num_classes = len(classes)
        # A file at the top has no sub-folder to name it.
        self.labelled = all(len(file.parts) > 1 for file in self._files)
        self._labels = [classes.get(file.parts[0], 0) for file in self._files]
        self.tolerant = check

    def __len__(self):
        return len(self._files)

    def open(self, index):
        """Return image `index`, upright, and its label."""
        with self._open(index) as image:
            return ImageOps.exif_transpose(image), self._labels[index]

    def describe(self, index):
        """Return the path of the file."""
        return str(self._root / self._files[index])

    def fingerprint(self):
        """Return the number of files, their bytes, and a digest of their names and contents."""
        named = [(file.as_posix(), self._root / file) for file in self._files]
        digest, size = digest_files(named)
        return {
            "name": "folder",
            "split": "train",
            "images": len(self),
            "bytes": size,
            "digest": digest,
        }

    def colours(self):
        """Return how many are in colour, of at most a thousand evenly spread over the folder."""
        return self._colours

    @functools.cached_property
    def identity(self):
        """The folder, its files' sizes and times, and what decides which of them count."""
        kept = (self.tolerant, self._max_pixels, tuple(self._stamps()))
        return ("folder", str(self._root.resolve()), *kept)

    @functools.cached_property
    def channels(self):
        """1 if no image looked at is in colour, else 3."""
        colour, looked_at = self._colours
        return 1 if looked_at and not colour else 3

    @functools.cached_property
    def _colours(self):
        n, looked_at = len(self), min(len(self), _LOOKED_AT)
        grey = [self._is_grey(index) for index in np.arange(looked_at) * n // looked_at]
        return grey.count(False), len(grey) - grey.count(None)

    def _open(self, index):
        path = self._root / self._files[index]
        if path.exists() and not path.is_file():
            raise OSError("not a regular file")  # reading a pipe would wait for ever
        return open_image(path, self._max_pixels)

    def _is_grey(self, index):
        """None if it cannot be read; that is said when it is decoded."""
        try:
            with self._open(index) as image:
                return is_grey(image)
        except BROKEN:
            return None

    def _stamps(self):
        for file in self._files:
            try:
                status = os.stat(self._root / file)
            except OSError:  # found broken when it is read
                yield str(file), None, None
            else:
                yield str(file), status.st_size, status.st_mtime_ns


def folder_info(path: str) -> ImageInfo:
    """Return what the names and headers of a folder's files tell; corrupt ones are counted, too.

    Raises:
        FileNotFoundError, OSError, ValueError: As `ImageFolder`.
    """
    folder = ImageFolder(path, "train", check=True)
    classes = folder.num_classes if folder.labelled else None
    return ImageInfo(classes, {"train": len(folder)}, None, folder.channels)


def _folder(path):
    folder = pathlib.Path(path).expanduser()
    if not os.path.isdir(folder):  # False for a name too long, too
        raise FileNotFoundError(
            f"A folder of images must exist. Received: folder:{path}. Pass folder: and the path "
            "of a folder."
        )
    return folder


def _classes(files):
    """The number of each sub-folder with images."""
    names = sorted({file.parts[0] for file in files if len(file.parts) > 1})
    return {name: number for number, name in enumerate(names)}

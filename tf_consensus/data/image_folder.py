"""Any folder of images as `ImageSource`."""

import contextlib
import copy
import functools
import os
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import ExifTags, Image, ImageOps

from tf_consensus.data.file_digests import digest_files
from tf_consensus.data.folder_splits import files_of_split
from tf_consensus.data.folder_walk import image_files
from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.opening import BROKEN, MAX_PIXELS, is_grey, open_image

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
        self._split = split
        everything = image_files(self._root)
        self._everything = everything
        self._files = files_of_split(self._root, everything, split)
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
        with self._open(self._files[index]) as image:
            return ImageOps.exif_transpose(image), self._labels[index]

    def describe(self, index: int) -> str:
        """Return the path of the file."""
        return str(self._root / self._files[index])

    @property
    def files(self) -> list[pathlib.Path]:
        """The paths of the files, relative to the folder."""
        return list(self._files)

    def only(self, indices: Sequence[int]) -> "ImageFolder":
        """Return the images of these numbers as a folder of their own, in this order."""
        part = copy.copy(self)
        for name in ("identity", "_colours"):  # cached ones, of all of these images
            part.__dict__.pop(name, None)
        part._files = [self._files[index] for index in indices]
        part._labels = [self._labels[index] for index in indices]
        return part

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
        """1 if none of the images looked at is in colour, else 3; of all splits together."""
        whole = self._files == self._everything
        colour, looked_at = self._colours if whole else self._colours_of(self._everything)
        return 1 if looked_at and not colour else 3

    @functools.cached_property
    def _colours(self):
        return self._colours_of(self._files)

    def _colours_of(self, files):
        grey = [self._is_grey(files[index]) for index in _some(len(files))]
        return grey.count(False), len(grey) - grey.count(None)

    def sides(self) -> np.ndarray:
        """Return heights and widths, of at most a thousand images evenly spread, (n, 2)."""
        found = []
        for index in _some(len(self)):
            with contextlib.suppress(*BROKEN), self._open(self._files[index]) as image:
                # Half of the rotations in EXIF data exchange the sides.
                turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
                found.append(image.size if turned else image.size[::-1])
        return np.array(found, dtype=int).reshape(-1, 2)

    def _open(self, file):
        path = self._root / file
        if path.exists() and not path.is_file():
            raise OSError("not a regular file")  # reading a pipe would wait for ever
        return open_image(path, self._max_pixels)

    def _is_grey(self, file):
        """Whether an image is grey; None if it cannot be read, which decoding it reports."""
        try:
            with self._open(file) as image:
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


def _some(number):
    """At most a thousand numbers below this one, evenly spread."""
    looked_at = min(number, _LOOKED_AT)
    return np.arange(looked_at) * number // looked_at


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

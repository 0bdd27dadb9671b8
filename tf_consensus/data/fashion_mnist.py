"""Fashion-MNIST from the files that Keras caches, or that Debian's package installs."""

import gzip
import hashlib
import math
import os
import pathlib
import zlib

import keras
import numpy as np
from PIL import Image

from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.opening import MAX_PIXELS, ImageTooLargeError

INFO = ImageInfo(10, {"train": 60_000, "test": 10_000}, (28, 28), 1)
_PREFIXES = {"train": "train", "test": "t10k"}
_DEBIAN = pathlib.Path("/usr/share/datasets/fashion-mnist")
# Keras puts the files here if it may not write to its cache.
_FALLBACK = pathlib.Path("/tmp/.keras/datasets/fashion-mnist")
_PADDING = 2


class FashionMNIST(ImageSource):
    """Zalando's 28² grey images of ten kinds of clothes, with a black border of 2 pixels.

    Args:
        split: "train" or "test".
        image_size: 28 leaves the border out.
        data_dir: Folder of the four IDX files; None for Keras' cache, then Debian's folder, then
            Keras' own download.
        max_pixels: Largest number of pixels of an image that is decoded.

    Raises:
        ValueError: If the split is unknown or a file is broken.
        FileNotFoundError: If `data_dir` lacks the files, or they cannot be downloaded.
        OSError: If a file cannot be read.
    """

    channels = 1
    remedy = "Pass other settings, or download the files again."

    def __init__(
        self, split: str, image_size: int, data_dir: str | None, max_pixels: int = MAX_PIXELS
    ) -> None:
        if split not in _PREFIXES:
            raise ValueError(
                "`split` must be one that the data set has. "
                f"Received: split={split!r}. fashion_mnist has train and test."
            )
        images, self._labels = _read(split, data_dir)
        self._split = split
        self._digest = hashlib.sha256(images.tobytes() + self._labels.tobytes()).hexdigest()
        border = ((0, 0), (_PADDING, _PADDING), (_PADDING, _PADDING))
        self._images = np.pad(images, border)
        self._max_pixels = max_pixels
        self.crop = 28 if image_size == 28 else None
        self.identity = ("fashion_mnist", split, max_pixels, self._digest)

    def __len__(self):
        return len(self._images)

    def open(self, index: int) -> tuple[Image.Image, int]:
        """Return image `index`, 32², and its label."""
        if self._images[index].size > self._max_pixels:
            raise ImageTooLargeError("32 × 32 pixels")
        return Image.fromarray(self._images[index]), int(self._labels[index])

    def describe(self, index: int) -> str:
        """Return the image's number."""
        return f"fashion_mnist image {index}"

    def fingerprint(self) -> dict[str, str | int]:
        """Return the number of images, and a digest of what the files hold, unzipped."""
        return {
            "name": "fashion_mnist",
            "split": self._split,
            "images": len(self),
            "bytes": len(self) * (28 * 28 + 1),
            "digest": self._digest,
        }

    def decoded(
        self, image_size: int, crop: int | None, channels: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the images at 32², or at 28² without their border."""
        edge = {(32, None): 0, (28, 28): _PADDING}.get((image_size, crop))
        if edge is None or channels != 1 or self._max_pixels < 32 * 32:
            return None
        inner = slice(edge, 32 - edge)
        return self._images[:, inner, inner, None], self._labels.astype(np.int32)


def _read(split, data_dir):
    folder = _find(split, data_dir)
    if folder is None:
        folder = _download(split)
    pixels, kinds = (folder / name for name in _files(split))
    images, labels = _read_idx(pixels, 3), _read_idx(kinds, 1)
    if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise ValueError(
            "Fashion-MNIST must hold 28² images and as many labels. Received: images of shape "
            f"{images.shape} and labels of shape {labels.shape} in {folder}. Delete the files "
            "and download them again."
        )
    if labels.max(initial=0) >= INFO.num_classes:
        raise ValueError(
            f"Fashion-MNIST's labels must be 0 to 9. Received: {labels.max()} in "
            f"{kinds}. Delete the file and download it again."
        )
    return images, labels


def _files(split):
    prefix = _PREFIXES[split]
    return f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz"


def _keras_cache():
    home = os.environ.get("KERAS_HOME", os.path.join("~", ".keras"))
    return pathlib.Path(home).expanduser() / "datasets" / "fashion-mnist"


def _find(split, data_dir):
    """The folder that holds the split's files; None if they must be downloaded."""
    if data_dir is not None:
        folder = pathlib.Path(data_dir).expanduser()
        if not _complete(folder, split):
            raise FileNotFoundError(_absent(folder))
        return folder
    return next((f for f in (_keras_cache(), _DEBIAN) if _complete(f, split)), None)


def _complete(folder, split):
    return all((folder / name).is_file() for name in _files(split))


def _download(split):
    """The folder into which Keras has downloaded the files."""
    reason = ""
    try:
        keras.datasets.fashion_mnist.load_data()
    except Exception as error:  # Keras raises no narrower class when a download fails
        reason = f" Keras says: {error}"
    folder = next((f for f in (_keras_cache(), _FALLBACK) if _complete(f, split)), None)
    if folder is None:
        raise FileNotFoundError(_absent(_keras_cache()) + reason)
    return folder


def _absent(folder):
    names = ", ".join(name for split in _PREFIXES for name in _files(split))
    taken = [str(folder / n) for s in _PREFIXES for n in _files(s) if (folder / n).is_dir()]
    taken = f" Remove the folder {taken[0]} first." if taken else ""
    return (
        f"Fashion-MNIST must be in {folder}, and is not. Download it (30 MB) by\n"
        '    python -c "import keras; keras.datasets.fashion_mnist.load_data()"\n'
        "or, on Debian, apt-get install dataset-fashion-mnist; or put its files there by hand: "
        f"{names}.{taken}"
    )


def _read_idx(path, rank):
    """The array of bytes in a gzipped IDX file: 0, 0, 8, rank, big-endian sizes, values."""
    try:
        with gzip.open(path) as file:
            header = file.read(4 + 4 * rank)
            shape = np.frombuffer(header[4:], ">u4").tolist() if len(header) == 4 + 4 * rank else []
            if header[:4] != bytes((0, 0, 8, rank)) or len(shape) != rank:
                raise ValueError(f"no IDX array of rank {rank}")
            size = math.prod(shape)
            # Reads no more than belongs there: a small file can unpack to any number of zeros.
            values = file.read(size + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
        raise ValueError(_broken(path, error)) from error
    except OSError as error:
        raise OSError(
            f"A file of Fashion-MNIST must be readable. Received: {path}: {error.strerror}. Allow "
            "reading it, or delete it and download it again."
        ) from error
    if len(values) != size:
        raise ValueError(_broken(path, f"{len(values)} values or more, not {size}"))
    return np.frombuffer(values, np.uint8).reshape(shape)


def _broken(path, reason):
    return (
        f"A file of Fashion-MNIST must be a gzipped IDX array of bytes. Received: {path}: "
        f"{reason}. Delete it and download it again."
    )

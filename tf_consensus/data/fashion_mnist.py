"""Fashion-MNIST from the files that Keras caches, or that Debian's package installs."""

import gzip
import os
import pathlib
import zlib

import keras
import numpy as np
from PIL import Image

from tf_consensus.data.image_source import ImageInfo, ImageSource

INFO = ImageInfo(10, {"train": 60_000, "test": 10_000}, (28, 28), 1)
_PREFIXES = {"train": "train", "test": "t10k"}
_DEBIAN = pathlib.Path("/usr/share/datasets/fashion-mnist")
_PADDING = 2


class FashionMNIST(ImageSource):
    """Zalando's 28² grey images of ten kinds of clothes, with a black border of 2 pixels.

    Args:
        split: "train" or "test".
        image_size: 28 leaves the border out.
        data_dir: Folder of the four IDX files; None for Keras' cache, then Debian's folder, then
            Keras' own download.

    Raises:
        ValueError: If the split is unknown or a file is broken.
        FileNotFoundError: If `data_dir` lacks the files, or they cannot be downloaded.
    """

    channels = 1

    def __init__(self, split: str, image_size: int, data_dir: str | None):
        if split not in _PREFIXES:
            raise ValueError(
                "`split` must be one that the data set has. "
                f"Received: split={split!r}. fashion_mnist has train and test."
            )
        images, self._labels, folder = _read(split, data_dir)
        border = ((0, 0), (_PADDING, _PADDING), (_PADDING, _PADDING))
        self._images = np.pad(images, border)
        self.crop = 28 if image_size == 28 else None
        self.identity = ("fashion_mnist", split, str(folder))

    def __len__(self):
        return len(self._images)

    def open(self, index):
        """Return image `index`, 32², and its label."""
        return Image.fromarray(self._images[index]), int(self._labels[index])

    def describe(self, index):
        """Return the image's number."""
        return f"fashion_mnist image {index}"

    def decoded(self, image_size, crop):
        """Return the images at 32², or at 28² without their border."""
        edge = {(32, None): 0, (28, 28): _PADDING}.get((image_size, crop))
        if edge is None:
            return None
        inner = slice(edge, 32 - edge)
        return self._images[:, inner, inner, None], self._labels.astype(np.int32)


def _read(split, data_dir):
    folder = _find(split, data_dir)
    if folder is None:
        return *_download()[split], "keras"
    images, labels = (_read_idx(folder / name) for name in _files(split))
    if images.ndim != 3 or images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise ValueError(
            "Fashion-MNIST must hold 28² images and as many labels. Received: images of shape "
            f"{images.shape} and labels of shape {labels.shape} in {folder}. Delete the files "
            "and download them again."
        )
    return images, labels, folder


def _files(split):
    prefix = _PREFIXES[split]
    return f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz"


def _keras_cache():
    home = os.environ.get("KERAS_HOME", os.path.join("~", ".keras"))
    return pathlib.Path(home).expanduser() / "datasets" / "fashion-mnist"


def _find(split, data_dir):
    """The folder that holds the split's files, None if it is to be downloaded."""
    if data_dir is not None:
        folder = pathlib.Path(data_dir).expanduser()
        if not _complete(folder, split):
            raise FileNotFoundError(_absent(folder))
        return folder
    return next((f for f in (_keras_cache(), _DEBIAN) if _complete(f, split)), None)


def _complete(folder, split):
    return all((folder / name).is_file() for name in _files(split))


def _download():
    try:
        train, test = keras.datasets.fashion_mnist.load_data()
    except Exception as error:  # Keras raises no narrower class when a download fails
        raise FileNotFoundError(_absent(_keras_cache())) from error
    return {"train": train, "test": test}


def _absent(folder):
    names = ", ".join(name for split in _PREFIXES for name in _files(split))
    return (
        f"Fashion-MNIST must be in {folder}, and is not. Download it (30 MB) by\n"
        '    python -c "import keras; keras.datasets.fashion_mnist.load_data()"\n'
        "or, on Debian, apt-get install dataset-fashion-mnist; or put its files there by hand: "
        f"{names}."
    )


def _read_idx(path):
    """The array of bytes in a gzipped IDX file: 0, 0, 8, rank, big-endian sizes, values."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(_broken(path, error)) from error
    rank = content[3] if content[:3] == b"\0\0\x08" else 0
    shape = np.frombuffer(content[4 : 4 + 4 * rank], ">i4")
    values = np.frombuffer(content, np.uint8, offset=min(len(content), 4 + 4 * rank))
    if not rank or values.size != shape.prod(dtype=np.int64):
        raise ValueError(_broken(path, f"{len(content)} bytes that are no IDX array"))
    return values.reshape(shape)


def _broken(path, reason):
    return (
        f"A file of Fashion-MNIST must be a gzipped IDX array of bytes. Received: {path}: "
        f"{reason}. Delete it and download it again."
    )

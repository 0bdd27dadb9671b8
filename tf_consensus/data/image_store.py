"""Decoded images by number: from memory, from a cache file, or decoded when asked for."""

import concurrent.futures
import hashlib
import math
import os
import pathlib
import shutil
import struct
import warnings
import weakref
import zlib

import numpy as np
from PIL import Image

from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_source import ImageSource

# Largest decoded set kept in memory unasked: CelebA at 64² RGB takes 1.9 GiB.
CACHE_LIMIT = 2 * 2**30
THREADS = os.cpu_count() or 1
_CHUNK = 64
# The label of images to leave out; data sets without labels in a split use -1 there.
_SKIPPED = np.iinfo(np.int32).min

# What Pillow raises for files that are no images, or broken ones.
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

# Two streams of the same images (to train, to measure) hold one copy.
_IN_MEMORY: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


class ArrayStore:
    """Decoded images in an array, in memory or mapped from a file.

    Args:
        images: (n, height, width, channels), uint8.
        labels: (n,), int32; `_SKIPPED` for images to leave out.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray):
        self._images = images
        self._labels = labels
        self._rows = np.flatnonzero(labels != _SKIPPED)
        self.skipped = len(labels) - len(self._rows)

    def __len__(self):
        return len(self._rows)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return copies of the images and labels of these numbers."""
        rows = self._rows[indices]
        return np.take(self._images, rows, axis=0), self._labels[rows]


class ReadingStore:
    """Images that are read and decoded when asked for, by several threads.

    Args:
        source: The images.
        decode: From an image and its name to an array.
        rows: The numbers of those that count; None for all.
    """

    def __init__(self, source: ImageSource, decode: SquareDecoder, rows: np.ndarray | None = None):
        self._source = source
        self._decode = decode
        self._rows = np.arange(len(source)) if rows is None else rows
        self.skipped = len(source) - len(self._rows)
        self._pool = concurrent.futures.ThreadPoolExecutor(THREADS)

    def __len__(self):
        return len(self._rows)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return images and labels of these numbers."""
        images, labels = zip(*self._pool.map(self._one, self._rows[indices]), strict=True)
        return np.stack(images), np.array(labels, np.int32)

    def _one(self, row):
        return _decode_one(self._source, self._decode, int(row))


def open_store(
    source: ImageSource, decode: SquareDecoder, cache: bool | str | os.PathLike | None
) -> ArrayStore | ReadingStore:
    """Return the store of a source's decoded images.

    Args:
        source: The images.
        decode: Makes them squares.
        cache: True to keep them in memory; False to decode them when asked for; None to keep them
            if they take at most `CACHE_LIMIT` bytes; or a folder for a file of them.

    Raises:
        ValueError: If an image is broken and the source does not tolerate it, or no image is left.
    """
    size = len(source) * decode.image_size**2 * decode.channels
    if isinstance(cache, str | os.PathLike):
        store = _from_file(source, decode, pathlib.Path(cache).expanduser())
    elif cache is False or (cache is None and size > CACHE_LIMIT):
        store = _reading(source, decode)
    else:
        store = _in_memory(source, decode)
    if not len(store):
        raise ValueError(
            "A data set must hold an image that can be read. "
            f"Received: {len(source)} files, all unreadable. See the warnings for each."
        )
    if store.skipped:
        warnings.warn(
            f"{store.skipped} of {len(source)} images are left out: they cannot be read.",
            stacklevel=4,
        )
    return store


def _reading(source, decode):
    rows = np.flatnonzero(decode_all(source, decode) != _SKIPPED) if source.tolerant else None
    return ReadingStore(source, decode, rows)


def _in_memory(source, decode):
    key = _key(source, decode)
    store = _IN_MEMORY.get(key)
    if store is None:
        ready = None
        if decode.channels == source.channels:
            ready = source.decoded(decode.image_size, decode.crop)
        if ready is None:
            images = np.empty(_shape(source, decode), np.uint8)
            ready = images, decode_all(source, decode, images)
        store = _IN_MEMORY[key] = ArrayStore(*ready)
    return store


def _from_file(source, decode, folder):
    """A store of two files, named after what they hold, so that no other data is taken for it."""
    digest = hashlib.sha256(repr(_key(source, decode)).encode()).hexdigest()[:16]
    images, labels = (folder / f"{digest}-{part}.npy" for part in ("images", "labels"))
    if not labels.exists():
        _write(source, decode, images, labels)
    return ArrayStore(np.load(images, mmap_mode="r"), np.load(labels))


def _write(source, decode, *paths):
    """Decode into files that get their names when they are complete, the labels' last."""
    shape = _shape(source, decode)
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    _check_space(paths[0].parent, math.prod(shape))
    partial = [path.with_suffix(f".{os.getpid()}.partial") for path in paths]
    try:
        images = np.lib.format.open_memmap(partial[0], "w+", np.uint8, shape)
        labels = decode_all(source, decode, images)
        images.flush()
        with open(partial[1], "wb") as file:
            np.save(file, labels)
        for unnamed, path in zip(partial, paths, strict=True):
            os.replace(unnamed, path)
    finally:
        for path in partial:
            path.unlink(missing_ok=True)


def _check_space(folder, size):
    """A mapped file that outgrows its disk ends the process, so ask before."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(
            f"A cache must fit on its disk. Received: cache={str(folder)!r} with {free:,} bytes "
            f"free, for {size:,} bytes of images. Pass another folder, or cache=False."
        )


def _key(source, decode):
    return source.identity, decode.image_size, decode.crop, decode.channels


def _shape(source, decode):
    return len(source), decode.image_size, decode.image_size, decode.channels


def decode_all(
    source: ImageSource, decode: SquareDecoder, images: np.ndarray | None = None
) -> np.ndarray:
    """Decode every image by several threads.

    Args:
        source: The images.
        decode: Makes them squares.
        images: Where to put them; None to find the broken ones only.

    Returns:
        Their labels, int32, `_SKIPPED` for those that a tolerant source leaves out; each of these
        is named in a warning.

    Raises:
        ValueError: If an image is broken and the source does not tolerate it.
    """
    labels = np.full(len(source), _SKIPPED, np.int32)

    def decode_chunk(first):
        problems = []
        for index in range(first, min(first + _CHUNK, len(source))):
            try:
                image, labels[index] = _decode_one(source, decode, index)
            except ValueError as error:
                if not source.tolerant:
                    raise
                problems.append(f"Left out: {error}")
                continue
            if images is not None:
                images[index] = image
        return problems

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for problems in pool.map(decode_chunk, range(0, len(source), _CHUNK)):
            for problem in problems:
                warnings.warn(problem, stacklevel=5)
    return labels


def _decode_one(source, decode, index):
    name = source.describe(index)
    try:
        image, label = source.open(index)
        return decode(image, name), label
    except _BROKEN as error:
        raise ValueError(
            f"An image must be readable. Received: {name}: {error}. Remove or replace it; "
            "check=True leaves out such files of a folder."
        ) from error

"""Decoded images by number: from memory, from a cache file, or decoded when asked for."""

import concurrent.futures
import functools
import os
import pathlib
import warnings
import weakref

import numpy as np

from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_cache import cached
from tf_consensus.data.image_source import ImageSource
from tf_consensus.data.opening import BROKEN, ImageTooLargeError

# Largest decoded set that is kept in memory by default: CelebA at 64² RGB takes 1.9 GiB.
CACHE_LIMIT = 2 * 2**30
THREADS = os.cpu_count() or 1
_CHUNK = 64
# The label of images to leave out; data sets use -1 in a split without labels.
_SKIPPED = np.iinfo(np.int32).min

# Two streams of the same images (to train and to measure) share one copy.
_IN_MEMORY: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


class ArrayStore:
    """Decoded images in an array, in memory or mapped from a file.

    Args:
        images: (n, height, width, channels), uint8.
        labels: (n,), int32; `_SKIPPED` for images to leave out.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self._images = images
        self._labels = labels
        self.rows = np.flatnonzero(labels != _SKIPPED)  # numbers in the source, rising
        self.skipped = len(labels) - len(self.rows)

    def __len__(self):
        return len(self.rows)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return copies of the images and labels of these numbers."""
        rows = self.rows[indices]
        return np.take(self._images, rows, axis=0), self._labels[rows]


class ReadingStore:
    """Images that several threads read and decode on request.

    Args:
        source: The images.
        decode: Function of an image and its name that returns an array.
        rows: The numbers of the images that count; None for all.
    """

    def __init__(
        self, source: ImageSource, decode: SquareDecoder, rows: np.ndarray | None = None
    ) -> None:
        self._source = source
        self._decode = decode
        self.rows = np.arange(len(source)) if rows is None else rows
        self.skipped = len(source) - len(self.rows)
        self._pool = concurrent.futures.ThreadPoolExecutor(THREADS)

    def __len__(self):
        return len(self.rows)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return images and labels of these numbers."""
        images, labels = zip(*self._pool.map(self._one, self.rows[indices]), strict=True)
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
        cache: True to keep them in memory; False to decode them on request; None to keep them
            if they take at most `CACHE_LIMIT` bytes; or a folder for a file of them.

    Raises:
        ValueError: If an image is broken and the source does not tolerate it, or no image is left.
        MemoryError, OSError: If memory or the cache file cannot hold them.
    """
    if not len(source):
        raise ValueError(
            "A data set must hold images. Received: none in this split or part of it. Pass "
            "another `split`."
        )
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
            f"{store.skipped} of {len(source)} images are left out: they cannot be read, "
            "or have more than `max_pixels` pixels.",
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
        ready = source.decoded(decode.image_size, decode.crop, decode.channels)
        if ready is None:
            images = _empty(_shape(source, decode))
            ready = images, decode_all(source, decode, images)
        store = _IN_MEMORY[key] = ArrayStore(*ready)
    return store


def _empty(shape):
    try:
        return np.empty(shape, np.uint8)
    except (MemoryError, ValueError) as error:  # more than there is, more than NumPy can count
        raise MemoryError(
            f"Decoded images must fit in memory. Received: {' × '.join(map(str, shape))} bytes. "
            "Pass cache=FOLDER to keep them in a file, or cache=False."
        ) from error


def _from_file(source, decode, folder):
    key, shape = repr(_key(source, decode)), _shape(source, decode)
    return ArrayStore(*cached(folder, key, shape, functools.partial(decode_all, source, decode)))


def _key(source, decode):
    return source.identity, decode.image_size, decode.crop, decode.channels


def _shape(source, decode):
    return len(source), decode.image_size, decode.image_size, decode.channels


def decode_all(
    source: ImageSource, decode: SquareDecoder, images: np.ndarray | None = None
) -> np.ndarray:
    """Decode every image with several threads.

    Args:
        source: The images.
        decode: Makes them squares.
        images: The array for them; None only finds the broken ones.

    Returns:
        Their labels, int32. The label is `_SKIPPED` for images that a tolerant source leaves out; a
        warning names each of these.

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
    except ImageTooLargeError as error:
        raise ValueError(
            f"An image must not have more pixels than may be decoded. Received: {name}: {error}. "
            "Make it smaller or pass a larger `max_pixels`; check=True leaves out such files of "
            "a folder."
        ) from error
    except BROKEN as error:
        raise ValueError(
            f"An image must be readable. Received: {name}: {error}. {source.remedy}"
        ) from error

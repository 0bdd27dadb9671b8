"""Decoded images by number: from memory, from a cache file, or decoded when asked for."""

import concurrent.futures
import os
import weakref
from collections.abc import Callable

import numpy as np

from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_source import ImageSource

# Largest decoded set kept in memory unasked: CelebA at 64² RGB takes 1.9 GiB.
CACHE_LIMIT = 2 * 2**30
THREADS = os.cpu_count() or 1
_CHUNK = 64

# Two streams of the same images (to train, to measure) hold one copy.
_IN_MEMORY: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


class ArrayStore:
    """Decoded images in an array.

    Args:
        images: (n, height, width, channels), uint8.
        labels: (n,), int32.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray):
        self.images = images
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return images and labels of these numbers."""
        return np.take(self.images, indices, axis=0), self.labels[indices]


class ReadingStore:
    """Images that are read and decoded when asked for, by several threads.

    Args:
        source: The images.
        decode: From an image and its name to an array.
    """

    def __init__(self, source: ImageSource, decode: SquareDecoder):
        self._source = source
        self._decode = decode
        self._pool = concurrent.futures.ThreadPoolExecutor(THREADS)

    def __len__(self):
        return len(self._source)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return images and labels of these numbers."""
        images, labels = zip(*self._pool.map(self._one, indices.tolist()), strict=True)
        return np.stack(images), np.array(labels, np.int32)

    def _one(self, index):
        image, label = self._source.open(index)
        return self._decode(image, self._source.describe(index)), label


def open_store(
    source: ImageSource, decode: SquareDecoder, cache: bool | None
) -> ArrayStore | ReadingStore:
    """Return the store of a source's decoded images.

    Args:
        source: The images.
        decode: Makes them squares.
        cache: True to keep them in memory; False to decode them when asked for; None to keep them
            if they take at most `CACHE_LIMIT` bytes.
    """
    size = len(source) * decode.image_size**2 * decode.channels
    if cache is False or (cache is None and size > CACHE_LIMIT):
        return ReadingStore(source, decode)
    key = (source.identity, decode.image_size, decode.crop, decode.channels)
    store = _IN_MEMORY.get(key)
    if store is None:
        store = _IN_MEMORY[key] = _decoded(source, decode)
    return store


def _decoded(source, decode):
    if decode.channels == source.channels:
        ready = source.decoded(decode.image_size, decode.crop)
        if ready is not None:
            return ArrayStore(*ready)
    images = np.empty((len(source), *(decode.image_size,) * 2, decode.channels), np.uint8)
    return ArrayStore(images, decode_all(source, decode, images))


def decode_all(source: ImageSource, decode: Callable, images: np.ndarray) -> np.ndarray:
    """Fill `images` with the decoded images by several threads; return their labels, int32."""
    labels = np.empty(len(source), np.int32)

    def decode_chunk(first):
        for index in range(first, min(first + _CHUNK, len(source))):
            image, labels[index] = source.open(index)
            images[index] = decode(image, source.describe(index))

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(decode_chunk, range(0, len(source), _CHUNK)):
            pass
    return labels

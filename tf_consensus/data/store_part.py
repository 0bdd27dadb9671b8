"""Some images of a store of decoded images."""

import numpy as np

from tf_consensus.data.image_store import ArrayStore, ReadingStore


class StorePart:
    """Some images of a store, in an order of their own; the whole store stays alive for them.

    Args:
        store: The images.
        places: Which of them, by their number in the store.
    """

    def __init__(self, store: ArrayStore | ReadingStore, places: np.ndarray) -> None:
        self._store, self._places = store, places

    def __len__(self):
        return len(self._places)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return images and labels of these numbers."""
        return self._store.take(self._places[indices])


def in_common(
    one: ArrayStore | ReadingStore, other: ArrayStore | ReadingStore
) -> tuple[StorePart, StorePart]:
    """The images of two stores whose number in their source is in both."""
    _, *places = np.intersect1d(one.rows, other.rows, assume_unique=True, return_indices=True)
    return StorePart(one, places[0]), StorePart(other, places[1])


def equally_many(
    one: ArrayStore | ReadingStore, other: ArrayStore | ReadingStore
) -> tuple[StorePart, StorePart]:
    """The first images of two stores, as many of each as the smaller one has."""
    places = np.arange(min(len(one), len(other)))
    return StorePart(one, places), StorePart(other, places)

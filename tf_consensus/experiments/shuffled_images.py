"""Images of a data set, once each, in an order that does not depend on their classes."""

from collections.abc import Iterator

import numpy as np

from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_store import open_store
from tf_consensus.data.sources import channels_of, find_source


class ShuffledImages:
    """Images of a split, drawn without replacement.

    The files of a folder are sorted by their sub-folders. In that order a score over parts of them
    would see one class per part, and the first features would all be of one class.

    Args:
        name: Data set, as for `data.images`.
        split: As for `data.images`.
        image_size: Side in pixels.
        channels: 1 or 3; `None` for the images' own.
        crop: Side of the centre crop; `None` for the usual one.
        data_dir: Folder of the data set; `None` for the usual place.
        cache: As for `data.images`.
        seed: Determines the order.

    Raises:
        ValueError, FileNotFoundError, OSError: As `data.images`.
    """

    def __init__(
        self,
        name: str,
        split: str,
        image_size: int,
        channels: int | None = None,
        crop: int | None = None,
        data_dir: str | None = None,
        cache: bool | str | None = None,
        seed: int = 0,
    ) -> None:
        source = find_source(name, split, image_size, data_dir)
        channels, told = channels_of(source, channels)
        crop = source.crop if crop is None else crop
        self._store = open_store(source, SquareDecoder(image_size, crop, channels, told), cache)
        self._order = np.random.default_rng(seed).permutation(len(self._store))

    def __len__(self):
        """The number of images that can be read."""
        return len(self._order)

    def batches(self, n: int | None = None, batch_size: int = 64) -> Iterator[np.ndarray]:
        """The first `n` images, or all for `None`: float32 (batch, height, width, channels)."""
        rows = self._order[:n]
        for first in range(0, len(rows), batch_size):
            images, _ = self._store.take(rows[first : first + batch_size])
            yield images.astype(np.float32) / 127.5 - 1.0

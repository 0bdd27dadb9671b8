"""Images in order, each with the name of its file."""

import os
from typing import NamedTuple

import tensorflow as tf

from tf_consensus.data.image_datasets import square_decoder
from tf_consensus.data.image_folder import ImageFolder
from tf_consensus.data.image_store import open_store
from tf_consensus.data.image_stream import StreamSettings, make_stream
from tf_consensus.data.sources import find_source


class NamedImages(NamedTuple):
    """Images with their names.

    Attributes:
        names: For each image the path of its file in the folder, or its number in a data set.
        batches: Float32 tensors in [-1, 1], (batch, image_size, image_size, channels), in order.
    """

    names: list[str]
    batches: tf.data.Dataset


def named_images(
    name: str,
    split: str,
    *,
    image_size: int,
    channels: int,
    batch_size: int,
    n: int | None = None,
    data_dir: str | os.PathLike | None = None,
) -> NamedImages:
    """The images of a set that can be read, once and in order.

    Args:
        name: As for `images`.
        split: As for `images`.
        image_size: Side of the images in pixels.
        channels: 1 or 3.
        batch_size: Images in a batch.
        n: How many, at most; None for all.
        data_dir: As for `images`.

    Raises:
        ValueError, FileNotFoundError, OSError, MemoryError: As `images`.
    """
    source = find_source(name, split, image_size, data_dir)
    decode = square_decoder(source, image_size, batch_size, channels)
    store = open_store(source, decode, None)
    settings = StreamSettings.checked(
        batch_size=batch_size, seed=0, start=0, repeat=False, flip=False
    )
    shape = image_size, image_size, decode.channels
    rows = store.rows[:n]
    batches = make_stream(store, shape, settings).unbatch().take(len(rows)).batch(batch_size)
    if isinstance(source, ImageFolder):
        files = source.files
        return NamedImages([files[row].as_posix() for row in rows], batches)
    return NamedImages([f"{row:05}" for row in rows], batches)

"""Turns decoded images into a stream of batches: order, shards, flips, noise."""

import functools
import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus.data.arguments import check_shard
from tf_consensus.data.image_store import ArrayStore, ReadingStore
from tf_consensus.data.store_part import StorePart
from tf_consensus.data.stream import begin_at, check_start, draw_seed, without_autotuning
from tf_consensus.support.checks import check_bool, check_int

# Number of batches made at the same time, and of batches that wait for their consumer.
_PARALLEL = 2
_WAITING = 2

_cardinality = tf.data.experimental.assert_cardinality


class StreamSettings(NamedTuple):
    """How batches follow from images.

    Attributes:
        batch_size: Images in a batch.
        seed: Determines order, flips and noise.
        start: Number of the first batch: an integer or an integer variable.
        repeat: Shuffle without end; else one pass in order.
        shard: (index, count): the batches whose number is index modulo count.
        labels: Whether batches are (images, labels).
        flip: Mirror every image left to right with probability ½.
        dequantise: Add noise uniform on [0, 1/128).
    """

    batch_size: int
    seed: int
    start: int | tf.Variable
    repeat: bool
    shard: tuple[int, int]
    labels: bool
    flip: bool
    dequantise: bool

    @classmethod
    def checked(
        cls,
        *,
        batch_size: int,
        seed: int | None,
        start: int | tf.Variable,
        repeat: bool,
        flip: bool,
        shard: tuple[int, int] | tf.distribute.InputContext | None = None,
        labels: bool = False,
        dequantise: bool = False,
    ) -> "StreamSettings":
        """Return the settings; arguments and errors are those of `images`."""
        return cls(
            batch_size=check_int("batch_size", batch_size, minimum=1),
            seed=draw_seed(seed),
            start=check_start(start),
            repeat=check_bool("repeat", repeat),
            shard=check_shard(shard),
            labels=check_bool("labels", labels),
            flip=check_bool("flip", flip),
            dequantise=check_bool("dequantise", dequantise),
        )


def make_stream(
    store: ArrayStore | ReadingStore | StorePart,
    image_shape: tuple[int, int, int],
    settings: StreamSettings,
) -> tf.data.Dataset:
    """Return the dataset of batches.

    Batch b of shard (i, k) is batch number g = b k + i of the whole stream; it holds the examples
    g · batch_size … (g + 1) · batch_size - 1 of an endless row of shuffled epochs, or of the one
    pass. Order is a function of (seed, epoch), flips and noise are functions of (seed, g): batch b
    costs the same for every b.

    Args:
        store: The decoded images.
        image_shape: (height, width, channels).
        settings: See `StreamSettings`.
    """
    index, count = settings.shard
    total = -(-len(store) // settings.batch_size)
    ours = len(range(index, total, count))
    fetch = _fetcher(store, settings)

    full = settings.repeat or len(store) % settings.batch_size == 0
    size = settings.batch_size if full else None

    def make_batch(batch):
        kinds = (tf.uint8, tf.int32, tf.uint16)
        pixels, labels, noise = tf.numpy_function(fetch, [batch * count + index], kinds)
        images = tf.ensure_shape(pixels, (size, *image_shape))
        images = tf.cast(images, tf.float32) / 127.5 - 1.0
        if settings.dequantise:
            noise = tf.ensure_shape(noise, (size, *image_shape))
            images += tf.cast(noise, tf.float32) / (128 * 2**16)
        return (images, tf.ensure_shape(labels, (size,))) if settings.labels else images

    def stream(first):
        last = tf.int64.max if settings.repeat else tf.constant(ours, tf.int64)
        numbers = tf.data.Dataset.range(first, last)
        return numbers.map(make_batch, num_parallel_calls=_PARALLEL, deterministic=True)

    dataset = begin_at(settings.start, stream)
    if settings.repeat:
        dataset = dataset.apply(_cardinality(tf.data.INFINITE_CARDINALITY))
    elif not hasattr(settings.start, "numpy"):
        dataset = dataset.apply(_cardinality(max(0, ours - settings.start)))
    return dataset.prefetch(_WAITING).with_options(_options(count))


def _fetcher(store, settings):
    """A batch's bytes, labels and noise in units of 2⁻¹⁶, from the batch's number.

    It uses NumPy, which takes 1 ms on one core to mirror half of 64 RGB images of 64²; TensorFlow
    takes 40 ms.
    """
    n, size = len(store), settings.batch_size
    order = functools.lru_cache(maxsize=4)(lambda epoch: _permutation(settings.seed, epoch, n))

    def shuffled(position):
        epoch, offset = divmod(position, n)
        parts, left = [], size
        while left:
            parts.append(order(epoch)[offset : offset + left])
            left -= len(parts[-1])
            epoch, offset = epoch + 1, 0
        return np.concatenate(parts)

    def fetch(number):
        position = int(number) * size
        if settings.repeat:
            rows = shuffled(position)
        else:
            rows = np.arange(position, min(position + size, n))
        images, labels = store.take(rows)
        bits = _bits(settings.seed, int(number), stream=1)
        # Drawn even if unused, so that the noise does not depend on `flip`.
        mirrored = bits.random_raw(len(images)) >> np.uint64(63) == 1
        if settings.flip:
            images[mirrored] = images[mirrored, :, ::-1]
        return images, labels, _noise(bits, images.shape if settings.dequantise else (0,))

    return fetch


def _bits(seed, number, stream):
    """Random bits for a seed and a number; different streams never overlap."""
    key = np.array([seed % 2**64, number], np.uint64)
    return np.random.Philox(key=key, counter=np.array([0, 0, 0, stream], np.uint64))


def _permutation(seed, epoch, n):
    # Sorts raw bits, which are the same in every version of NumPy.
    return np.argsort(_bits(seed, epoch, stream=0).random_raw(n), kind="stable")


def _noise(bits, shape):
    # 16 bits per element: a step is then 2⁻²³, about what float32 resolves near 1.
    size = math.prod(shape)
    return bits.random_raw(-(-size // 4)).view(np.uint16)[:size].reshape(shape)


def _options(count):
    options = without_autotuning()
    policy = tf.data.experimental.AutoShardPolicy
    if count > 1:  # a shard must not be split among the workers again
        options.experimental_distribute.auto_shard_policy = policy.OFF
    return options

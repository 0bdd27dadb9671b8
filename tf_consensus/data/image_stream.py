"""From decoded images by number to a stream of batches: order, shards, flips, noise."""

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus.data.image_store import ArrayStore, ReadingStore
from tf_consensus.data.stream import begin_at, without_autotuning

# Batches made at the same time, and batches that wait for their consumer.
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
        shard: (index, count): of the batches, those whose number is index modulo count.
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


def make_stream(
    store: ArrayStore | ReadingStore, image_shape: tuple[int, int, int], settings: StreamSettings
) -> tf.data.Dataset:
    """Return the dataset of batches.

    Batch b of shard (i, k) is batch number g = b k + i of the whole; it holds the examples
    g · batch_size … (g + 1) · batch_size - 1 of an endless row of shuffled epochs, or of the one
    pass. Order is a function of (seed, epoch), flips and noise of (seed, g): batch b costs the
    same whatever b is.

    Args:
        store: The decoded images.
        image_shape: (height, width, channels).
        settings: See `StreamSettings`.
    """
    index, count = settings.shard
    total = -(-len(store) // settings.batch_size)
    ours = len(range(index, total, count))
    fetch = _fetcher(store, settings)

    def make_batch(batch):
        number = batch * count + index
        images, labels = tf.numpy_function(fetch, [number], (tf.uint8, tf.int32))
        full = settings.repeat or len(store) % settings.batch_size == 0
        size = settings.batch_size if full else None
        images = tf.ensure_shape(images, (size, *image_shape))
        images = _augment(tf.cast(images, tf.float32) / 127.5 - 1.0, number, settings)
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
    """From a batch's number to its uint8 images and int32 labels."""
    n, size = len(store), settings.batch_size

    @functools.lru_cache(maxsize=4)
    def order(epoch):
        # By sorting raw bits: those are the same in every version of NumPy.
        key = np.array([settings.seed % 2**64, epoch], np.uint64)
        bits = np.random.Philox(key=key).random_raw(n)
        return np.argsort(bits, kind="stable")

    def shuffled(position):
        epoch, offset = divmod(position, n)
        parts = []
        while sum(map(len, parts)) < size:
            parts.append(order(epoch)[offset : offset + size - sum(map(len, parts))])
            epoch, offset = epoch + 1, 0
        return np.concatenate(parts)

    def fetch(number):
        position = int(number) * size
        if settings.repeat:
            return store.take(shuffled(position))
        return store.take(np.arange(position, min(position + size, n)))

    return fetch


def _augment(images, number, settings):
    # Philox by name: the default picks the algorithm by device. Two keys, so that the noise does
    # not depend on the flips.
    keys = tf.random.split(tf.stack([tf.constant(settings.seed, tf.int64), number]), alg="philox")
    if settings.flip:
        coins = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), keys[0], alg="philox")
        images = tf.where(coins < 0.5, images[:, :, ::-1], images)
    if settings.dequantise:
        shape = tf.shape(images)
        noise = tf.random.stateless_uniform(shape, keys[1], maxval=1 / 128, alg="philox")
        images += tf.ensure_shape(noise, images.shape)
    return images


def _options(count):
    options = without_autotuning()
    policy = tf.data.experimental.AutoShardPolicy
    # A stream that is a shard already must not be split among the workers once more.
    options.experimental_distribute.auto_shard_policy = policy.OFF if count > 1 else policy.DATA
    return options

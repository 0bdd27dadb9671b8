"""Endless streams of batches that can be resumed at any batch in constant time."""

import random
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_consensus.data.arguments import LAST_START, check_below
from tf_consensus.support.checks import check_int

# Batches drawn by one op. With one batch the cost of calling the op dominates (4,000 batches of
# 512 points per second on one core); from 16 on (10,000 batches) drawing the numbers does.
BLOCK = 16
_LOWEST_SEED = -(2**63)


def resumable(
    make_block: Callable[[tf.Tensor], tf.Tensor], start: int | tf.Variable = 0
) -> tf.data.Dataset:
    """Return the endless dataset of batches `start`, `start + 1`, ...

    Batch b is row b mod BLOCK of `make_block(b // BLOCK)`, so a stream that begins at any batch
    costs at most one block more than a stream that begins at 0.

    Args:
        make_block: Function of a block's number (int64 scalar) that returns its batches, of static
            shape (BLOCK, batch_size, ...). It must depend on the number alone.
        start: Number of the first batch: an integer, or an integer variable (TensorFlow's or
            Keras'), read anew whenever an iteration starts.

    Returns:
        An infinite, prefetching dataset.

    Raises:
        ValueError: If `start` is neither an integer of at least 0 nor a scalar integer variable.
    """

    def stream(first):
        blocks = tf.data.Dataset.counter(first // BLOCK).map(make_block)
        return blocks.unbatch().skip(first % BLOCK)

    endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    dataset = begin_at(start, stream).apply(endless).prefetch(2 * BLOCK)
    return dataset.with_options(without_autotuning())


def begin_at(
    start: int | tf.Variable, stream: Callable[[tf.Tensor], tf.data.Dataset]
) -> tf.data.Dataset:
    """Return the dataset `stream(start)`, with `start` read anew whenever an iteration starts.

    Args:
        start: Number of the first batch: an integer or an integer variable.
        stream: Function of that number (int64 scalar) that returns the dataset.

    Raises:
        ValueError: If `start` is neither an integer of at least 0 nor a scalar integer variable.
    """
    read = _reader(start)

    def read_on_host(_):
        # A captured variable would have to be on the CPU; a Python call reads it from anywhere.
        return tf.ensure_shape(tf.numpy_function(read, [], tf.int64), ())

    return tf.data.Dataset.from_tensors(0).map(read_on_host).flat_map(stream)


def without_autotuning() -> tf.data.Options:
    """Return the options of a pipeline that needs no tuning at run time.

    The thread that tunes a pipeline sleeps for twice as long each time, and the end of an
    iteration, and so of `fit`, waits for it to wake up: up to as long as the training took.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    # If several machines train, each takes its part of every batch.
    policy = tf.data.experimental.AutoShardPolicy
    options.experimental_distribute.auto_shard_policy = policy.DATA
    return options


def draw_seed(seed: int | None) -> int:
    """Return `seed`; for None a new one, which `keras.utils.set_random_seed` determines.

    Raises:
        ValueError: If `seed` is neither None nor an integer of 64 bits.
    """
    if seed is None:
        return random.getrandbits(31)
    return check_below("seed", check_int("seed", seed), _LOWEST_SEED, ~_LOWEST_SEED)


def check_start(start: int | tf.Variable) -> int | tf.Variable:
    """Return `start`.

    Raises:
        ValueError: If it is neither an integer from 0 to `LAST_START` nor a scalar integer
            variable, whose value is checked when it is read.
    """
    _reader(start)
    return start


def _reader(start) -> Callable[[], np.int64]:
    if not hasattr(start, "numpy"):
        number = np.int64(check_below("start", start, 0, LAST_START))
        return lambda: number
    if not tf.as_dtype(start.dtype).is_integer or len(start.shape):
        raise ValueError(
            "A variable `start` must be a scalar of an integer type. "
            f"Received: start={start!r}. Pass for example `optimizer.iterations`."
        )
    return lambda: np.int64(check_below("start", start.numpy().item(), 0, LAST_START))

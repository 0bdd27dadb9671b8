"""Endless streams of an array's rows, drawn with replacement."""

import numpy as np
import tensorflow as tf

from tf_consensus.data.arguments import MOST_VALUES, check_below
from tf_consensus.data.stream import BLOCK, check_start, draw_seed, resumable


def drawn_rows(
    rows: np.ndarray, batch_size: int, seed: int | None = None, start: int | tf.Variable = 0
) -> tf.data.Dataset:
    """Stream batches of rows, drawn independently with replacement.

    Batch b is a function of the seed and b alone.

    Args:
        rows: Array (n, …).
        batch_size: Rows in a batch.
        seed: Determines the stream; None draws one now.
        start: Number of the first batch, or an integer variable holding it, which is read whenever
            an iteration starts.

    Returns:
        An infinite dataset of tensors of static shape (batch_size, …).

    Raises:
        ValueError: If `batch_size` is not a positive integer or too large, `seed` is not an
            integer, or `start` is neither an integer of at least 0 nor an integer variable.
    """
    width = int(np.prod(rows.shape[1:]))
    batch_size = check_below("batch_size", batch_size, 1, MOST_VALUES // (BLOCK * width))
    seed, start = draw_seed(seed), check_start(start)
    # Captured from the host: a constant of the graph may hold 2 GB at most.
    with tf.device("CPU:0"):
        known = tf.constant(rows)

    def make_block(block):
        # Philox by name: the default algorithm depends on the device.
        drawn = tf.random.stateless_uniform(
            (BLOCK, batch_size),
            tf.stack([tf.constant(seed, tf.int64), block]),
            maxval=len(rows),
            dtype=tf.int64,
            alg="philox",
        )
        return tf.gather(known, drawn)

    return resumable(make_block, start)

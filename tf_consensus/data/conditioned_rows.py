"""Endless streams of a table's rows beside conditions, for training by sampling."""

import numpy as np
import tensorflow as tf

from tf_consensus.data.arguments import MOST_VALUES, check_below
from tf_consensus.data.stream import BLOCK, check_start, draw_seed, resumable
from tf_consensus.data.table_conditions import Conditions, drawn_places


def conditioned_rows(
    rows: np.ndarray,
    conditions: Conditions,
    batch_size: int,
    seed: int | None = None,
    start: int | tf.Variable = 0,
) -> tf.data.Dataset:
    """Stream batches of rows with their conditions beside them, (batch, width + k).

    A condition is drawn by `Conditions.training_shares`, then one of the rows that have its
    category, each as likely. Batch b is a function of the seed and b alone.

    Args:
        rows: Encoded rows (n, width).
        conditions: Those of their description.
        batch_size: Rows in a batch.
        seed: Determines the stream; None draws one now.
        start: As `drawn_rows`'.

    Raises:
        ValueError: As `drawn_rows`; or if other rows were counted for the description.
    """
    width = rows.shape[1] + conditions.width
    batch_size = check_below("batch_size", batch_size, 1, MOST_VALUES // (BLOCK * width))
    seed, start = draw_seed(seed), check_start(start)
    held = [np.flatnonzero(rows[:, x.start + j]) for x in conditions.columns for j in range(x.size)]
    number = np.array([len(x) for x in held])
    if (number != np.concatenate([x.counts for x in conditions.columns])).any():
        raise ValueError(
            "Conditions are drawn by how many rows have each category. Received: other rows than "
            "those that the description counted. Describe these rows by data.table."
        )
    shares = conditions.training_shares()
    with tf.device("CPU:0"):  # as in `drawn_rows`
        known, order = tf.constant(rows), tf.constant(np.concatenate(held))
        first, many = tf.constant(np.cumsum(number) - number), tf.constant(number, tf.float64)

    def make_block(block):
        uniform = tf.random.stateless_uniform(
            (2, BLOCK, batch_size),
            tf.stack([tf.constant(seed, tf.int64), block]),
            dtype=tf.float64,
            alg="philox",
        )
        places = drawn_places(shares, uniform[0])
        among = tf.cast(uniform[1] * tf.gather(many, places), tf.int64)  # rounds down
        drawn = tf.gather(known, tf.gather(order, tf.gather(first, places) + among))
        return tf.concat([drawn, conditions.vectors(places, drawn.dtype)], axis=2)

    return resumable(make_block, start)

"""Averages of weights that forget where training began."""

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf


@contextlib.contextmanager
def warm_average(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """In the block, a step of the optimizer averages with a decay that rises to `ema_momentum` β.

        βₜ = min(β, (1 + t)/(10 + t)),    x̄ ← βₜ x̄ + (1 - βₜ) x

    with t the steps taken before. Keras' own decay is β from the second step on, so that the
    average is mostly the initial weights for the first 1/(1 - β) steps; with this one it is that
    of about the last tenth of the steps until β is reached.

    Args:
        optimizer: a Keras optimizer; without `use_ema` nothing changes.

    Reference:
        The formula is that of `tf.train.ExponentialMovingAverage(num_updates)`.
    """
    if not optimizer.use_ema:
        yield
        return
    kept = optimizer.ema_momentum
    t = tf.cast(tf.convert_to_tensor(optimizer.iterations), "float32")
    optimizer.ema_momentum = tf.minimum(kept, (1.0 + t) / (10.0 + t))
    try:
        yield
    finally:
        optimizer.ema_momentum = kept

"""Averages of weights that forget where training began."""

import contextlib
import weakref
from collections.abc import Iterator

import keras
import tensorflow as tf

# For optimizers in a block: their own decay, and how many replicas' threads are inside. Each thread
# enters before the first one leaves, as Keras waits for all of them within a step.
_inside: weakref.WeakKeyDictionary[keras.optimizers.Optimizer, tuple[float, int]]
_inside = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def warm_average(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """In the block, a step of the optimizer averages with a decay that rises to `ema_momentum` β.

        β₀ = 0,    βₜ = min(β, (1 + t)/(10 + t)),    x̄ ← βₜ x̄ + (1 - βₜ) x

    with t the steps taken before. Keras' own decay is β from the second step on, so that the
    average is mostly the initial weights for the first 1/(1 - β) steps; with this one it covers
    about the last tenth of the steps until β is reached.

    Args:
        optimizer: a Keras optimizer; without `use_ema`, or where a schedule gives the decay
            (`ScheduledAdam`), nothing changes.

    Reference:
        The formula is that of `tf.train.ExponentialMovingAverage(num_updates)`.
    """
    if not optimizer.use_ema or getattr(optimizer, "averages_by_schedule", False):
        yield
        return
    own, threads = _inside.get(optimizer, (optimizer.ema_momentum, 0))
    _inside[optimizer] = own, threads + 1
    t = tf.cast(tf.convert_to_tensor(optimizer.iterations), "float32")
    optimizer.ema_momentum = tf.minimum(own, (1.0 + t) / (10.0 + t))
    try:
        yield
    finally:
        _, threads = _inside[optimizer]
        if threads == 1:
            del _inside[optimizer]
            optimizer.ema_momentum = own
        else:
            _inside[optimizer] = own, threads - 1

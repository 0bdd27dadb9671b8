"""Averages of weights that a Keras optimizer keeps for only some of its variables."""

from collections.abc import Sequence
from typing import Any

import keras


def restrict_averages(
    optimizer: keras.optimizers.Optimizer, own: Sequence[tuple[Any, Any]] | None = None
) -> list[tuple[Any, Any]]:
    """Makes a built optimizer with `use_ema` average, overwrite and swap only some variables.

    This is the one place that uses private names of Keras. There is no public way: Keras' `apply`
    averages all variables that the optimizer was built with, and overwrites them all where
    `ema_overwrite_frequency` says so; its callback `SwapEMAWeights` exchanges these two lists.

    Args:
        optimizer: the Keras optimizer.
        own: the pairs of a variable and its average that count from now on, of those that this
            function returned at first; `None` changes nothing.

    Returns:
        The pairs that counted before.
    """
    names = "_trainable_variables", "_model_variables_moving_average"
    before = list(zip(*(getattr(optimizer, name) for name in names), strict=True))
    if own is not None:
        for index, name in enumerate(names):
            # Bypasses Keras' and TensorFlow's tracking: what is saved stays the same.
            vars(optimizer)[name] = [pair[index] for pair in own]
    return before

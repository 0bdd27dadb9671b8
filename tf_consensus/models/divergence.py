"""Training that has diverged ends with an error that says where."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.support.checks import check_float

# A loss beyond this is taken for one that explodes: no objective comes near it, and float32 ends
# at 3e38, which the square of a gradient reaches far earlier.
LARGEST_LOSS = 1e10


class DivergedError(RuntimeError):
    """Training has produced numbers that are not finite, or losses that explode."""


class StopWhenDiverged(keras.callbacks.Callback):
    """Raises `DivergedError` at the end of an epoch that has diverged.

    An epoch has diverged if a logged loss or a weight is not finite, or a loss exceeds
    `largest_loss` in magnitude. `GAN.fit` puts one before your callbacks by itself, so that none
    evaluates or logs what is broken; pass your own for another `largest_loss`, or to the `fit` of
    another model. `keras.callbacks`' `TerminateOnNaN` looks at `loss` alone, which a GAN lacks.

    Args:
        largest_loss: Largest magnitude of a loss.

    Raises:
        ValueError: If `largest_loss` is not positive and finite.
        DivergedError: As said.

    Example:
        >>> gan.fit(images, epochs=10, steps_per_epoch=500, callbacks=[StopWhenDiverged(1e6)])
    """

    def __init__(self, largest_loss: float = LARGEST_LOSS) -> None:
        super().__init__()
        self.largest_loss = check_float("largest_loss", largest_loss, zero=False)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Looks at losses and weights; raises `DivergedError`."""
        check_converging(self.model, logs, self.largest_loss)


def check_converging(
    model: keras.Model, logs: Mapping[str, Any] | None, largest_loss: float
) -> None:
    """Raise unless the logs of the model's metrics and all its variables are in order.

    Args:
        model: Compiled.
        logs: Values by name, as `fit` hands them to callbacks; of others than the model's metrics
            nothing is asked.
        largest_loss: Largest magnitude of what is called a loss.

    Raises:
        DivergedError: If a number is not finite, or a loss is larger.
    """
    names = [metric.name for metric in model.metrics]
    logs = logs or {}
    values = {name: float(logs[name]) for name in names if name in logs}
    exploded = [
        f"{name}={value:g}"
        for name, value in values.items()
        if not math.isfinite(value) or ("loss" in name and abs(value) > largest_loss)
    ]
    if exploded:
        _raise(model, exploded, f" and losses below {largest_loss:g}")
    variables = model.variables + model.optimizer.variables
    broken = [x.path for x in variables if not _is_finite(x)]
    if broken:
        _raise(model, broken, "")


def _is_finite(variable: keras.Variable) -> bool:
    """Whether all of a variable's numbers are finite; those of an integer one are."""
    if not keras.backend.is_float_dtype(variable.dtype):
        return True
    # One operation and one number tell it of most variables, without a copy of the weights.
    if math.isfinite(tf.nn.l2_loss(keras.ops.convert_to_tensor(variable))):
        return True
    # The squares of finite numbers may not be.
    return bool(np.isfinite(keras.ops.convert_to_numpy(variable)).all())


def _raise(model: keras.Model, found: Sequence[str], bound: str) -> NoReturn:
    step = int(model.optimizer.iterations.numpy())
    shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    raise DivergedError(
        f"Losses and weights must be finite{bound}. Received: {shown} at step {step}. Lower the "
        "learning rate, or regularize, e.g. by ConsensusOptimizer or penalties.R1; "
        "fit(..., stop_when_diverged=False) trains a GAN on regardless, and "
        "callbacks.SafeBackup(backup_dir) keeps the last good state of a run."
    )

"""Ends training that has diverged, with an error that says where."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.support.checks import check_float

# A loss beyond this counts as exploding: no objective comes near it. float32 ends at 3e38, which
# the square of a gradient reaches far earlier.
LARGEST_LOSS = 1e10


class DivergedError(RuntimeError):
    """Training has produced numbers that are not finite, or losses that explode."""


class StopWhenDiverged(keras.callbacks.Callback):
    """Raises `DivergedError` at the end of an epoch that has diverged.

    An epoch has diverged if a logged loss or a weight is not finite, or a loss exceeds
    `largest_loss` in magnitude. `GAN.fit` itself puts one before your callbacks, so that none
    evaluates or logs a broken model. Pass your own for another `largest_loss`, or to the `fit` of
    another model. Keras' `TerminateOnNaN` looks only at `loss`, which a GAN lacks.

    Args:
        largest_loss: Largest magnitude of a loss.

    Raises:
        ValueError: If `largest_loss` is not positive and finite.
        DivergedError: In `fit`, at the end of an epoch that has diverged.

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
        model: The compiled model.
        logs: Values by name, as `fit` passes them to callbacks; only the model's metrics are
            checked.
        largest_loss: Largest magnitude of a value whose name says loss.

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
    """Whether all numbers of a variable are finite; integers always are."""
    if not keras.backend.is_float_dtype(variable.dtype):
        return True
    # For most variables one operation and one number suffice, without a copy of the weights.
    if math.isfinite(tf.nn.l2_loss(keras.ops.convert_to_tensor(variable))):
        return True
    # The squares of finite numbers may overflow.
    return bool(np.isfinite(keras.ops.convert_to_numpy(variable)).all())


def _raise(model: keras.Model, found: Sequence[str], bound: str) -> NoReturn:
    step = int(model.optimizer.iterations.numpy())
    shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    raise DivergedError(
        f"Losses and weights must be finite{bound}. Received: {shown} at step {step}. Lower the "
        "learning rate, or regularize, e.g. by ConsensusOptimizer or penalties.R1, "
        "and look for NaN in the data, of which the first batch alone is checked; "
        "fit(..., stop_when_diverged=False) trains a GAN on regardless, and "
        "callbacks.SafeBackup(backup_dir) keeps the last good state of a run."
        f"{_of_labels(getattr(model, 'num_classes', None))}"
    )


def _of_labels(num_classes: int | None) -> str:
    if num_classes is None:
        return ""
    return f" With jit_compile=True a label beyond {num_classes - 1} makes losses NaN, too."

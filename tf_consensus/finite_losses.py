"""A training whose losses are no numbers any more says so, and goes on."""

import inspect
import math
import warnings
from collections.abc import Callable

import keras


class FiniteLosses(keras.callbacks.Callback):
    """Warns at the end of the first epoch whose losses or gradient norm are not finite.

    It comes last, so that it is silent where another callback has raised. It does not end training:
    an experiment may go on on purpose.
    """

    def __init__(self):
        super().__init__()
        self._before = 0
        self._said = False

    def on_epoch_begin(self, epoch, logs=None):
        """Notes the step."""
        self._before = self._step()

    def on_epoch_end(self, epoch, logs=None):
        """Looks at the epoch's means."""
        names = [metric.name for metric in self.model.metrics]
        values = {name: float(logs[name]) for name in names if name in (logs or {})}
        broken = [f"{name}={x:g}" for name, x in values.items() if not math.isfinite(x)]
        if self._said or not broken:
            return
        self._said = True
        warnings.warn(
            f"Losses should be finite; training goes on without learning. Received: "
            f"{', '.join(broken)} in epoch {epoch + 1}, since one of the steps {self._before + 1} "
            f"to {self._step()}. Lower the learning rate or regularize; "
            "callbacks.StopWhenDiverged() ends such a run, and callbacks.SafeBackup(backup_dir) "
            "keeps its last good state.",
            UserWarning,
            stacklevel=2,
        )

    def _step(self):
        return int(self.model.optimizer.iterations.numpy())


def refuse_blind(callbacks) -> None:
    """Raises `ValueError` if one is Keras' `TerminateOnNaN`, which looks at what a GAN lacks."""
    never = keras.callbacks.TerminateOnNaN
    if any(isinstance(x, never) and type(x).on_batch_end is never.on_batch_end for x in callbacks):
        raise ValueError(
            "A callback must look at what a GAN logs, generator_loss, discriminator_loss and "
            "gradient_norm. Received: TerminateOnNaN, which looks at 'loss' alone and never fires. "
            "Use tf_consensus.callbacks.StopWhenDiverged()."
        )


def with_callback(
    method: Callable, args: tuple, options: dict, callback: keras.callbacks.Callback
) -> tuple:
    """The arguments of `fit`, with a callback after those that they name.

    Args:
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments.
        options: those by name.
        callback: the callback.

    Returns:
        Positional arguments and those by name. A `CallbackList`, which is somebody else's, is left
        as it is.
    """
    bound = inspect.signature(method).bind_partial(*args, **options)
    given = bound.arguments.get("callbacks")
    if not isinstance(given, keras.callbacks.CallbackList):
        several = isinstance(given, list | tuple)
        first = given if several else [x for x in [given] if x is not None]
        bound.arguments["callbacks"] = [*first, callback]
    return bound.args, bound.kwargs

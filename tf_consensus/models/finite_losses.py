"""Ends a training whose losses are no longer finite, or warns and lets it go on."""

import copy
import inspect
import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras

from tf_consensus.models.divergence import LARGEST_LOSS, StopWhenDiverged
from tf_consensus.support.checks import check_bool


class FiniteLosses(keras.callbacks.Callback):
    """Warns at the end of the first epoch whose losses or gradient norm are not finite.

    `fit(stop_when_diverged=False)` uses it in place of `StopWhenDiverged`: an experiment may go on
    on purpose. It comes last, so it is silent if another callback has raised.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before = 0
        self._said = False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Notes the step."""
        self._before = self._step()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Looks at the epoch's means."""
        names = [metric.name for metric in self.model.metrics]
        logs = logs or {}
        values = {name: float(logs[name]) for name in names if name in logs}
        broken = [f"{name}={x:g}" for name, x in values.items() if not math.isfinite(x)]
        if self._said or not broken:
            return
        self._said = True
        warnings.warn(
            f"Losses should be finite; training goes on without learning. Received: "
            f"{', '.join(broken)} in epoch {epoch + 1}, since one of the steps {self._before + 1} "
            f"to {self._step()}. Lower the learning rate or regularize; "
            "stop_when_diverged=True ends such a run, and callbacks.SafeBackup(backup_dir) keeps "
            "its last good state.",
            UserWarning,
            stacklevel=2,
        )

    def _step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())


def refuse_blind(callbacks: Iterable[Any]) -> None:
    """Raises `ValueError` for Keras' `TerminateOnNaN`, which looks at a loss that a GAN lacks."""
    never = keras.callbacks.TerminateOnNaN
    if any(isinstance(x, never) and type(x).on_batch_end is never.on_batch_end for x in callbacks):
        raise ValueError(
            "A callback must look at what a GAN logs, generator_loss, discriminator_loss and "
            "gradient_norm. Received: TerminateOnNaN, which looks at 'loss' alone and never fires. "
            "Leave it out: `fit` stops by itself, as tf_consensus.callbacks.StopWhenDiverged() "
            "does elsewhere."
        )


def guarded(
    model: keras.Model,
    method: Callable[..., Any],
    args: Sequence[Any],
    options: Mapping[str, Any],
    stops: bool,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of `fit`, with one more callback, which checks the losses.

    Args:
        model: the model to be trained.
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments.
        options: the arguments by name.
        stops: True adds a callback before all others, which ends training that has diverged. False
            adds one after all others, which warns. Neither is added if the caller passes a
            `StopWhenDiverged`.

    Returns:
        Positional arguments and arguments by name; the caller's own are left unchanged.

    Raises:
        TypeError: if `stops` is not True or False.
        ValueError: if it is False, but a `SafeBackup` would end training that has diverged.
    """
    check_bool("stop_when_diverged", stops)
    bound = inspect.signature(method).bind_partial(*args, **options)
    given = bound.arguments.get("callbacks")
    whole = given if isinstance(given, keras.callbacks.CallbackList) else None
    several = whole.callbacks if whole else given
    callbacks: list[Any] = list(several) if isinstance(several, list | tuple) else [several]
    callbacks = _with_look(model, [x for x in callbacks if x is not None], stops)
    if whole:
        whole = copy.copy(whole)
        whole.callbacks = callbacks
    bound.arguments["callbacks"] = whole or callbacks
    return bound.args, bound.kwargs


def _with_look(model: keras.Model, callbacks: list[Any], stops: bool) -> list[Any]:
    """The callbacks, with one before or after them that checks the losses."""
    own = [x for x in callbacks if isinstance(x, StopWhenDiverged)]
    backups = [x for x in callbacks if hasattr(x, "largest_loss") and x not in own]
    if backups and not stops:
        raise ValueError(
            "`stop_when_diverged=False` trains on, and no callback must stop that. Received: "
            f"{type(backups[0]).__name__} in `callbacks`, which backs up no weights that have "
            "diverged, and ends training there. Leave one of them out."
        )
    if own:
        return callbacks
    # A `SafeBackup` stops training too, so its bound holds for both.
    largest = [x.largest_loss for x in backups]
    added = StopWhenDiverged(max(largest, default=LARGEST_LOSS)) if stops else FiniteLosses()
    added.set_model(model)
    return [added, *callbacks] if stops else [*callbacks, added]

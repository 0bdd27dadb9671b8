"""Backups of a training run that nothing but a good state replaces."""

import contextlib
import math
import signal
import threading
from collections.abc import Iterator

import keras
import numpy as np

from tf_consensus.strategies import is_chief


class DivergedError(RuntimeError):
    """Training has produced numbers that are not finite."""


class SafeBackup(keras.callbacks.BackupAndRestore):
    """`keras.callbacks.BackupAndRestore` that never replaces a good backup by a bad one.

    At the end of each epoch it looks whether the logs of the losses and all weights are finite, and
    raises `DivergedError` if they are not; `fit` ends, and the backup of the epoch before stays. A
    SIGINT or SIGTERM that comes while it writes takes effect when the backup is whole. Two backups
    are kept, so that a write that fails, as on a full disk, leaves the one before. Of several
    machines the chief alone writes and all read, so the folder must be one that all of them see.

    Args:
        backup_dir: Folder of the backup; deleted when `fit` ends as planned.
        **options: Further arguments of `BackupAndRestore`.

    Raises:
        DivergedError: At the end of an epoch whose losses or weights are not finite.

    Example:
        >>> gan.fit(images, epochs=10, steps_per_epoch=500, callbacks=[SafeBackup("backup")])
    """

    def __init__(self, backup_dir, **options):
        super().__init__(backup_dir, double_checkpoint=True, **options)

    def on_epoch_end(self, epoch, logs=None):
        """Saves the state, if it is finite."""
        check_finite(self.model, logs)
        if is_chief(self.model.distribute_strategy):
            with _uninterrupted():
                super().on_epoch_end(epoch, logs)

    def on_train_end(self, logs=None):
        """Deletes the backup of a training that ended as planned."""
        if is_chief(self.model.distribute_strategy):
            super().on_train_end(logs)


class StopWhenDiverged(keras.callbacks.Callback):
    """Raises `DivergedError` at the end of an epoch whose losses or weights are not finite.

    Put it first, so that no callback evaluates or logs what is broken; `keras.callbacks`'
    `TerminateOnNaN` looks at `loss` alone, which a GAN does not have.

    Raises:
        DivergedError: As said.
    """

    def on_epoch_end(self, epoch, logs=None):
        """Looks at losses and weights."""
        check_finite(self.model, logs)


def check_finite(model: keras.Model, logs=None) -> None:
    """Raises `DivergedError` if losses in the logs or variables of the model are not finite."""
    names = [metric.name for metric in model.metrics]
    found = [f"{key}={logs[key]:g}" for key in names if not math.isfinite((logs or {}).get(key, 0))]
    if not found:
        variables = model.variables + model.optimizer.variables
        found = [x.path for x in variables if not np.isfinite(keras.ops.convert_to_numpy(x)).all()]
    if found:
        step = int(model.optimizer.iterations.numpy())
        shown = ", ".join(found[:3]) + (" ..." if len(found) > 3 else "")
        raise DivergedError(
            f"Losses and weights must be finite. Received: {shown} at step {step}. Lower the "
            "learning rate, or regularize, e.g. by ConsensusOptimizer or penalties.R1."
        )


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Holds SIGINT and SIGTERM back until the block is left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught = []
    signals = [s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) is not None]
    handlers = {s: signal.signal(s, lambda number, _: caught.append(number)) for s in signals}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if caught:
            signal.raise_signal(caught[0])

"""Backups of a training run that survive a kill, a full disk and a damaged file."""

import os
import pathlib
from typing import Any

import keras
import numpy as np

from tf_consensus.callbacks import backup_files, runs_of_this_process
from tf_consensus.callbacks.backup_checks import (
    check_same_run,
    check_same_step,
    check_start,
    other_variables,
    prepare_model,
    progress,
    weight_sums,
)
from tf_consensus.callbacks.backup_record import (
    BackupError,
    Record,
    describe_variables,
    seed_states,
)
from tf_consensus.callbacks.log_rows import Row, row_of, rows_before
from tf_consensus.callbacks.skipped_steps import skip_nothing, skip_steps
from tf_consensus.execution.strategies import is_chief
from tf_consensus.models.divergence import LARGEST_LOSS, check_converging
from tf_consensus.support.checks import check_bool, check_count, check_float, check_path
from tf_consensus.support.differences import differences


class SafeBackup(keras.callbacks.Callback):
    """Backs up a run: killed at any moment and started again, it ends with the same weights.

    A backup is one file of weights, optimizer, counters and logs. It gets its name, which holds a
    digest, when it is whole and on the disk. Two are kept. `fit` goes on from the newest whole one.

    A state that has diverged is never written: `DivergedError` ends `fit`, and the last backup
    stays. A backup of another run is refused. A run is another one if its optimizer or the settings
    of it, the loss, objective, penalties, seed or layers differ, or if it began at another step.

    Weights are exact if the data go on where they stopped, as `tfc.data`'s streams do with
    `start=gan.optimizer.iterations` and `shuffle=False`; arrays are shuffled anew. From a backup
    within an epoch (`save_freq` a number) the run takes the remaining steps of that epoch. This
    needs such a stream: an array would begin at its first row. The logs of that epoch cover these
    steps alone. Put the callback last: callbacks after it must not change weights. The state of
    other callbacks, such as the patience of `EarlyStopping`, is not kept.

    If several machines train, only the chief writes and all of them read, so all of them must see
    the folder.

    Args:
        backup_dir: Folder of the backups.
        save_freq: "epoch", or a number of steps between backups within an epoch, which needs
            `steps_per_epoch` or data of known size; the end of an epoch is backed up too.
        delete_checkpoint: Whether the backups are deleted when `fit` ends as planned, as by
            `keras.callbacks.BackupAndRestore`. False keeps them until you call `delete()`. Call it
            after saving the trained model, so that a kill during saving loses nothing.
        largest_loss: Largest magnitude of a loss; beyond it a run has diverged.
        settings: What else determines the run, to be compared with the backup's: anything that JSON
            can hold, preferably a dict.

    Attributes:
        history: Logs of all finished epochs, including those before a restart: one dict per epoch,
            with its number as "epoch".

    Raises:
        TypeError: If `delete_checkpoint` is not a bool.
        ValueError: If another argument is out of range, the model is not built or compiled, or
            another callback has changed weights after the backup.
        BackupError: A ValueError: if the backup is of another run, no backup is whole, or
            `backup_dir` is not a folder to write to.
        DivergedError: At the end of an epoch or before a backup, if training has diverged.

    Example:
        >>> backup = SafeBackup("backup", delete_checkpoint=False)
        >>> gan.fit(images, epochs=10, steps_per_epoch=500, shuffle=False, callbacks=[backup])
        >>> gan.save("model.keras")
        >>> backup.delete()
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike,
        save_freq: str | int = "epoch",
        delete_checkpoint: bool = True,
        largest_loss: float = LARGEST_LOSS,
        settings: Any = None,
    ) -> None:
        super().__init__()
        path = check_path("backup_dir", backup_dir, 'For example "backup".', "the path of a folder")
        self.backup_dir = pathlib.Path(path)
        hint = 'Pass "epoch", or the number of steps between backups.'
        self.save_freq = (
            save_freq if save_freq == "epoch" else check_count("save_freq", save_freq, hint)
        )
        hint = "Pass False to delete by `delete()`."
        self.delete_checkpoint = check_bool("delete_checkpoint", delete_checkpoint, hint)
        self.largest_loss = check_float("largest_loss", largest_loss, zero=False)
        self.settings = settings
        self.history: list[Row] = []

    def exists(self) -> bool:
        """Whether there is a backup, whole or damaged."""
        return backup_files.exist(self.backup_dir)

    def delete(self) -> None:
        """Deletes the backups; call it when nothing needs them any more."""
        backup_files.delete(self.backup_dir)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the newest whole backup, if there is one."""
        prepare_model(self.model)
        skip_nothing(self.model)
        self.history = []
        self._first_step: Any = None
        self._sums: np.ndarray | None = None
        steps = self.params.get("steps")
        if self.save_freq != "epoch" and steps is None:
            raise ValueError(
                "`save_freq` counts steps within epochs whose length is known. Received: "
                f"save_freq={self.save_freq} with data of unknown size. Pass `steps_per_epoch` to "
                'fit, or save_freq="epoch".'
            )
        if is_chief(self.model.distribute_strategy):
            backup_files.prepare_folder(self.backup_dir)
        found = backup_files.newest(self.backup_dir)
        self._start = runs_of_this_process.start_of(self.model, self.backup_dir, self.settings)
        check_same_run(self.model, self._start.settings)
        if found is not None:
            self._restore(*found, steps)
        self._saved = self._step()
        check_same_step(self.model)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Makes the next `fit` of the model begin at the given place."""
        self.model._initial_epoch = None
        if self._first_step is None:
            self._first_step = self._step() - epoch * (self.params.get("steps") or 0)
        self._epoch = epoch
        if self._sums is not None and not np.array_equal(self._sums, weight_sums(self.model)):
            check_converging(self.model, None, self.largest_loss)
            raise ValueError(
                "A backup holds the weights that the next epoch begins with. Received: weights "
                "that another callback has changed since the backup. Put SafeBackup last, and "
                "leave out SwapEMAWeights: generate and EvaluateGAN take averages by `use_ema`."
            )

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves the state every `save_freq` steps, if it is in order."""
        if self.save_freq == "epoch" or batch + 1 >= self.params["steps"]:
            return  # `on_epoch_end` saves the end of the epoch, with its logs
        if self._step() >= self._saved + self.save_freq:
            self._save(self._epoch, batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves the state, if it is in order."""
        self.history = [*rows_before(self.history, epoch), row_of(epoch, logs)]
        self._save(epoch + 1, 0, logs)
        self._sums = weight_sums(self.model)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Deletes the backups of a training that ended as planned, if asked to."""
        self.model._initial_epoch = None
        runs_of_this_process.end(self.model)
        if self.delete_checkpoint and is_chief(self.model.distribute_strategy):
            self.delete()

    def _save(self, epoch, begun, logs):
        check_converging(self.model, logs, self.largest_loss)
        self._saved = self._step()
        if not is_chief(self.model.distribute_strategy):
            return
        record = Record(
            step=self._saved,
            started=self._start.step,
            first_step=self._first_step,
            epoch=epoch,
            begun=begun,
            steps_per_epoch=self.params.get("steps"),
            history=self.history,
            settings=self._start.settings,
            variables=describe_variables(self.model),
            seeds=seed_states(self.model),
        )
        backup_files.write(self.backup_dir, self.model, record)

    def _restore(self, path, record, steps):
        changed = differences(record.settings, self._start.settings)
        if describe := other_variables(record, self.model):
            changed.append(describe)
        if changed:
            raise BackupError(
                "A run goes on with the settings it was started with. Received: "
                f"{'; '.join(changed)}, in {path.parent}. Repeat the first settings, or pass "
                "another `backup_dir`."
            )
        check_start(self._start, record)
        backup_files.load(path, record, self.model)
        self._first_step = record.first_step
        epoch, begun = progress(record, steps)
        if epoch > self.params.get("epochs", epoch):
            raise BackupError(
                "A run goes on to at least the epochs that it already has. Received: "
                f"epochs={self.params['epochs']}, with a backup of {epoch} epochs in "
                f"{path.parent}. Pass more epochs, or another `backup_dir`."
            )
        self.history = rows_before(record.history, epoch)
        self.model._initial_epoch = epoch
        if begun:
            skip_steps(self.model, begun)

    def _step(self):
        return int(self.model.optimizer.iterations.numpy())

"""The log of a run: one row per epoch, written whole, kept through restarts."""

import csv
import io
import os
import pathlib
from typing import Any

import keras
import numpy as np

from tf_consensus.callbacks import Advisor, EvaluateGAN, SafeBackup
from tf_consensus.callbacks.log_rows import Row, row_of, rows_before
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.files import reason
from tf_consensus.support.files import write_text


class RunLog(keras.callbacks.Callback):
    """Writes log.csv, the logs of all epochs, anew after each epoch.

    A run that goes on takes the rows of earlier epochs from its backup, or from the log itself if
    it goes on from a finished model. Put this before `SafeBackup`: a killed run may then have one
    row too many, which is replaced, but never one too few.

    Args:
        path: The file.
        backup: The run's backup, if it has one.
        before: The log of earlier epochs if there is no backup; `None`: `path`.
        evaluate: Gets the evaluations of earlier epochs.
        advisor: Gets the losses of earlier epochs.

    Attributes:
        rows: One dict per epoch, with its number as "epoch".
    """

    def __init__(
        self,
        path: str | os.PathLike,
        backup: SafeBackup | None = None,
        before: str | os.PathLike | None = None,
        evaluate: EvaluateGAN | None = None,
        advisor: Advisor | None = None,
    ) -> None:
        super().__init__()
        self.told = [callback for callback in (evaluate, advisor) if callback is not None]
        self.path = pathlib.Path(path)
        self.backup = backup
        self.before = self.path if before is None else pathlib.Path(before)
        self.rows: list[Row] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forgets the rows of an earlier fit."""
        self._known = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes the rows of the epochs before this `fit`."""
        if self._known:
            return
        self._known = True
        self.rows = [] if self.backup is None else list(self.backup.history)
        if epoch and not self.rows:
            self.rows = rows_before(read_rows(self.before), epoch)
        if [int(row["epoch"]) for row in self.rows] != list(range(epoch)):
            raise RunError(
                f"A run goes on with the log of all earlier epochs. Received: {self.before}, with "
                f"{len(self.rows)} of {epoch}. Restore it from a copy, or delete the folder to "
                "train from the start."
            )
        for callback in self.told:
            callback.record_rows(self.rows)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the row, and writes all."""
        self.rows = [*rows_before(self.rows, epoch), row_of(epoch, logs)]
        write_rows(self.path, self.rows)


def write_rows(path: str | os.PathLike, rows: list[Row]) -> None:
    """Write rows of numbers by name as a CSV file, whole or not at all."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="nan", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_rows(path: str | os.PathLike) -> list[Row]:
    """The rows of a log, one per epoch; none if there is no log.

    If an epoch is repeated, its last row counts.

    Raises:
        RunError: If it is damaged.
    """
    path = pathlib.Path(path)
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = {int(row["epoch"]): row for row in csv.DictReader(file, strict=True)}
        # Keras' own log has columns of NA if there is no validation.
        keys = [key for key, value in next(iter(rows.values()), {}).items() if value != "NA"]
        found = [{key: _number(rows[epoch][key]) for key in keys} for epoch in sorted(rows)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise _damaged(path, reason(error)) from error
    if not rows or sorted(rows) != list(range(len(rows))):
        raise _damaged(path, "without rows of all epochs")
    return found


def read_log(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The log as columns of numbers, float64; empty if there is none.

    Raises:
        RunError: If it is damaged.
    """
    return columns(read_rows(path))


def columns(rows: list[Row]) -> dict[str, np.ndarray]:
    """Rows of numbers as columns, float64; empty if there are no rows."""
    return {key: np.array([float(row[key]) for row in rows]) for key in (rows or [{}])[0]}


def _number(text):
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _damaged(path, what):
    return RunError(
        f"log.csv must hold one row of numbers per epoch. Received: {path}, {what}. Restore it "
        "from a copy, or delete the run's folder to train from the start."
    )

"""Keeps the page of a run up to date while it trains."""

import os
import pathlib
import time
import warnings
from typing import Any

import keras

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.report.page import REPORT, write_report
from tf_consensus.support.checks import check_number


class LiveReport(keras.callbacks.Callback):
    """Writes report.html into a run's folder during `fit`; an open page reloads itself.

    The page is written when training starts, at ends of epochs, and when training ends. Put this
    after the callbacks whose files it shows, such as `RunLog` and `SampleGrid`. The page says
    "running" until the caller of `fit` has written the result and called `write_report` once more,
    without `refresh`.

    If a page cannot be written, training goes on: a warning says once what is wrong.

    Args:
        folder: Folder of the run.
        every_seconds: Least time from one page to the next, and the time after which an open page
            reloads.

    Raises:
        ValueError: If `every_seconds` is not a number of at least 1.

    Example:
        >>> gan.fit(images, callbacks=[Clock(log), log, SampleGrid(folder / "samples"),
        ...                            LiveReport(folder)])
    """

    def __init__(self, folder: str | os.PathLike, every_seconds: float = 30) -> None:
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.every_seconds = check_number(
            "every_seconds",
            every_seconds,
            "a number of at least 1",
            lambda seconds: seconds >= 1,
            "Pass seconds, for example 30.",
        )
        self._written = -float("inf")
        self._warned = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Writes the page of a run that starts or goes on."""
        self.write()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the page, unless one is recent enough."""
        if time.monotonic() - self._written >= self.every_seconds:
            self.write()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Writes the page of all epochs."""
        self.write()

    def write(self) -> None:
        """Writes the page now."""
        try:
            write_report([self.folder], self.folder / REPORT, refresh=round(self.every_seconds))
        except (OSError, RunError, ValueError) as error:
            if not self._warned:
                self._warned = True
                warnings.warn(
                    f"Training goes on without a page that shows it. Received: {error} Mend this "
                    "for the pages to come.",
                    stacklevel=2,
                )
        # Also after a failure, so that a slow one does not slow down every epoch.
        self._written = time.monotonic()

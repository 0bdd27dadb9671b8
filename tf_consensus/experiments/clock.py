"""Measures how long a run has trained."""

import time
from typing import Any

import keras
import numpy as np

from tf_consensus.experiments.log import RunLog


class Clock(keras.callbacks.Callback):
    """Adds the step, the seconds trained so far and the processors' seconds to each epoch's logs.

    Evaluations and everything else between the epochs do not count. Compilation does not count
    either: the first step of a process counts as the mean of the other steps of its epoch. The
    processors' seconds compare runs on a machine that has other work too.

    Args:
        log: The run's log, which knows the seconds of the epochs before a restart.
    """

    def __init__(self, log: RunLog) -> None:
        super().__init__()
        self.log = log
        self.compiled = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self.left_out = 0
        self.start = _times()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock again after the first step of the process."""
        if not self.compiled:
            self.compiled = True
            if batch + 1 < self.params["steps"]:
                self.left_out = batch + 1
                _wait_for(logs)
                self.start = _times()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reads the clock."""
        if logs is None:
            return
        _wait_for(logs)
        steps = self.params["steps"]
        each = (_times() - self.start) / (steps - self.left_out)
        before = self.log.rows[-1] if self.log.rows else {"seconds": 0.0, "cpu_seconds": 0.0}
        logs["step"] = int(self.model.optimizer.iterations.numpy())
        for key, seconds in zip(("seconds", "cpu_seconds"), each * steps, strict=True):
            logs[key] = round(seconds + before[key], 3)
        logs["ms_per_step"] = round(1000 * each[0], 3)


def _times():
    """Seconds of the clock and of the process on all processors."""
    return np.array([time.perf_counter(), time.process_time()])


def _wait_for(logs):
    """Waits until the device has finished the steps that the logs come from."""
    for value in (logs or {}).values():
        float(value)

"""Says after the first hundred steps how long a run will take."""

import time
from typing import Any

import keras

# Number of steps that are timed, after the first one, which compiles.
_TIMED = 100


class Estimate(keras.callbacks.Callback):
    """Prints once per process how long the remaining steps will take.

    Args:
        steps: Training steps of the run.
    """

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts anew."""
        self._seconds, self._taken, self._first, self._said = 0.0, 0, True, False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Leaves out the time between epochs."""
        self._start = None if self._first else (time.perf_counter(), self._step())

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts all steps but the first, which compiles, and prints after a hundred."""
        if self._said or logs is None:
            return
        float(logs["generator_loss"])  # waits for the device
        now, step = time.perf_counter(), self._step()
        if self._start is not None:
            self._seconds += now - self._start[0]
            self._taken += step - self._start[1]
        self._first, self._start = False, (now, step)
        left = self.steps - step
        if self._taken >= _TIMED and left > 0:
            self._said = True
            each = self._seconds / self._taken
            print(
                f"\n{1000 * each:.0f} ms per step: about {in_words(left * each)} for the "
                f"{left:,} steps left, evaluations not counted",
                flush=True,
            )

    def _step(self):
        return int(self.model.optimizer.iterations.numpy())


def in_words(seconds: float) -> str:
    """A time in its two largest units, as "2 h 5 min"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "days"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    kept = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(kept[:2]) or "0 s"

"""How long a run will take, said after its first hundred steps."""

import time

import keras

# Steps that are timed, after the first one, which compiles.
_TIMED = 100


class Estimate(keras.callbacks.Callback):
    """Prints once per process how long the steps that are left will take.

    Args:
        steps: Training steps of the run.
    """

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def on_train_begin(self, logs=None):
        """Starts anew."""
        self._start, self._said = None, False

    def on_train_batch_end(self, batch, logs=None):
        """Starts the clock after the first step, and speaks a hundred steps later."""
        if self._said:
            return
        if self._start is None:
            float(logs["generator_loss"])  # has the device finish
            self._start, self._first = time.perf_counter(), self._step()
            return
        taken = self._step() - self._first
        if taken < _TIMED:
            return
        self._said = True
        float(logs["generator_loss"])
        each = (time.perf_counter() - self._start) / taken
        left = self.steps - self._step()
        if left > 0:
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

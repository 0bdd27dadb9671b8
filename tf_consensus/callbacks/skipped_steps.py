"""An epoch that goes on after its first steps."""

from collections.abc import Callable

import keras


def skip_steps(model: keras.Model, steps: int) -> None:
    """Make the next `fit` epoch of a model leave out its first steps, which are already trained.

    They take nothing from the data. Call this from `on_train_begin`.

    Args:
        model: The compiled model, in `fit`.
        steps: Number of steps to leave out.

    Raises:
        ValueError: If the model takes several steps at once and `steps` is not a multiple of them.
    """
    at_once = model.steps_per_execution
    if steps % at_once:
        raise ValueError(
            "A run goes on within an epoch at a step where an execution of several steps ends. "
            f"Received: steps_per_execution={at_once}, at step {steps} of the epoch. Repeat the "
            "first number of steps per execution."
        )
    model.train_function = _Skipping(model, model.train_function, steps // at_once)


def skip_nothing(model: keras.Model) -> None:
    """Undo what `skip_steps` has done in a `fit` that was interrupted."""
    while isinstance(model.train_function, _Skipping):
        model.train_function = model.train_function.function


class _Skipping:
    """A train function that does nothing for some calls, then puts the true one back."""

    def __init__(self, model: keras.Model, function: Callable, calls: int):
        self._model, self.function, self._calls = model, function, calls

    def __call__(self, iterator):
        if self._calls:
            self._calls -= 1
            return self._model.get_metrics_result()
        self._model.train_function = self.function
        return self.function(iterator)

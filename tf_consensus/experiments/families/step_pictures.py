"""Pictures of what a model makes, one before training and one at the end of each epoch."""

import os
import pathlib
from collections.abc import Callable
from typing import Any

import keras


class StepPictures(keras.callbacks.Callback):
    """Saves `<folder>/<steps taken, 8 digits>.png`.

    Args:
        folder: Where the pictures go.
        draw: Called with the model and the path of a picture, which it saves. It must change
            nothing that training depends on.
    """

    def __init__(
        self, folder: str | os.PathLike, draw: Callable[[keras.Model, pathlib.Path], Any]
    ) -> None:
        super().__init__()
        self.folder, self.draw = pathlib.Path(folder), draw

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Saves the picture of the untrained or restored networks."""
        self.save()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves the picture after an epoch."""
        self.save()

    def save(self) -> None:
        """Saves the picture of the present networks."""
        step = int(self.model.optimizer.iterations.numpy())
        self.folder.mkdir(parents=True, exist_ok=True)
        self.draw(self.model, self.folder / f"{step:08d}.png")

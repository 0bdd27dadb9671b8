"""Pictures of what a model makes of images, beside where it began and what it should make."""

import os
import pathlib
from typing import Any

import keras
import numpy as np

from tf_consensus.plotting import image_grid


class PairPictures(keras.callbacks.Callback):
    """Saves source, made image and target side by side, one row per pair.

    The pictures are `<folder>/<steps taken, 8 digits>.png`: one before training, and one at the end
    of each epoch. Of a model that goes back too, each row ends in the source made of the target.

    Args:
        folder: Where the pictures go.
        sources: Images (n, …).
        targets: Images (n, …) of the other kind.
        back: Whether the model's `translate` takes `back=True`, as `CycleGAN`'s.
    """

    def __init__(
        self, folder: str | os.PathLike, sources: Any, targets: Any, back: bool = False
    ) -> None:
        super().__init__()
        self.folder, self.back = pathlib.Path(folder), back
        self.sources, self.targets = np.asarray(sources), np.asarray(targets)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Saves the untrained or restored networks' images."""
        self.save()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves the images after an epoch."""
        self.save()

    def save(self) -> np.ndarray:
        """Saves and returns the picture, (height, width, 3) bytes."""
        columns = [self.sources, self.model.translate(self.sources), self.targets]
        if self.back:
            columns.append(self.model.translate(self.targets, back=True))
        colours = max(x.shape[-1] for x in columns)
        columns = [np.repeat(x, colours // x.shape[-1], axis=-1) for x in columns]
        rows = np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
        step = int(self.model.optimizer.iterations.numpy())
        self.folder.mkdir(parents=True, exist_ok=True)
        return image_grid(rows, self.folder / f"{step:08d}.png", columns=len(columns), scale=2)

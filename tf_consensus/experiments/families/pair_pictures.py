"""Pictures of what a model makes of images, beside where it began and what it should make."""

import pathlib
from typing import Any

import keras
import numpy as np

from tf_consensus.plotting import image_grid


class PairGrid:
    """Draws source, made image and target side by side, one row per pair.

    Of a model that goes back too, each row ends in the source made of the target.

    Args:
        sources: Images (n, …).
        targets: Images (n, …) of the other kind.
        back: Whether the model's `translate` takes `back=True`, as `CycleGAN`'s.
    """

    def __init__(self, sources: Any, targets: Any, back: bool = False) -> None:
        self.sources, self.targets = np.asarray(sources), np.asarray(targets)
        self.back = back

    @property
    def columns(self) -> list[str]:
        """What each column of a picture shows, from the left."""
        back = ["source made of the target"] if self.back else []
        return ["source", "image made of it", "target", *back]

    def __call__(self, model: keras.Model, path: pathlib.Path) -> np.ndarray:
        """Saves and returns the picture of a model, (height, width, 3) bytes."""
        columns = [self.sources, model.translate(self.sources), self.targets]
        if self.back:
            columns.append(model.translate(self.targets, back=True))
        colours = max(x.shape[-1] for x in columns)
        columns = [np.repeat(x, colours // x.shape[-1], axis=-1) for x in columns]
        rows = np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
        return image_grid(rows, path, columns=len(columns), scale=2)

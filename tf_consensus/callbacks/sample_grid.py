"""Pictures of a GAN's samples during training."""

import contextlib
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.callbacks.sample_parts import check_part, part_of
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.models.callback_checks import refuse_other_models
from tf_consensus.plotting.images import image_grid
from tf_consensus.support.arrays import check_unmasked
from tf_consensus.support.checks import check_count, check_int, check_path


class SampleGrid(keras.callbacks.Callback):
    """Saves a grid of images from fixed latents during `fit`.

    The pictures are `<folder>/<steps taken, 8 digits>.png`: one before training, one at the end of
    each `every`-th epoch, and one at the end. If averages of the weights are kept (`use_ema`), the
    pictures are the averaged generator's.

    Args:
        folder: Where the pictures go.
        samples: Number of images.
        every: Save at the end of each `every`-th epoch.
        seed: Determines the latents.
        labels: For a conditional GAN one label per sample, (samples,); None: one class per row,
            with as many samples per row as make the grid square.
        tensorboard: Log folder for the same pictures as TensorBoard images, for which TensorFlow
            needs the package tensorboard; None: none.
        averaged: False uses the weights themselves, even if averages are kept.
        part: For samples of several tensors (`models.StructuredGAN`) the name or the number of the
            one that is drawn.

    Raises:
        ValueError: If `samples` or `every` is not a positive integer, `seed` is not an integer,
            there is not one label per sample, or a folder is not a path; in `fit`, if there is no
            such part, or samples are no images.
        TypeError: In `fit`, if the model is not a GAN.

    Example:
        >>> gan.fit(images, epochs=10, steps_per_epoch=500, callbacks=[SampleGrid("samples")])
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        samples: int = 64,
        every: int = 1,
        seed: int = 0,
        labels: Sequence[int] | None = None,
        tensorboard: str | os.PathLike | None = None,
        averaged: bool = True,
        part: str | int | None = None,
    ) -> None:
        super().__init__()
        hint = 'For example SampleGrid("samples", samples=64, every=1).'
        named = "Pass the name of a folder.", "a path"
        self.folder = pathlib.Path(check_path("folder", folder, *named))
        self.samples = check_count("samples", samples, hint)
        self.every = check_count("every", every, hint)
        self.seed = check_int("seed", seed)
        self.labels = _checked_labels(labels, self.samples)
        self.tensorboard = (
            None if tensorboard is None else check_path("tensorboard", tensorboard, *named)
        )
        self.averaged = averaged
        self.part = check_part(part)
        self._writer: Any = None

    def set_model(self, model: keras.Model) -> None:
        """Takes the model that is trained, a GAN."""
        super().set_model(model)
        refuse_other_models(self, "generate")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Saves the images of the untrained or restored generator."""
        self.save()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves after each `every`-th epoch."""
        if (epoch + 1) % self.every == 0:
            self.save()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Saves the last images, unless that is done."""
        if not self.path.exists():
            self.save()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @property
    def path(self) -> pathlib.Path:
        """The path for a picture of the present generator."""
        return self.folder / f"{int(self.model.optimizer.iterations.numpy()):08d}.png"

    def save(self) -> np.ndarray:
        """Saves and returns the picture, (height, width, 3) bytes."""
        options = self._conditions() if self.averaged else {"averaged": False, **self._conditions()}
        with averaged_weights(self.model) if self.averaged else contextlib.nullcontext():
            made = self.model.generate(self.samples, seed=self.seed, **options)
        images = part_of(made, self.part)
        self.folder.mkdir(parents=True, exist_ok=True)
        # The output of a generator without tanh may leave a picture's range, which is no error.
        images = np.where(np.isfinite(images), np.clip(images, -1.0, 1.0), images)
        picture = image_grid(images, self.path)
        if self.tensorboard is not None:
            self._write_summary(picture, self.tensorboard)
        return picture

    def _conditions(self):
        classes = getattr(self.model, "num_classes", None)
        if classes is None:
            return {}
        if self.labels is not None:
            return {"labels": self.labels}
        columns = int(np.ceil(np.sqrt(self.samples)))
        return {"labels": np.arange(self.samples) // columns % classes}

    def _write_summary(self, picture, folder):
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(os.fspath(folder))
        step = int(self.model.optimizer.iterations.numpy())
        with self._writer.as_default():
            tf.summary.image("samples", picture[None], step=step)
        self._writer.flush()


def _checked_labels(labels, samples):
    if labels is None:
        return None
    check_unmasked("labels", labels)
    labels = np.asarray(labels)
    if labels.shape != (samples,) or labels.dtype.kind not in "iu" or (labels < 0).any():
        raise ValueError(
            "`labels` must hold one label per sample, integers from 0. Received: labels of shape "
            f"{labels.shape} and dtype {labels.dtype} for samples={samples}. Pass {samples} "
            "integers, or None."
        )
    return labels

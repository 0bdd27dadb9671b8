"""Generates samples of a run, batch by batch."""

import contextlib
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.data.folder_walk import image_files
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.saved_run import Opened
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.models.latents import interpolate
from tf_consensus.support.random import normal, uniform

# The draws of `GAN.generate`, so that a seed means the same samples here as there.
_LATENTS, _LABELS = tf.int64.min, tf.int64.min + 1


def draw_latents(opened: Opened, n: int, seed: int) -> np.ndarray:
    """The latents (n, latent_dim) that `GAN.generate` draws from a seed."""
    kind = opened.generator.variable_dtype
    return normal((n, opened.latent_dim), seed, _LATENTS, kind).numpy()


def draw_strips(opened: Opened, strips: int, frames: int, seed: int) -> np.ndarray:
    """Latents on the way between random ones, (strips · frames, latent_dim), strip by strip."""
    ends = draw_latents(opened, 2 * strips, seed)
    way = interpolate(ends[:strips], ends[strips:], frames)
    return way.reshape(strips * frames, -1)


def draw_labels(opened: Opened, n: int, seed: int, asked: Sequence[int] | None) -> np.ndarray:
    """Labels (n,): those asked for, each in turn, else those that `GAN.generate` draws."""
    if asked is None:
        return np.floor(uniform((n,), seed, _LABELS).numpy() * opened.num_classes).astype(np.int32)
    return np.resize(np.array(asked, np.int32), n)


def check_labels(opened: Opened, asked: Sequence[int] | None) -> None:
    """Raise unless the model has the classes.

    Raises:
        RunError: If it does not have them.
    """
    if asked is None:
        return
    if opened.num_classes is None:
        raise RunError(
            "Labels need a conditional run. Received: --labels for "
            f"{opened.source}, which has no classes. Leave --labels out."
        )
    wrong = [label for label in asked if label >= opened.num_classes]
    if wrong:
        raise RunError(
            f"Labels must be from 0 to {opened.num_classes - 1}. Received: {wrong[0]}. Choose one "
            "of these."
        )


def class_names(dataset: str) -> list[str]:
    """The classes of a folder of images, folder:PATH, which are its sub-folders, in order."""
    root = pathlib.Path(dataset.removeprefix("folder:")).expanduser()
    files = image_files(root)
    return sorted({file.parts[0] for file in files if len(file.parts) > 1})


def class_numbers(names: Sequence[str], dataset: str) -> list[int]:
    """The numbers of the classes that are named by sub-folders of a folder of images.

    Raises:
        RunError: If a name is not that of a sub-folder.
    """
    classes = class_names(dataset)
    unknown = [name for name in names if name not in classes and not name.isdigit()]
    if unknown:
        # The flag is a list with commas, so a name with a comma must be given by its number.
        shown = [f"{i} ({x!r})" if "," in x else x for i, x in enumerate(classes)]
        raise RunError(
            f"Labels must be numbers from 0 to {len(classes) - 1}, or sub-folders of {dataset}. "
            f"Received: {unknown[0]!r}. Choose from {', '.join(shown)}."
        )
    return [classes.index(name) if name in classes else int(name) for name in names]


def batches_of_samples(
    opened: Opened,
    latents: np.ndarray,
    labels: np.ndarray | None,
    batch_size: int,
    averaged: bool = True,
) -> Iterator[np.ndarray]:
    """The samples of latents, some at a time.

    Args:
        opened: The run.
        latents: (n, latent_dim).
        labels: (n,) for a conditional model; `None` for another.
        batch_size: How many are computed at a time.
        averaged: Whether to use averages of the weights, if the run keeps them.

    Returns:
        Float32 samples (up to batch_size, …), batch by batch.

    Raises:
        RunError: If samples are not finite.
    """
    parts = (slice(first, first + batch_size) for first in range(0, len(latents), batch_size))
    inputs = (
        tf.constant(latents[rows])
        if labels is None
        else [tf.constant(latents[rows]), tf.constant(labels[rows])]
        for rows in parts
    )
    return computed(opened.model, opened.generator, inputs, opened.source, averaged)


def computed(
    model: keras.Model,
    generator: keras.Model,
    inputs: Iterable[Any],
    source: str,
    averaged: bool = True,
) -> Iterator[np.ndarray]:
    """What a generator makes of batches.

    Args:
        model: The model that keeps averages of the weights, if there are any.
        generator: One of its networks.
        inputs: What the network takes, batch by batch.
        source: Where the model comes from, in words.
        averaged: Whether to use averages of the weights, if they are kept.

    Yields:
        Float32 samples (batch, …).

    Raises:
        RunError: If samples are not finite.
    """

    @tf.function(reduce_retracing=True, autograph=False)
    def sample(batch):
        return generator(batch, training=False)

    with averaged_weights(model) if averaged else contextlib.nullcontext():
        for batch in inputs:
            samples = np.asarray(tf.cast(sample(batch), tf.float32))
            check_finite(samples, source)
            yield samples


def check_finite(samples: np.ndarray, source: str) -> None:
    """Raise `RunError` if samples are not finite; `source` is where their model comes from."""
    if not np.isfinite(samples).all():
        raise RunError(
            f"Samples must be finite. Received: NaN or infinity from {source}. The run has "
            "diverged: train it with a lower learning rate."
        )


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Images in [-1, 1] as unsigned bytes; what lies outside is clipped."""
    return np.rint((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)

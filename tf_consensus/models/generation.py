"""Samples of a trained generator."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.averaging import averaged_weights
from tf_consensus.support.arrays import check_unmasked
from tf_consensus.support.checks import check_count, check_seed, with_article
from tf_consensus.support.inputs import check_latents, check_sample_shape, floating, split
from tf_consensus.support.random import normal, uniform

# Training uses the draws 0, 1, 2 …; other uses have draws that training never takes.
GENERATION = tf.int64.min


class Generating(keras.Model):
    """A model that samples from its `generator`, and exports only the generator."""

    noun: str
    _sample: Callable[[Any], tf.Tensor] | None = None

    def __call__(self, inputs: Any, *args: Any, **options: Any) -> tf.Tensor:
        """Samples of the generator; see `call`.

        Raises:
            ValueError: if latents or labels do not have the shape that the generator takes.
        """
        self.check_inputs(inputs)
        return super().__call__(inputs, *args, **options)

    def check_inputs(self, inputs: Any) -> None:
        """Raises `ValueError` unless they have the shapes that the generator takes."""
        check_latents(inputs, self.latent_dim, self.num_classes)

    def drawn_inputs(self, number: int, seed: int, draw: int) -> Any:
        """What the generator takes, drawn as training draws it: latents, or [latents, labels].

        Args:
            number: of examples.
            seed: determines them.
            draw: which of the seed's draws; labels take the one after it.
        """
        latents = normal((number, self.latent_dim), seed, draw, self.variable_dtype)
        if self.num_classes is None:
            return latents
        labels = tf.floor(uniform((number,), seed, draw + 1) * self.num_classes)
        return [latents, tf.cast(labels, tf.int32)]

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """Samples (batch, …) for latents (batch, latent_dim), or for [latents, labels]."""
        return self.generator(inputs, training=training)

    def export(self, *args: Any, **options: Any) -> None:
        """Refuses to export the whole model: export its generator.

        Raises:
            ValueError: always, with the remedy.
        """
        raise no_export(self.noun, "the export of a model of several networks")

    def save_spec(self, *args: Any, **options: Any) -> None:
        """TensorFlow Lite's hook, which asks for a model's inputs; raises as `export` does."""
        raise no_export(self.noun, "a model to convert to TensorFlow Lite")

    def generate(
        self,
        n: int,
        seed: int | None = None,
        batch_size: int = 256,
        *,
        labels: Any = None,
        averaged: bool = True,
    ) -> np.ndarray:
        """Samples of the generator.

        Args:
            n: number of samples.
            seed: the same seed gives the same latents; `None` draws a seed.
            batch_size: how many are computed at a time.
            labels: for a conditional model: one class for all, or n of them; `None` draws each
                uniformly from all classes.
            averaged: whether to use averages of the weights, if they are kept (`averaged_weights`).

        Returns:
            Array of shape (n, …), in float32 if the model has mixed precision.

        Raises:
            ValueError: if `n` or `batch_size` is not a positive integer, or the labels are not
                classes, are not n, or are given to a model without classes.
        """
        n, seed = check_count("n", n, _FOR_EXAMPLE), drawn_seed(seed)
        inputs = self.drawn_inputs(n, seed, GENERATION)
        if labels is not None:
            inputs = [split(inputs)[0], self._labels(n, labels)]
        return self.samples_of(inputs, n, batch_size, averaged)

    def samples_of(self, inputs: Any, n: int, batch_size: int, averaged: bool) -> Any:
        """The generator's samples (n, …) of n inputs, `batch_size` of them at a time.

        They have the structure of the generator's outputs.
        """
        batch_size = check_count("batch_size", batch_size, "Leave it at 256.")
        if self._sample is None:
            # Not `predict`, which all machines of a strategy must call together.
            self._sample = tf.function(
                lambda inputs: self.generator(inputs, training=False),
                reduce_retracing=True,
                autograph=False,
            )
        parts = [tf.split(t, sizes(n, batch_size)) for t in tf.nest.flatten(inputs)]
        batches = [tf.nest.pack_sequence_as(inputs, part) for part in zip(*parts, strict=True)]
        with averaged_weights(self) if averaged else contextlib.nullcontext():
            made = [self._sample(batch) for batch in batches]

        def joined(*parts: tf.Tensor) -> np.ndarray:
            array = np.concatenate([part.numpy() for part in parts])
            return array.astype(self.variable_dtype)  # NumPy itself has no bfloat16

        return keras.tree.map_structure(joined, *made)

    def _labels(self, n: int, labels: Any) -> tf.Tensor:
        """The n labels that `generate` was given."""
        if self.num_classes is None:
            raise ValueError(
                "`labels` are for a conditional GAN. Received: labels for a GAN without "
                "num_classes. Leave them out, or build it by GAN(..., num_classes=...)."
            )
        check_unmasked("labels", labels)
        labels = np.asarray(labels)
        classes = labels.dtype != bool and np.isin(labels, np.arange(self.num_classes)).all()
        if not classes or labels.shape not in ((), (n,)):
            raise ValueError(
                f"`labels` must be one class or n={n} classes, from 0 to {self.num_classes - 1}. "
                f"Received: labels={labels!r}. For example generate(10, labels=range(10))."
            )
        return tf.constant(np.broadcast_to(labels, n), tf.int32)


def drawn_seed(seed: int | None) -> int:
    """The seed, or one that is drawn."""
    return int(np.random.randint(2**31)) if seed is None else check_seed(seed)


def batches_of(samples: Any, shape: tuple[int | None, ...], batch_size: int) -> list[tf.Tensor]:
    """Samples (n, …) cut into batches.

    Args:
        samples: array or tensor.
        shape: that of the generator's samples, (None, …).
        batch_size: how many are in a batch, at most.

    Raises:
        TypeError: if they are no real numbers.
        ValueError: if they are of another shape, or there are none.
    """
    batch_size = check_count("batch_size", batch_size, "Leave it at 256.")
    samples = floating(split(samples)[0])
    check_sample_shape(samples, shape)
    if not len(samples):
        raise ValueError("There is at least one sample. Received: an empty batch. Pass some.")
    return [samples[i : i + batch_size] for i in range(0, len(samples), batch_size)]


_FOR_EXAMPLE = "For example gan.generate(64)."


def no_export(noun: str, received: str) -> ValueError:
    """The error of whoever exports a model of several networks, by its name."""
    return ValueError(
        f"What is exported of {with_article(noun)} is its generator. Received: {received}. Call "
        "model.generator.export(path), or convert model.generator; within `with "
        "averaged_weights(model):` where averages are kept."
    )


def sizes(n: int, size: int) -> list[int]:
    """The number n as a sum of parts of one size and a rest."""
    return [size] * (n // size) + [n % size] * (n % size > 0)

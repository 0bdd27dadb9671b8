"""Makes up a batch of numbers such as a GAN's data and generator have."""

import itertools
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from tf_consensus.models.known_networks import KnownNetworks

_EXAMPLES = 8


def first_examples(batch: Any) -> Any:
    """The first examples of a batch, enough to compare derivatives."""

    def first(t: tf.Tensor) -> tf.Tensor:
        return t if t.shape.rank == 0 else t[:_EXAMPLES]

    return tf.nest.map_structure(first, batch)


def specification(iterator: Any) -> tuple[tf.TypeSpec, Any]:
    """The type of the samples, and an iterator that still has all batches."""
    if hasattr(iterator, "element_spec"):
        spec = tf.nest.flatten(iterator.element_spec, expand_composites=True)[0]
        return spec, iterator
    first = next(iterator)
    samples = tf.nest.flatten(first)[0]
    spec = tf.TensorSpec(np.shape(samples), tf.as_dtype(samples.dtype))
    return spec, itertools.chain([first], iterator)


def made_up(gan: "KnownNetworks", spec: tf.TypeSpec) -> Any:
    """Samples over the range of the generator's samples, with labels if there are classes.

    Args:
        gan: the `GAN`.
        spec: type of the data's samples, (batch, …).

    Returns:
        Up to 8 samples of this type, or a list of these and labels.
    """
    number = min(spec.shape[0] or _EXAMPLES, _EXAMPLES)
    rng = np.random.default_rng(0)
    labels = []
    if gan.num_classes is not None:
        labels = [tf.constant(rng.integers(gan.num_classes, size=number), tf.int32)]
    latents = rng.standard_normal((number, gan.latent_dim))
    inputs = [tf.constant(latents, gan.variable_dtype), *labels]
    with keras.StatelessScope():
        fake = np.array(gan.generator(inputs if labels else inputs[0], training=False))
    samples = tf.cast(_samples(fake, rng, spec.dtype.is_integer), spec.dtype)
    return [samples, *labels] if labels else samples


def _samples(fake: np.ndarray, rng: np.random.Generator, integers: bool) -> np.ndarray:
    """Numbers over the range of a generator's samples, at least [-1, 1] or [0, 1]."""
    fake = fake.astype(np.float64)
    if integers:
        return rng.integers(0, 256, size=fake.shape)
    top = max(1.0, float(np.abs(fake).max()))
    return rng.uniform(0.0 if fake.min() >= 0 else -top, top, size=fake.shape)

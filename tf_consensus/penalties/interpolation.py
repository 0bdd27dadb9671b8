"""Points on the lines between two batches."""

import tensorflow as tf

from tf_consensus.support.inputs import Inputs, floating, join, split
from tf_consensus.support.random import Draws


def draw_weights(samples: tf.Tensor, random: Draws) -> tf.Tensor:
    """One weight per sample, uniform on [0, 1), of shape (batch, 1, …, 1)."""
    samples = floating(samples)
    shape = [samples.shape[0] or tf.shape(samples)[0]] + [1] * (samples.shape.rank - 1)
    return random.uniform(shape, samples.dtype)


def interpolate(real: Inputs, fake: Inputs, weight: tf.Tensor) -> Inputs:
    """The samples weight · real + (1 - weight) · fake, with the real ones' conditions.

    Raises:
        ValueError: if the two batches differ in shape.
    """
    (x, conditions), (y, _) = split(real), split(fake)
    if not x.shape.is_compatible_with(y.shape):
        raise ValueError(
            "A penalty between real and generated samples pairs them. Received: real of shape "
            f"{tuple(x.shape)}, fake of shape {tuple(y.shape)}. Pass batches of one shape."
        )
    y = tf.cast(y, x.dtype)
    return join(y + weight * (x - y), conditions)

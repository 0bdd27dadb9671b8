"""Conditions of samples that are vectors."""

import tensorflow as tf

from tf_consensus.support.shapes import of_shape


def as_conditions(conditions: tf.Tensor, width: int, dtype: str) -> tf.Tensor:
    """Conditions (batch, width) in a floating type.

    Raises:
        TypeError: if they are no floating-point numbers.
        ValueError: if they have another shape.
    """
    if not conditions.dtype.is_floating:
        raise TypeError(
            "Conditions must be floating-point numbers. Received: conditions of dtype "
            f"{conditions.dtype.name}. Cast attributes by tf.cast(conditions, 'float32'); "
            "labels are for a GAN with num_classes."
        )
    if not conditions.shape.is_compatible_with((None, width)):
        raise ValueError(
            f"Conditions must have the shape (batch, {width}) that the networks take. Received: "
            f"conditions of shape {tuple(conditions.shape)}. Flatten them, or build the networks "
            "for them."
        )
    return tf.cast(of_shape(conditions, (None, width)), dtype)

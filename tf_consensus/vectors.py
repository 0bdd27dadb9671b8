"""Linear algebra on lists of tensors that match `game.variables`.

The parameters of a game are a list of tensors of many shapes; these functions treat such a list as
one vector x = (x₁ … xₙ).
"""

import numbers
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

Vector = Sequence[tf.Tensor]


def dot(a: Vector, b: Vector) -> tf.Tensor:
    """Inner product aᵀb, accumulated in at least float32.

    Args:
        a: list of tensors.
        b: list of tensors of the same shapes.

    Returns:
        A scalar: float64 if any tensor of `a` is, float32 otherwise.
    """
    dtype = tf.float64 if any(x.dtype == tf.float64 for x in a) else tf.float32
    return tf.add_n(
        [tf.reduce_sum(tf.cast(x, dtype) * tf.cast(y, dtype)) for x, y in zip(a, b, strict=True)]
    )


def norm(a: Vector) -> tf.Tensor:
    """Euclidean norm ‖a‖ of the whole list, a scalar."""
    return tf.sqrt(dot(a, a))


def scale(a: Vector, factor) -> list[tf.Tensor]:
    """Every tensor times `factor`, a number or a scalar tensor, in the tensor's own dtype."""
    return [x * _in_dtype(factor, x.dtype) for x in a]


def add_scaled(a: Vector, factor, b: Vector) -> list[tf.Tensor]:
    """The list a + factor · b, `factor` a number or a scalar tensor."""
    return [x + _in_dtype(factor, x.dtype) * y for x, y in zip(a, b, strict=True)]


def _in_dtype(factor, dtype):
    # tf.cast would take a Python number through float32.
    number = isinstance(factor, numbers.Real)
    return tf.constant(factor, dtype) if number else tf.cast(factor, dtype)


def flatten(a: Vector) -> tf.Tensor:
    """One tensor of shape (n,) that holds every entry in order."""
    return tf.concat([tf.reshape(x, [-1]) for x in a], axis=0)


def unflatten(flat: tf.Tensor, like: Vector) -> list[tf.Tensor]:
    """The inverse of `flatten`.

    Args:
        flat: tensor of shape (n,).
        like: list of tensors or variables that gives the shapes and dtypes; their sizes sum to n.
    """
    sizes = [int(np.prod(x.shape)) for x in like]
    parts = tf.split(flat, sizes)
    return [tf.cast(tf.reshape(p, x.shape), x.dtype) for p, x in zip(parts, like, strict=True)]


def replica_mean(a: Vector) -> list[tf.Tensor]:
    """The mean over the replicas of a `tf.distribute` strategy; the list itself on one replica."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return list(a)
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, list(a))

"""Linear algebra on lists of tensors that match `game.variables`.

The parameters of a game are a list of tensors of many shapes; these functions treat such a list as
one vector x = (x₁ … xₙ).
"""

import math
import numbers
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from tf_consensus.games.vector_checks import check_vector, described

Vector = Sequence[tf.Tensor]
"""One vector of the parameter space: a list of tensors that match `game.variables`."""
Factor: TypeAlias = float | tf.Tensor
"""A finite number or a scalar tensor."""


def dot(a: Vector, b: Vector) -> tf.Tensor:
    """Inner product aᵀb, accumulated in at least float32.

    Args:
        a: list of tensors.
        b: list of tensors of the same shapes.

    Returns:
        A scalar: float64 if any tensor of `a` is, float32 otherwise.

    Raises:
        TypeError: if one of them is no list of tensors.
        ValueError: if there is no tensor, or the shapes differ.
    """
    _check_some("a", a)
    a, b = _pair(a, b)
    dtype = tf.float64 if any(x.dtype == tf.float64 for x in a) else tf.float32
    return tf.add_n(
        [tf.reduce_sum(tf.cast(x, dtype) * tf.cast(y, dtype)) for x, y in zip(a, b, strict=True)]
    )


def norm(a: Vector) -> tf.Tensor:
    """Euclidean norm ‖a‖ of the whole list, a scalar; raises as `dot` does.

    Args:
        a: list of tensors.
    """
    return tf.sqrt(dot(a, a))


def scale(a: Vector, factor: Factor) -> list[tf.Tensor]:
    """Every tensor times `factor`, in the tensor's own dtype.

    Args:
        a: list of tensors.
        factor: a number or a scalar tensor.

    Raises:
        TypeError: if `a` is no list of tensors.
        ValueError: if `factor` is neither finite nor a scalar tensor.
    """
    _check_factor(factor)
    return [x * _in_dtype(factor, x.dtype) for x in check_vector("a", a)]


def add_scaled(a: Vector, factor: Factor, b: Vector) -> list[tf.Tensor]:
    """The list a + factor · b.

    Args:
        a: list of tensors.
        factor: a number or a scalar tensor.
        b: list of tensors of the same shapes as `a`.

    Raises:
        TypeError: if `a` or `b` is no list of tensors.
        ValueError: if their shapes differ, or `factor` is neither finite nor a scalar tensor.
    """
    _check_factor(factor)
    return [x + _in_dtype(factor, x.dtype) * y for x, y in zip(*_pair(a, b), strict=True)]


def _pair(a: Vector, b: Vector) -> tuple[Vector, Vector]:
    """Both lists, which must be of the same shapes; dtypes may differ."""
    shapes = [[x.shape for x in check_vector(*named)] for named in (("a", a), ("b", b))]
    same = len(a) == len(b) and all(
        tf.TensorShape(x).is_compatible_with(y) for x, y in zip(*shapes, strict=True)
    )
    if not same:
        raise ValueError(
            "`a` and `b` must be lists of tensors of the same shapes. Received: "
            f"a={described(a)}, b={described(b)}. Take both of one game."
        )
    return a, b


def _check_some(name: str, a: Vector) -> None:
    if isinstance(a, list | tuple) and not a:
        raise ValueError(
            f"`{name}` must hold at least one tensor. Received: {name}=[]. A game's variables are "
            "one or more."
        )


def _check_factor(factor: Any) -> None:
    number = isinstance(factor, numbers.Real) and not isinstance(factor, bool)
    scalar = tf.is_tensor(factor) and factor.shape.rank in (0, None)
    if not (scalar or (number and math.isfinite(factor))):
        raise ValueError(
            "`factor` must be a finite number or a scalar tensor. Received: "
            f"factor={factor!r}. Pass for example 0.5."
        )


def _in_dtype(factor: Factor, dtype: tf.DType) -> tf.Tensor:
    # tf.cast would take a Python number through float32.
    number = isinstance(factor, numbers.Real)
    return tf.constant(factor, dtype) if number else tf.cast(factor, dtype)


def flatten(a: Vector) -> tf.Tensor:
    """One tensor of shape (n,) that holds every entry in order.

    Args:
        a: list of tensors, of one dtype.

    Raises:
        TypeError: if `a` is no list of tensors.
        ValueError: if it is empty.
    """
    check_vector("a", a)
    _check_some("a", a)
    return tf.concat([tf.reshape(x, [-1]) for x in a], axis=0)


def unflatten(flat: tf.Tensor, like: Vector) -> list[tf.Tensor]:
    """The inverse of `flatten`.

    Args:
        flat: tensor of shape (n,).
        like: list of tensors or variables that gives the shapes and dtypes; their sizes sum to n.

    Raises:
        TypeError: if `like` is no list of tensors.
        ValueError: if `flat` is not of shape (n,).
    """
    check_vector("like", like)
    _check_some("like", like)
    sizes = [int(np.prod(x.shape)) for x in like]
    if not tf.TensorShape(getattr(flat, "shape", ())).is_compatible_with((sum(sizes),)):
        raise ValueError(
            f"`flat` must be a tensor of shape ({sum(sizes)},). Received: "
            f"{described([flat])}. Reshape it to one axis."
        )
    parts = tf.split(flat, sizes)
    return [tf.cast(tf.reshape(p, x.shape), x.dtype) for p, x in zip(parts, like, strict=True)]


def replica_mean(a: Vector) -> list[tf.Tensor]:
    """The mean over the replicas of a `tf.distribute` strategy; the list itself on one replica.

    Args:
        a: list of tensors, of the same shapes on all replicas.

    Raises:
        TypeError: if `a` is no list of tensors.
    """
    check_vector("a", a)
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return list(a)
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, list(a))

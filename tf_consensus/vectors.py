"""Linear algebra on lists of tensors that match `game.variables`.

The parameters of a game are a list of tensors of many shapes; these functions treat such a list as
one vector x = (x₁ … xₙ).
"""

import math
import numbers
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

Vector = Sequence[tf.Tensor]


def check_vector(name: str, u, like: Sequence | None = None) -> list:
    """The list, which must be one of tensors of floating type.

    Args:
        name: the argument's name, for the message.
        u: what was given for it.
        like: list of tensors or variables that it must match in length, shapes and dtypes; `None`
            asks for none.

    Raises:
        TypeError: if it is no list of tensors.
        ValueError: if it does not match.
    """
    if not isinstance(u, list | tuple) or not all(map(_is_floating, u)):
        raise TypeError(
            f"`{name}` must be a list of floating-point tensors. Received: {_described(u)}. "
            "Pass one tensor a variable, as `game.linearize().v` is."
        )
    if like is not None:
        kinds = [[(tuple(x.shape), tf.as_dtype(x.dtype).name) for x in y] for y in (u, like)]
        same = len(u) == len(like) and all(
            tf.TensorShape(a[0]).is_compatible_with(b[0]) and a[1] == b[1]
            for a, b in zip(*kinds, strict=True)
        )
        if not same:
            raise ValueError(
                f"`{name}` must match the game's variables, one tensor of the same shape and dtype "
                f"each. Received: {_described(u)} for {_described(like)}. Reshape or cast it, for "
                "example by `vectors.unflatten(flat, game.variables)`."
            )
    return list(u)


def _is_floating(x):
    kind = getattr(x, "dtype", None)
    return hasattr(x, "shape") and kind is not None and tf.as_dtype(kind).is_floating


def _described(u):
    """What a list holds, in words."""
    if not isinstance(u, list | tuple):
        return f"a {type(u).__name__}"
    kinds = [
        f"{tf.as_dtype(x.dtype).name}{tuple(x.shape)}" if hasattr(x, "shape") else repr(x)
        for x in u[:4]
    ]
    return f"[{', '.join(kinds)}{', …' if len(u) > 4 else ''}] of {len(u)}"


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
    """Euclidean norm ‖a‖ of the whole list, a scalar."""
    return tf.sqrt(dot(a, a))


def scale(a: Vector, factor) -> list[tf.Tensor]:
    """Every tensor times `factor`, a number or a scalar tensor, in the tensor's own dtype."""
    _check_factor(factor)
    return [x * _in_dtype(factor, x.dtype) for x in check_vector("a", a)]


def add_scaled(a: Vector, factor, b: Vector) -> list[tf.Tensor]:
    """The list a + factor · b, `factor` a number or a scalar tensor."""
    _check_factor(factor)
    return [x + _in_dtype(factor, x.dtype) * y for x, y in zip(*_pair(a, b), strict=True)]


def _pair(a, b):
    """Both lists, which must be of the same shapes; dtypes may differ."""
    shapes = [[x.shape for x in check_vector(*named)] for named in (("a", a), ("b", b))]
    same = len(a) == len(b) and all(
        tf.TensorShape(x).is_compatible_with(y) for x, y in zip(*shapes, strict=True)
    )
    if not same:
        raise ValueError(
            "`a` and `b` must be lists of tensors of the same shapes. Received: "
            f"a={_described(a)}, b={_described(b)}. Take both of one game."
        )
    return a, b


def _check_some(name, a):
    if isinstance(a, list | tuple) and not a:
        raise ValueError(
            f"`{name}` must hold at least one tensor. Received: {name}=[]. A game's variables are "
            "one or more."
        )


def _check_factor(factor):
    number = isinstance(factor, numbers.Real) and not isinstance(factor, bool)
    scalar = tf.is_tensor(factor) and factor.shape.rank in (0, None)
    if not (scalar or (number and math.isfinite(factor))):
        raise ValueError(
            "`factor` must be a finite number or a scalar tensor. Received: "
            f"factor={factor!r}. Pass for example 0.5."
        )


def _in_dtype(factor, dtype):
    # tf.cast would take a Python number through float32.
    number = isinstance(factor, numbers.Real)
    return tf.constant(factor, dtype) if number else tf.cast(factor, dtype)


def flatten(a: Vector) -> tf.Tensor:
    """One tensor of shape (n,) that holds every entry in order."""
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
            f"{_described([flat])}. Reshape it to one axis."
        )
    parts = tf.split(flat, sizes)
    return [tf.cast(tf.reshape(p, x.shape), x.dtype) for p, x in zip(parts, like, strict=True)]


def replica_mean(a: Vector) -> list[tf.Tensor]:
    """The mean over the replicas of a `tf.distribute` strategy; the list itself on one replica."""
    check_vector("a", a)
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return list(a)
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, list(a))

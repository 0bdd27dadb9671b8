"""Checks of lists of tensors that are to match a game's variables."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def check_vector(name: str, u: Any, like: Sequence[Any] | None = None) -> list[tf.Tensor]:
    """The list, which must be one of tensors of floating type.

    Args:
        name: the argument's name, for the message.
        u: what was given for it.
        like: list of tensors or variables that it must match in length, shapes and dtypes; `None`
            skips this check.

    Raises:
        TypeError: if it is not a list of tensors.
        ValueError: if it does not match.
    """
    if not isinstance(u, list | tuple) or not all(map(_is_floating, u)):
        raise TypeError(
            f"`{name}` must be a list of floating-point tensors. Received: {described(u)}. "
            "Pass one tensor per variable, as `game.linearize().v` is."
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
                f"each. Received: {described(u)} for {described(like)}. Reshape or cast it, for "
                "example by `vectors.unflatten(flat, game.variables)`."
            )
    return list(u)


def _is_floating(x: Any) -> bool:
    kind = getattr(x, "dtype", None)
    return hasattr(x, "shape") and kind is not None and tf.as_dtype(kind).is_floating


def described(u: Any) -> str:
    """What a list holds, in words for a message."""
    if not isinstance(u, list | tuple):
        return f"a {type(u).__name__}"
    kinds = [
        f"{tf.as_dtype(x.dtype).name}{tuple(x.shape)}" if hasattr(x, "shape") else repr(x)
        for x in u[:4]
    ]
    return f"[{', '.join(kinds)}{', …' if len(u) > 4 else ''}] of {len(u)}"

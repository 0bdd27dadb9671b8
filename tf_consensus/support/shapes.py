"""Tensors of a shape that is checked where a graph does not know it."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def of_shape(x: Any, shape: Sequence[int | None]) -> tf.Tensor:
    """The tensor, of a shape that is checked when the graph runs where x does not tell.

    `tf.ensure_shape` makes sizes dynamic under XLA, also those that are known, and a TPU's program
    has none. So a tensor that is known to be of this shape stays as it is.

    Args:
        x: a tensor or an array.
        shape: its sizes, `None` for any.

    Raises:
        ValueError: if x is known to be of another shape.
        InvalidArgumentError: when the graph runs, if it is.
    """
    x = tf.convert_to_tensor(x)
    known = x.shape.rank == len(shape) and all(
        size is None or own == size for own, size in zip(x.shape, shape, strict=True)
    )
    return x if known else tf.ensure_shape(x, shape)

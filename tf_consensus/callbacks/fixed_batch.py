"""A batch of real samples that a callback measures by."""

from typing import Any

import numpy as np
import tensorflow as tf


def fixed_batch(real: Any) -> tuple[tf.Tensor, ...]:
    """The batch as a tuple of tensors: samples, and labels if there are any.

    Args:
        real: samples (batch, …), or a tuple of these and their labels (batch,).

    Raises:
        ValueError: If a part is empty or not of finite numbers.
    """
    return tuple(_checked(part) for part in (real if _is_pair(real) else (real,)))


def _checked(part):
    """A part of the batch as a tensor of finite numbers."""
    array = np.asarray(part)
    numbers = array.size > 0 and array.dtype.kind in "iuf"
    if not (numbers and np.isfinite(array).all()):
        raise ValueError(
            "`real` must be a batch of finite samples, or a tuple of samples and labels. Received: "
            f"{part!r}. Pass for example next(iter(dataset))."
        )
    return tf.convert_to_tensor(part)


def _is_pair(real):
    """Whether it is a pair of samples and labels; samples alone may be a list of rows."""
    ranks = {np.ndim(part) for part in real} if isinstance(real, list) else set()
    return isinstance(real, tuple) or len(ranks) > 1

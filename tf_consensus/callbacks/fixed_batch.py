"""A batch of real samples that a callback measures by."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.seen_samples import keep
from tf_consensus.support.arrays import check_unmasked
from tf_consensus.support.checks import with_article


def fixed_batch(real: Any) -> tuple[Any, ...]:
    """The batch as a tuple of tensors: samples, and labels if there are any.

    Args:
        real: samples (batch, …), a tuple of these and their labels (batch,), or a dict of the parts
            of samples.

    Returns:
        Tensors; or for a dict one dict of tensors.

    Raises:
        ValueError: If a part is empty or not of finite numbers.
    """
    if isinstance(real, dict):
        return ({key: _checked(part) for key, part in real.items()} or _checked(real),)
    return tuple(_checked(part) for part in (real if _is_pair(real) else (real,)))


def ask_for_samples(model: keras.Model, real: Any, number: int) -> None:
    """Makes a model keep the first samples of its training, unless a batch is given.

    Args:
        model: A `GameModel`.
        real: What `fixed_batch` returned; None: nothing is given.
        number: How many to keep.

    Raises:
        TypeError: If a batch is given for a model whose samples are not one tensor.
    """
    if real is None:
        keep(model, number)
    elif not hasattr(model, "sample_shape"):
        raise TypeError(
            "`real` is for models whose samples are one tensor, such as a GAN. Received: "
            f"real=... for {with_article(type(model).__name__)}. Leave it out; the losses are "
            "watched all the same."
        )


def _checked(part):
    """A part of the batch as a tensor of finite numbers."""
    check_unmasked("real", part)
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

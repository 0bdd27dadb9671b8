"""Checks of features and of batches of images; those of any array are in `support.arrays`."""

from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.support.arrays import check_finite, check_reals, check_unmasked
from tf_consensus.support.checks import shown

# A feature beyond this counts as infinite: its sixth power overflows in float64.
LARGEST = 1e50
_MORE = 1.01  # rounding exceeds [-1, 1] by less


def features(name: str, value: Any, least: int = 1) -> np.ndarray:
    """The value as finite float64 rows (n, d), n at least `least` and d at least 1.

    Raises:
        ValueError: If it is not such an array.
    """
    array = check_reals(name, value)
    if array.ndim != 2 or not array.shape[1] or len(array) < least:
        raise ValueError(
            f"Features must have shape (n, d), n at least {least}. Received: {name} of shape "
            f"{array.shape}. Stack the features of an extractor, of more images if there are few."
        )
    hint = "Look at the images that gave them: the generator has diverged."
    return check_finite(name, array, hint, LARGEST)


def images(value: Any, channels: int) -> tf.Tensor:
    """The value as float images (batch, height, width, channels) in [-1, 1].

    Grey images become three equal channels if that is how many are asked for.

    Raises:
        ValueError: If it is not such a batch, or an image is not finite.
    """
    tensor = as_tensor(value)
    shape, allowed = tuple(tensor.shape), {1, 3} if channels == 3 else {channels}
    if len(shape) != 4 or shape[-1] not in allowed or 0 in shape:
        raise ValueError(
            f"Images must have shape (batch, height, width, {channels}), one image at least. "
            f"Received: images of shape {shape}. Pass the network's channels; one channel is "
            "repeated to three."
        )
    _check_range(tensor)
    tensor = tf.cast(tensor, "float32")
    return tensor if shape[-1] == channels else tf.repeat(tensor, channels, axis=-1)


def check_batch(value: Any) -> None:
    """Raises unless the value has rows, as every batch has.

    Raises:
        ValueError: If it is a number, a text or nothing.
    """
    if not hasattr(value, "__len__") or isinstance(value, str | bytes | dict):
        raise ValueError(
            f"`images` must be an array of numbers. Received: images={shown(value)}. Pass batches "
            "of images, or of tuples."
        )


def clipping(images: tf.Tensor) -> list[tf.Operation]:
    """Checks that clipping to [-1, 1] takes from images only what resizing has added.

    Returns:
        In a graph the operations that check it; none in eager execution.

    Raises:
        ValueError: In eager execution, if an image exceeds [-1, 1] or is not finite.
    """
    rule = "Clipping to [-1, 1] needs images in it."
    remedy = "Scale bytes by x / 127.5 - 1, or take the resizer 'bicubic'."
    largest = tf.reduce_max(tf.abs(tf.cast(images, "float32")))
    if not tf.executing_eagerly():
        return [tf.debugging.Assert(largest <= _MORE, [rule, remedy])]
    if largest <= _MORE:
        return []
    if tf.math.is_nan(largest):
        remedy = "Look at where they come from, for example a division by 0."
    raise ValueError(f"{rule} Received: images up to {largest.numpy():g}. {remedy}")


def as_tensor(value: Any) -> tf.Tensor:
    """The value as a tensor.

    Raises:
        ValueError: If it is no array of numbers, or has masked ones.
    """
    check_unmasked("images", value)
    try:
        return tf.convert_to_tensor(value)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"`images` must be an array of numbers. Received: images={shown(value)}. Stack images "
            "of one size."
        ) from error


def _check_range(tensor):
    number = tensor.dtype.is_floating or tensor.dtype.is_integer
    if not number:
        raise ValueError(
            f"Images must be floats in [-1, 1]. Received: images of dtype {tensor.dtype.name}. "
            "Scale bytes by x / 127.5 - 1."
        )
    # Before the network: TensorFlow's ReLU makes 0 of NaN on a CPU.
    if tensor.dtype.is_floating and not bool(tf.reduce_all(tf.math.is_finite(tensor))):
        each = tf.reduce_all(tf.math.is_finite(tensor), axis=(1, 2, 3))
        bad = int(tf.reduce_sum(tf.cast(~each, "int32")))
        raise ValueError(
            f"Images must be finite. Received: {bad} of {len(each)} images with NaN or infinity. "
            "The generator has diverged: lower the learning rate, or regularize."
        )
    if not tensor.dtype.is_floating or bool(tf.reduce_any(tf.abs(tensor) > _MORE)):
        raise ValueError(
            "Images must be floats in [-1, 1]. Received: "
            f"images of dtype {tensor.dtype.name} from {tf.reduce_min(tensor).numpy():g} to "
            f"{tf.reduce_max(tensor).numpy():g}. Scale bytes by x / 127.5 - 1, or clip."
        )

"""Checks of the arrays that metrics take: numbers of the right shape, all of them finite."""

import os

import numpy as np
import tensorflow as tf

# A feature beyond this counts as infinite: the sixth power of it overflows in float64.
LARGEST = 1e50
_MORE = 1.01  # rounding leaves [-1, 1] by less


def floats(name: str, value, remedy: str = "Pass an array of floats.") -> np.ndarray:
    """The value as an array of float64.

    Args:
        name: The argument's name, for the message.
        value: What the caller passed.
        remedy: A sentence that ends the message.

    Raises:
        ValueError: If it holds anything but real numbers, or rows of unequal length.
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "OSUMmc":
            return array.astype(float)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        raise ValueError(_no_numbers(name, value, remedy)) from error
    raise ValueError(_no_numbers(name, value, remedy))


def check_path(path, remedy: str):
    """Raises unless the path is a text or a `pathlib.Path`.

    Raises:
        ValueError: If it is anything else.
    """
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"`path` must be the name of a file. Received: path={path!r}. {remedy}")


def check_finite(name: str, array: np.ndarray, remedy: str, largest: float = LARGEST):
    """Raises unless all numbers are finite and none is beyond `largest`.

    Raises:
        ValueError: With how many are not.
    """
    # Of NaN a comparison is false; float32 has no number as large as most limits.
    good = np.abs(array.astype(float)) <= largest
    if not good.all():
        bad = array[~good]
        raise ValueError(
            f"`{name}` must be finite. Received: {name} of shape {array.shape}, of which "
            f"{bad.size} are NaN, infinite or beyond {largest:g}, the first {bad[0]:g}. {remedy}"
        )


def features(name: str, value, least: int = 1) -> np.ndarray:
    """The value as finite float64 rows (n, d), n at least `least` and d at least 1.

    Raises:
        ValueError: If it is no such array.
    """
    array = floats(name, value)
    if array.ndim != 2 or not array.shape[1] or len(array) < least:
        raise ValueError(
            f"Features must have shape (n, d), n at least {least}. Received: {name} of shape "
            f"{array.shape}. Stack the features of an extractor, of more images if there are few."
        )
    check_finite(name, array, "Look for the images that gave them: the generator has diverged.")
    return array


def images(value, channels: int) -> tf.Tensor:
    """The value as float images (batch, height, width, channels) in [-1, 1].

    Grey images become three equal channels if that is how many are asked for.

    Raises:
        ValueError: If it is no such batch, or an image is not finite.
    """
    try:
        tensor = tf.convert_to_tensor(value)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        raise ValueError(_no_numbers("images", value, "Stack images of one size.")) from error
    shape, allowed = tuple(tensor.shape), {1, 3} if channels == 3 else {channels}
    if len(shape) != 4 or shape[-1] not in allowed or 0 in shape:
        raise ValueError(
            f"Images must have shape (batch, height, width, {channels}), one image at least. "
            f"Received: images of shape {shape}. Give the network's channels; one channel is "
            "repeated to three."
        )
    _check_range(tensor)
    tensor = tf.cast(tensor, "float32")
    return tensor if shape[-1] == channels else tf.repeat(tensor, channels, axis=-1)


def check_batch(value):
    """Raises unless the value has rows, as every batch has.

    Raises:
        ValueError: If it is a number, a text or nothing.
    """
    if not hasattr(value, "__len__") or isinstance(value, str | bytes | dict):
        raise ValueError(_no_numbers("images", value, "Pass batches of images, or of tuples."))


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


def _no_numbers(name, value, remedy):
    shown = repr(value)
    shown = shown if len(shown) < 80 else f"{shown[:80]} (cut)"
    return f"`{name}` must be an array of numbers. Received: {name}={shown}. {remedy}"

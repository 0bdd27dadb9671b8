"""Ways to resize images for a network's input; the pictures look alike, the numbers differ."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_consensus.support.arrays import check_reals
from tf_consensus.support.checks import check_int


def tf1_bilinear(images: np.ndarray | tf.Tensor, size: int) -> tf.Tensor:
    """TensorFlow 1's bilinear resizing, which the reference Inception metrics use.

    Output pixel i lies at i · (old / size) of the input: corners are not aligned and pixel centres
    not at halves, so the image moves by up to half a pixel. When it shrinks, pixels are skipped.

    Args:
        images: (batch, height, width, channels).
        size: new height and width, in pixels.

    Returns:
        (batch, size, size, channels), float32.

    Raises:
        ValueError: if the images have another rank, or `size` is not a positive integer.
    """
    images, size = _checked(images, size)
    return tf.compat.v1.image.resize_bilinear(
        images, (size, size), align_corners=False, half_pixel_centers=False
    )


def bilinear(images: np.ndarray | tf.Tensor, size: int) -> tf.Tensor:
    """Bilinear resizing with pixel centres at halves and antialiasing; raises like `tf1_bilinear`.

    Args:
        images: (batch, height, width, channels).
        size: new height and width, in pixels.
    """
    images, size = _checked(images, size)
    return tf.image.resize(images, (size, size), "bilinear", antialias=True)


def bicubic(images: np.ndarray | tf.Tensor, size: int) -> tf.Tensor:
    """Bicubic resizing with pixel centres at halves and antialiasing; raises like `tf1_bilinear`.

    Args:
        images: (batch, height, width, channels).
        size: new height and width, in pixels.
    """
    images, size = _checked(images, size)
    return tf.image.resize(images, (size, size), "bicubic", antialias=True)


def _checked(images, size):
    """Both, checked to be images and a number of pixels."""
    if not tf.is_tensor(images):
        images = check_reals("images", images, "Stack images of one size.").astype("float32")
    if len(images.shape) != 4:
        raise ValueError(
            "Images must have shape (batch, height, width, channels). Received: images of shape "
            f"{tuple(images.shape)}. Add the missing axis."
        )
    return images, check_int("size", size, minimum=1)


RESIZERS = {function.__name__: function for function in (tf1_bilinear, bilinear, bicubic)}
"""The resizers by the names that `get` takes."""


def get(resizer: str | Callable) -> Callable:
    """The resizer of that name; a function of (images, size) is returned as it is.

    Args:
        resizer: a name of `RESIZERS`, or a function that has a name.

    Raises:
        ValueError: if it is neither.
    """
    if callable(resizer) and hasattr(resizer, "__name__"):
        return resizer
    if isinstance(resizer, str) and resizer in RESIZERS:
        return RESIZERS[resizer]
    raise ValueError(
        "`resizer` must be a name or a named function of (images, size). Received: "
        f"resizer={resizer!r}. Choose one of {', '.join(sorted(RESIZERS))}."
    )

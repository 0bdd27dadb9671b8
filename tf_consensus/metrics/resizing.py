"""Resizing of images for a network's input: the same picture, different numbers."""

from collections.abc import Callable

import tensorflow as tf


def tf1_bilinear(images, size: int):
    """TensorFlow 1's bilinear resizing, which the reference Inception metrics use.

    Output pixel i lies at i · (old / size) of the input: corners are not aligned and pixel centres
    not at halves, so the image moves by up to half a pixel. When it shrinks, pixels are skipped.

    Args:
        images: (batch, height, width, channels).
        size: new height and width, in pixels.

    Returns:
        (batch, size, size, channels), float32.
    """
    return tf.compat.v1.image.resize_bilinear(
        images, (size, size), align_corners=False, half_pixel_centers=False
    )


def bilinear(images, size: int):
    """Bilinear resizing with pixel centres at halves and antialiasing; as `tf1_bilinear`."""
    return tf.image.resize(images, (size, size), "bilinear", antialias=True)


def bicubic(images, size: int):
    """Bicubic resizing with pixel centres at halves and antialiasing; as `tf1_bilinear`."""
    return tf.image.resize(images, (size, size), "bicubic", antialias=True)


RESIZERS = {function.__name__: function for function in (tf1_bilinear, bilinear, bicubic)}


def get(resizer: str | Callable) -> Callable:
    """The resizer of that name; a function of (images, size) is its own.

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

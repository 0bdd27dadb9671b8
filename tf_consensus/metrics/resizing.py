"""Ways to resize images for a network's input; the pictures look alike, the numbers differ."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_consensus.metrics import checks
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


def torch_bilinear(images: np.ndarray | tf.Tensor, size: int) -> tf.Tensor:
    """PyTorch's bilinear resizing, `F.interpolate(..., align_corners=False)`, of pytorch-fid.

    Pixel centres are at halves, and there is no antialiasing: when the image shrinks, pixels are
    skipped. It raises like `tf1_bilinear`.

    Args:
        images: (batch, height, width, channels).
        size: new height and width, in pixels.
    """
    images, size = _checked(images, size)
    return tf.image.resize(images, (size, size), "bilinear", antialias=False)


def bicubic(images: np.ndarray | tf.Tensor, size: int) -> tf.Tensor:
    """Bicubic resizing with pixel centres at halves and antialiasing; raises like `tf1_bilinear`.

    The values are those of Pillow's bicubic resizing of float images, to 3e-5 for images in
    [-1, 1]. At edges they exceed the images' range; `clean_bicubic` clips them.

    Args:
        images: (batch, height, width, channels).
        size: new height and width, in pixels.
    """
    images, size = _checked(images, size)
    return tf.image.resize(images, (size, size), "bicubic", antialias=True)


def clean_bicubic(images: np.ndarray | tf.Tensor, size: int) -> tf.Tensor:
    """clean-fid's resizing: `bicubic`, and then everything is clipped to [-1, 1].

    So it antialiases, does not round to bytes, and keeps the range of images. Early versions of
    clean-fid did not clip; take `bicubic` for these.

    Args:
        images: (batch, height, width, channels) in [-1, 1].
        size: new height and width, in pixels.

    Raises:
        ValueError: as `tf1_bilinear`, or if an image exceeds [-1, 1].
        tf.errors.InvalidArgumentError: for such an image in a `tf.function`.
    """
    images, size = _checked(images, size)
    with tf.control_dependencies(checks.clipping(images)):
        return tf.clip_by_value(bicubic(images, size), -1.0, 1.0)


def _checked(images, size):
    """Both, checked to be images and a number of pixels."""
    if not tf.is_tensor(images):
        images = check_reals("images", images, "Stack images of one size.").astype("float32")
    if len(images.shape) != 4:
        raise ValueError(
            "Images must have shape (batch, height, width, channels). Received: images of shape "
            f"{tuple(images.shape)}. Add the missing axis."
        )
    if 0 in images.shape[1:]:
        raise ValueError(
            "Images must have pixels and channels. Received: images of shape "
            f"{tuple(images.shape)}. Look at where they come from."
        )
    return images, check_int("size", size, minimum=1)


_ALL = (tf1_bilinear, bilinear, torch_bilinear, bicubic, clean_bicubic)
RESIZERS = {function.__name__: function for function in _ALL}
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

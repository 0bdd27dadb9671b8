"""Sources of pairs that are made from the targets."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf_consensus.support.checks import shown

# Rounding exceeds [-1, 1] by less.
_MORE = 1.01


def grey(images: tf.Tensor) -> tf.Tensor:
    """Brightness, in [-1, 1], one channel: 0.299 R + 0.587 G + 0.114 B."""
    if images.shape[-1] == 1:
        return images
    return tf.image.rgb_to_grayscale(images)


def edges(images: tf.Tensor) -> tf.Tensor:
    """Length of the Sobel gradient of the grey image, -1 where there is no edge; one channel."""
    # A step from black to white has a gradient of 8 by Sobel's weights.
    gradient = tf.image.sobel_edges(grey(images)) / 4.0
    return tf.minimum(tf.norm(gradient, axis=-1), 2.0) - 1.0


def masked(images: tf.Tensor) -> tf.Tensor:
    """The images with 0, mid-grey, in the middle half of either side."""
    height, width = images.shape[1:3]
    rows, columns = (tf.range(side) for side in (height, width))
    inside = [(x >= n // 4) & (x < n - n // 4) for x, n in ((rows, height), (columns, width))]
    hole = inside[0][:, None] & inside[1][None, :]
    return tf.where(hole[None, :, :, None], tf.zeros_like(images), images)


def low_resolution(images: tf.Tensor) -> tf.Tensor:
    """The images at an eighth of their sides, at least one pixel, enlarged by repeating pixels."""
    height, width = images.shape[1:3]
    small = [max(1, side // 8) for side in (height, width)]
    coarse = tf.image.resize(images, small, method="area")
    return tf.image.resize(coarse, (height, width), method="nearest")


MAKERS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "edges": edges,
    "grey": grey,
    "masked": masked,
    "low_resolution": low_resolution,
}


def checked_maker(source: Any, make: Any, image_size: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function that makes sources of targets; for two sets the identity.

    Raises:
        ValueError: If neither or both are given, or either is of a wrong kind.
    """
    if (source is None) == (make is None):
        given = "neither" if source is None else f"source={source!r} and make={make!r}"
        raise ValueError(
            "Sources are images of a second set, or are made from the targets. Received: "
            f"{given}. Pass `source` or `make`, one of them."
        )
    if source is not None:
        if not isinstance(source, str):
            raise ValueError(
                "`source` must be the name of a set of images, as `target`. Received: "
                f"source={source!r}. For example source='folder:photos'."
            )
        return tf.identity
    if callable(make):
        return make
    if not isinstance(make, str) or make not in MAKERS:
        raise ValueError(
            f"`make` must be one of {', '.join(MAKERS)}, or a function of a batch of images. "
            f"Received: make={make!r}. For example make='edges'."
        )
    if make == "edges" and image_size < 2:
        raise ValueError(
            "Edges lie between pixels, so images need two to a side. Received: make='edges' with "
            f"image_size={image_size}. Pass a larger `image_size`."
        )
    return MAKERS[make]


def check_made(
    make: Any, maker: Callable[[tf.Tensor], tf.Tensor], shape: tuple[int, int, int, int]
) -> None:
    """Raises `ValueError` if a function makes no batch of images of one; it is traced, not run.

    Args:
        make: The argument of `image_pairs`, for the message.
        maker: The function.
        shape: Of the batch of targets.
    """
    try:
        made = tf.function(maker).get_concrete_function(tf.TensorSpec(shape)).structured_outputs
    except Exception as error:  # whatever the user's function raises
        kind = type(error).__name__
        cause = (str(error).strip().splitlines() or [""])[-1].strip().removeprefix(f"{kind}: ")
        raise ValueError(_MADE.format(make, f"which raises {kind}: {cause[:150]}")) from error
    single = isinstance(made, tf.Tensor) and made.shape.rank == 4
    if not (single and made.dtype.is_floating and made.shape[0] in (None, shape[0])):
        raise ValueError(_MADE.format(make, f"which returns {shown(made)}"))


def in_range(make: Any, maker: Callable[[tf.Tensor], tf.Tensor]) -> Callable[..., tf.Tensor]:
    """The function, of which each batch is checked to be in [-1, 1]; NaN is not.

    Args:
        make: The argument of `image_pairs`, for the message.
        maker: The function, which `check_made` has checked.
    """
    rule = "`make` must return images in [-1, 1], like those that it takes. Received: make="
    remedy = "Scale or clip what it returns, and look for divisions by 0."

    def checked(images: tf.Tensor) -> tf.Tensor:
        made = maker(images)
        good = tf.reduce_all(tf.abs(made) <= tf.cast(_MORE, made.dtype))
        ends = tf.reduce_min(made), tf.reduce_max(made)
        told = [f"{rule}{make!r}, with images from", ends[0], "to", ends[1], remedy]
        with tf.control_dependencies([tf.debugging.Assert(good, told)]):
            return tf.identity(made)

    return checked


_MADE = (
    "`make` takes a batch of images (batch, height, width, channels) in [-1, 1], and returns as "
    "many images, by operations of TensorFlow. Received: make={!r}, {}. Return one image per "
    "image, floating-point numbers."
)

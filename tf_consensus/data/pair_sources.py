"""What pairs of images are made of: partners by name, and sources made from targets."""

import os
from collections.abc import Callable
from pathlib import PurePath

import tensorflow as tf

from tf_consensus.data.sources import find_source


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


def check_partners(
    source: str,
    target: str,
    split: str,
    image_size: int,
    data_dir: str | os.PathLike | None,
    max_pixels: int,
) -> None:
    """Raises `ValueError` unless every image of one set has a partner of its name in the other.

    Args:
        source: Name of the one set.
        target: Name of the other.
        split: Of both.
        image_size: Side of the images.
        data_dir: Folder of their files, where they are no folders.
        max_pixels: Most pixels of an image that is read.
    """
    names = []
    for name in (source, target):
        place = None if name.startswith("folder:") else data_dir
        found = find_source(name, split, image_size, place, True, max_pixels)
        root = name.removeprefix("folder:")
        names.append([_stem(found.describe(index), root) for index in range(len(found))])
    if names[0] == names[1]:
        return
    alone = [sorted(set(a) - set(b)) for a, b in (names, names[::-1])]
    told = [
        f"{len(left)} in {name!r} alone ({', '.join(left[:3])})"
        for left, name in zip(alone, (source, target), strict=True)
        if left
    ]
    raise ValueError(
        "Pairs are files of the same names in both folders. Received: "
        f"{' and '.join(told) or 'names in another order'}. Add or remove files, or pass "
        "unpaired=True."
    )


def _stem(described: str, root: str) -> str:
    """The name of a file below its folder, without its ending."""
    path = PurePath(described)
    folder = PurePath(os.path.expanduser(root))
    inside = path.relative_to(folder) if path.is_relative_to(folder) else path
    return str(inside.with_suffix(""))

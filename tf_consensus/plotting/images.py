"""Pictures of images: grids and strips, pixel by pixel."""

import math
import os

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from tf_consensus.plotting.saving import save
from tf_consensus.support.arrays import check_unmasked
from tf_consensus.support.checks import check_count, check_int

_WHITE = 255
# A generator does not slip as far as this: larger values are bytes, or have diverged.
_FAR = 10.0


def image_grid(
    images: ArrayLike,
    path: str | os.PathLike | None = None,
    columns: int | None = None,
    gap: int = 2,
    scale: int = 1,
) -> np.ndarray:
    """Puts images side by side, row by row, on white.

    Args:
        images: Floats (n, height, width, channels) of 1 or 3 channels, in [-1, 1]; values a little
            outside are clipped. An image that is not finite becomes mid-grey. Or unsigned bytes
            (uint8), which are drawn as they are, 0 as black.
        path: Where to save the picture too, in the format of the suffix.
        columns: Images per row; None makes the grid square.
        gap: Pixels between images.
        scale: Side of the square that a pixel becomes.

    Returns:
        Array (height, width, 3) of unsigned bytes.

    Raises:
        OSError: If the file cannot be written; an old one is then still in its place.
        ValueError: If the images are not of such a shape, there are none, they are other
            unsigned integers than bytes or range beyond ±10 (integers beyond ±1), a number is out
            of range, or the suffix is unknown.

    Example:
        >>> image_grid(np.zeros((6, 8, 8, 1)), columns=3).shape
        (18, 28, 3)
    """
    images = _checked(images)
    hint = "For example image_grid(images, columns=8)."
    scale = check_count("scale", scale, hint)
    columns = math.isqrt(len(images) - 1) + 1 if columns is None else columns
    columns = min(check_count("columns", columns, hint), len(images))
    gap = check_int("gap", gap, minimum=0)
    rows = -(-len(images) // columns)
    tiles = _bytes(images).repeat(scale, axis=1).repeat(scale, axis=2)
    height, width = tiles.shape[1:3]
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, 3)
    picture = np.full(shape, _WHITE, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        picture[top : top + height, left : left + width] = tile
    if path is not None:
        suffixes = [x for x, kind in Image.registered_extensions().items() if kind in Image.SAVE]
        save(path, suffixes, Image.fromarray(picture).save)
    return picture


def _checked(images) -> np.ndarray:
    check_unmasked("images", images)
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] not in (1, 3) or not images.size:
        raise ValueError(
            "Images must be an array (n, height, width, channels) of 1 or 3 channels, one image "
            f"at least. Received: shape={images.shape}. Add the missing axis, e.g. "
            "`images[..., None]`."
        )
    if images.dtype == np.uint8:
        return images
    # NumPy has no kind for bfloat16. Of the unsigned types only a byte says which value is white.
    if images.dtype.kind in "bOSUMmcu":
        raise ValueError(
            "Images must be floats in [-1, 1] or unsigned bytes. Received: images of dtype "
            f"{images.dtype}. Pass bytes as `images.astype('uint8')`, or floats."
        )
    far = 1.0 if images.dtype.kind == "i" else _FAR
    images = images.astype(np.float64)
    finite = images[np.isfinite(images)]
    if np.abs(finite).max(initial=0.0) > far:
        raise ValueError(
            "Images must be floats in [-1, 1] or unsigned bytes. Received: images from "
            f"{finite.min():g} to {finite.max():g}. Pass `images.astype('uint8')`, or clip."
        )
    return images


def _bytes(images) -> np.ndarray:
    """Colours of 0 to 255, in three channels."""
    if images.dtype == np.uint8:
        return np.broadcast_to(images, (*images.shape[:3], 3))
    finite = np.isfinite(images).all(axis=(1, 2, 3), keepdims=True)
    unit = np.where(finite, np.clip(images, -1.0, 1.0), 0.0)
    return np.broadcast_to(np.round((unit + 1.0) * 127.5), (*images.shape[:3], 3)).astype(np.uint8)

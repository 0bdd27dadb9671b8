"""The sliced Wasserstein distance between the Laplacian pyramids of two sets of images."""

from typing import Any, NamedTuple

import numpy as np
import scipy
import tensorflow as tf

from tf_consensus.metrics import checks, wasserstein
from tf_consensus.support.checks import check_int

_SMALLEST = 16
_SIDE = 7
_FILTER = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
# Of a channel's values in a level, for images in [-1, 1]: what varies less is rounding.
_CONSTANT = 1e-6
# Numbers per block of images, and of projected neighbourhoods: 32 MB.
_BLOCK = 2**22


class PyramidWassersteinResult(NamedTuple):
    """Distances, without unit. The paper's tables show them times 1,000.

    Attributes:
        levels: the distance at each level of the pyramid by its side in pixels, the largest first.
        mean: the mean over the levels.
    """

    levels: dict[int, float]
    mean: float


def pyramid_wasserstein(
    real_images: np.ndarray | tf.Tensor,
    fake_images: np.ndarray | tf.Tensor,
    neighbourhoods: int = 128,
    projections: int = 512,
    seed: int = 0,
) -> PyramidWassersteinResult:
    """Return how far the patches of two sets of images are apart, at every scale.

    This is the SWD of Progressive GANs. A Laplacian pyramid of each image has the levels of side
    s, s/2, … 16: what is lost when the image is halved, and at 16² what remains. Random
    neighbourhoods of 7² pixels of a level are the points of two clouds, in each of which every
    channel is shifted and scaled to mean 0 and standard deviation 1. The distance of a level is
    `sliced_wasserstein1` of its clouds. A small one at 16² says that the large structure is alike,
    one at the full side that the texture is. It needs no network.

    Two sets of one distribution are not at distance 0: compare with the distance between two sets
    of real images, and only results of equal numbers of images; the paper has 16,384. Both sets
    are read at the same random places, so equal sets are at distance 0; the paper's code draws
    places for each set. A channel that is constant over a level has all its points at 0.

    It is computed in float64, level by level. For n colour images in each set a level takes
    n · 0.5 MB of memory, and on one core n · 0.01 seconds; fewer `neighbourhoods` take less.

    Args:
        real_images: floats (n, side, side, channels) in [-1, 1], side 16 · 2^k, 1 or 3 channels.
        fake_images: (m, side, side, channels), of the same side and channels.
        neighbourhoods: number of neighbourhoods per image and level.
        projections: number of random directions; the paper takes 4 times 128.
        seed: determines the places and the directions.

    Returns:
        The distance at each level, and their mean.

    Raises:
        ValueError: if the images are no such batches, are not finite or differ in size, or a number
            is not a positive integer.

    Example:
        >>> x = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 1))
        >>> pyramid_wasserstein(x, -x[:, ::-1], neighbourhoods=16, projections=8).levels.keys()
        dict_keys([32, 16])

    Reference:
        Karras et al., Progressive Growing of GANs, 2018, section 5; Burt, Adelson, The Laplacian
        Pyramid as a Compact Image Code, 1983.
    """
    real, fake = _checked(real_images, fake_images)
    number = check_int("neighbourhoods", neighbourhoods, minimum=1)
    side, channels = real.shape[2:]
    directions = wasserstein.directions(projections, channels * _SIDE**2, seed)
    levels = {}
    while side >= _SMALLEST:
        is_last = side == _SMALLEST
        a, b = (_cloud(x, number, [seed, side], not is_last) for x in (real, fake))
        levels[side] = _distance(a, b, directions)
        if not is_last:
            real, fake = _halved(real), _halved(fake)
        side //= 2
    return PyramidWassersteinResult(levels, float(np.mean(list(levels.values()))))


def _distance(a, b, directions):
    """The mean over the directions of the distance of two projected clouds."""
    area = wasserstein.quantile_areas(len(a), len(b))
    areas: list[float] = []
    at_once = max(1, _BLOCK // max(len(a), len(b)))
    for start in range(0, len(directions), at_once):
        part = directions[start : start + at_once]
        areas += [area(*rows) for rows in zip(part @ a.T, part @ b.T, strict=True)]
    return float(np.mean(areas))


def _cloud(images, number, seed, is_difference):
    """Standardized neighbourhoods of a level of the pyramid, (n · number, channels · 49).

    The level is what halving the images loses if `is_difference`, else the images themselves.
    """
    n, side, _, channels = images.shape
    # The first images of the other set, of another size, get the same places.
    random = np.random.default_rng(seed)
    places = random.integers(0, side - _SIDE + 1, size=(n, number, 2))
    cloud = np.empty((n, number, channels, _SIDE, _SIDE))
    for part in _parts(images):
        level = images[part].astype(np.float64)
        if is_difference:
            level -= _doubled(_halved(level))
        windows = np.lib.stride_tricks.sliding_window_view(level, (_SIDE, _SIDE), axis=(1, 2))
        rows, columns = places[part, :, 0], places[part, :, 1]
        cloud[part] = windows[np.arange(len(level))[:, None], rows, columns]
    _standardize(cloud)
    return cloud.reshape(n * number, -1)


def _standardize(cloud):
    """Gives each channel the mean 0 and the standard deviation 1, in place."""
    axes = (0, 1, 3, 4)
    cloud -= cloud.mean(axis=axes, keepdims=True)
    deviation = cloud.std(axis=axes, keepdims=True)
    cloud *= np.where(deviation > _CONSTANT, 1 / np.maximum(deviation, _CONSTANT), 0.0)


def _halved(images):
    """The next smaller images of a Gaussian pyramid."""
    halves = []
    for part in _parts(images):
        blurred = _blurred(images[part].astype(np.float64), _FILTER)
        halves.append(blurred[:, ::2, ::2])
    return np.concatenate(halves)


def _doubled(images):
    """Images of twice the side, between whose pixels the others are interpolated."""
    n, side, _, channels = images.shape
    result = np.zeros((n, 2 * side, 2 * side, channels))
    result[:, ::2, ::2] = images
    return _blurred(result, 2 * _FILTER)


def _blurred(images, weights):
    for axis in (1, 2):
        images = scipy.ndimage.correlate1d(images, weights, axis=axis, mode="mirror")
    return images


def _parts(images):
    """Slices of so many images that a block of them is small."""
    at_once = max(1, _BLOCK // images[0].size)
    return [slice(start, start + at_once) for start in range(0, len(images), at_once)]


def _checked(real: Any, fake: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as float32 images of one side 16 · 2^k and of the same channels."""
    shapes = [tuple(checks.as_tensor(x).shape) for x in (real, fake)]
    sides = [_SMALLEST << k for k in range(20)]
    allowed = [(side, side, channels) for side in sides for channels in (1, 3)]
    if not all(len(x) == 4 and x[1:] == shapes[0][1:] and x[1:] in allowed for x in shapes):
        raise ValueError(
            "Pyramids need images (n, side, side, channels) and (m, side, side, channels), side "
            f"16, 32, 64 and so on, 1 or 3 channels. Received: real_images of shape {shapes[0]}, "
            f"fake_images of shape {shapes[1]}. Resize both by `resizing.bilinear(images, 32)`, "
            "for example."
        )
    real, fake = (checks.images(x, shapes[0][3]).numpy() for x in (real, fake))
    return real, fake

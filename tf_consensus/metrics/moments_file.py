"""Files of a mean and a covariance, as pytorch-fid and other tools for the FID write them."""

import os
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.metrics import frechet, npz_file
from tf_consensus.support.arrays import check_finite, check_reals
from tf_consensus.support.files import replacing

_WHAT = "A file of mu and sigma"
_REMEDY = "Let the tool that wrote it write it anew, or write one by `save_moments`."
_ARRAYS = ("mu", "sigma")


class Moments(NamedTuple):
    """Mean and covariance of features, all that the Fréchet distance needs of a set.

    Attributes:
        mean: (d,), float64.
        cov: (d, d), float64, symmetric, without negative eigenvalues.
    """

    mean: np.ndarray
    cov: np.ndarray


def load_moments(path: str | os.PathLike[str]) -> Moments:
    """Read the mean and the covariance from an .npz file of pytorch-fid, clean-fid or TTUR.

    The file holds the arrays `mu`, (d,), and `sigma`, (d, d), the unbiased covariance; other arrays
    in it are left alone. It says neither which network gave the features nor how the images were
    resized, how many they were, or what they show: compare only what one tool made in one way.
    `Reference.load_moments` compares generated images with it.

    Nothing in the file is run: it may come from anyone. With 2,048 features it takes about a
    second on one core.

    Args:
        path: the file.

    Raises:
        OSError: if there is no such file, or it cannot be read.
        ValueError: if it is damaged, an array is missing, of another shape or not finite, or
            `sigma` is not symmetric or has eigenvalues that are negative by more than rounding.

    Example:
        >>> frechet_distance(*load_moments("cifar10_train.npz"), *load_moments("samples.npz"))
    """
    content = npz_file.read(path, _WHAT, _REMEDY)
    with npz_file.damage_told(path, content, _WHAT, _REMEDY):
        found = npz_file.arrays(content, _ARRAYS)
    if set(found) != set(_ARRAYS):
        names = npz_file.names(content)
        raise ValueError(
            f"{_WHAT} holds the arrays mu and sigma. Received: {str(path)!r} with "
            f"{', '.join(names) or 'nothing'}. {_remedy_of(names)}"
        )
    try:
        return _checked(found["mu"], found["sigma"])
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is no file of mu and sigma. {error}") from error


def save_moments(path: str | os.PathLike[str], mean: ArrayLike, cov: ArrayLike) -> None:
    """Write a mean and a covariance to an .npz file that pytorch-fid, clean-fid and TTUR read.

    The file is written whole or not at all. Those tools compare features of the reference
    Inception alone; take the statistics from an extractor that follows the tool,
    `inception.frozen_inception(path, tool=...)`.

    Args:
        path: the file, whose name ends in .npz.
        mean: (d,).
        cov: (d, d), unbiased, as `FeatureStatistics.cov` is.

    Raises:
        OSError: if the file cannot be written.
        ValueError: if the name does not end in .npz, a shape is another, a number is not finite, or
            `cov` is not symmetric or has negative eigenvalues.

    Example:
        >>> save_moments("samples.npz", statistics.mean, statistics.cov)
    """
    path = npz_file.check_suffix(path, _WHAT)
    mu, sigma = _checked(mean, cov, names=("mean", "cov"))
    with replacing(path) as partial:
        np.savez(partial, mu=mu, sigma=sigma)


def is_moments(path: str | os.PathLike[str]) -> bool:
    """Whether a file that can be read holds the arrays mu and sigma.

    Raises:
        OSError: If there is no such file, or it cannot be read.
    """
    return set(_ARRAYS) <= set(npz_file.names(npz_file.read(path, _WHAT, _REMEDY)))


def _checked(mu, sigma, names=_ARRAYS):
    arrays = {
        name: check_reals(name, value) for name, value in zip(names, (mu, sigma), strict=True)
    }
    mu, sigma = arrays.values()
    if not mu.size or mu.shape != (mu.size,) or sigma.shape != (mu.size, mu.size):
        shapes = " and ".join(f"{name} of shape {x.shape}" for name, x in arrays.items())
        raise ValueError(
            f"`{names[0]}` must have shape (d,) and `{names[1]}` (d, d), d at least 1. Received: "
            f"{shapes}. {_REMEDY}"
        )
    for name, array in arrays.items():
        check_finite(name, array, _REMEDY, frechet.LARGEST)
    frechet.root(names[1], sigma)
    return Moments(mu, sigma)


def _remedy_of(names):
    if {"mean", "cov", "sample"} <= set(names):
        return "Read what `Reference.save` wrote by `Reference.load`."
    return _REMEDY

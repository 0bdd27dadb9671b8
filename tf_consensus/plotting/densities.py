"""Densities of 2-D samples, as pictures.

The densities of a picture share one scale: equal colours are equal densities, and the darkest
stands for the target's peak and all above. Shade grows with the square root of the density, or
widely spread samples would be too faint to see.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike

from tf_consensus.plotting.checks import check_mapping
from tf_consensus.support.arrays import check_reals
from tf_consensus.support.checks import check_float, check_int


def density(
    samples: ArrayLike, extent: float = 1.6, bins: int = 200, bandwidth: float = 0.05
) -> np.ndarray:
    """Estimates the density of 2-D samples on a grid over the box [-extent, extent]².

    It is a histogram smoothed by a Gaussian, (1/n) Σᵢ N(x; xᵢ, bandwidth²): the kernel density
    estimate up to rounding each sample to its cell, in milliseconds for any number of samples.
    Samples outside the box count in n, but their kernels do not reach in.

    Args:
        samples: Points, of shape (n, 2).
        extent: Half the side of the box.
        bins: Cells per side.
        bandwidth: Standard deviation of the kernel, in the units of the samples.

    Returns:
        Array (bins, bins) of density per unit area; rows are y upwards, columns x.

    Raises:
        ValueError: If the samples are not of shape (n, 2), n at least 1, or not finite, or a number
            is not positive.

    Example:
        >>> grid = density([[0.0, 0.0], [1.0, 0.5]])
        >>> round(float(grid.sum() * (3.2 / 200) ** 2), 3)
        1.0
    """
    extent = check_float("extent", extent, zero=False)
    bandwidth = check_float("bandwidth", bandwidth, zero=False)
    bins = check_int("bins", bins, minimum=1)
    points = _points(samples)
    if not len(points) or not np.isfinite(points).all():
        bad = int(np.sum(~np.isfinite(points).all(axis=1)))
        raise ValueError(
            f"A density needs finite samples. Received: {len(points)}, of which {bad} are NaN or "
            "infinite. Leave out what has diverged."
        )
    x, y = points.T
    box = [[-extent, extent]] * 2
    counts, _, _ = np.histogram2d(y, x, bins=bins, range=box)
    cell = 2.0 * extent / bins
    smooth = scipy.ndimage.gaussian_filter(counts, bandwidth / cell, mode="constant")
    return smooth / (len(x) * cell**2)


def _points(samples):
    points = check_reals("samples", samples)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            f"Samples must be points in the plane, of shape (n, 2). Received: shape={points.shape}."
            " Take two columns, e.g. `samples[:, :2]`."
        )
    return points


def check_rows(name: str, rows: Mapping[str, Sequence], titles: Sequence[str]) -> None:
    """Raises if there is nothing to draw, or more samples than titles."""
    check_mapping(name, rows, "a list of arrays of samples")
    if isinstance(titles, str) or not isinstance(titles, Sequence | range):
        raise ValueError(
            f"`titles` must be a list. Received: titles={titles!r}. Pass one per column of samples."
        )
    for method, arrays in rows.items():
        if not isinstance(arrays, Sequence | np.ndarray) or isinstance(arrays, str):
            raise ValueError(
                f"Each of `{name}` must be a list of arrays. Received: {arrays!r} for {method!r}. "
                "Pass e.g. [samples]."
            )
    if not rows or len(titles) == 0:
        raise ValueError(
            f"`{name}` must hold a method, and `titles` a title, at least. Received: "
            f"{name} of {list(rows)}, titles={list(titles)}. "
            "Pass e.g. {'consensus': [samples]}, ['0']."
        )
    for method, arrays in rows.items():
        if len(arrays) > len(titles):
            raise ValueError(
                "No method may have more arrays of samples than there are titles. Received: "
                f"{len(arrays)} arrays for {method!r}, {len(titles)} titles. Add titles."
            )


def even_lightness(name: str, size: int) -> np.ndarray:
    """Resamples a colour map to equal steps of lightness, so that it is perceptually uniform."""
    import matplotlib

    rgb = matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lightness = np.cbrt(linear @ [0.2126, 0.7152, 0.0722])
    even = np.linspace(lightness[0], lightness[-1], size)
    # The maps darken, and np.interp wants increasing abscissae.
    return np.stack([np.interp(-even, -lightness, channel) for channel in rgb.T], axis=1)


def padded(arrays: Sequence[ArrayLike | None], length: int) -> list[ArrayLike | None]:
    """The arrays, then None for those that are missing."""
    return [*arrays, *[None] * (length - len(arrays))]


def peak_density(arrays: Sequence[ArrayLike | None], extent: float) -> float:
    """Returns the highest density, that of the darkest colour; never 0, as it divides."""
    drawn = [density(samples, extent).max() for samples in arrays if samples is not None]
    return max([*drawn, np.finfo(np.float64).tiny])


def shades(samples: ArrayLike, extent: float, peak: float, bins: int = 200) -> np.ndarray:
    """How dark the density is drawn, 0 to 1."""
    return np.sqrt(np.minimum(density(samples, extent, bins) / peak, 1.0))


def message_instead(samples: ArrayLike | None, extent: float) -> str | None:
    """Says why there is no density to draw, if there is none."""
    if samples is None:
        return "–"
    points = _points(samples)
    if not np.isfinite(points).all():
        return f"diverged ({'NaN' if np.isnan(points).any() else 'infinite'})"
    inside = (np.abs(points) <= extent).all(axis=1).any()
    return None if inside else "no samples\nin the box"

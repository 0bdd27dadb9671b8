"""Densities of 2-D samples, as pictures.

The densities of a picture share one scale: equal colours are equal densities, and the darkest
stands for the target's peak and all above. Shade grows with the square root of the density, or
widely spread samples would be too faint to see.
"""

import os
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

from tf_consensus.plotting.style import saved

_FRAME_GREY = "0.7"


def density(samples, extent: float = 1.6, bins: int = 200, bandwidth: float = 0.05) -> np.ndarray:
    """Estimates the density of 2-D samples on a grid over the box [-extent, extent]².

    A histogram smoothed by a Gaussian, (1/n) Σᵢ N(x; xᵢ, bandwidth²): the kernel density
    estimate up to rounding each sample to its cell, in milliseconds for any number of samples.
    Samples outside the box count in n, but their kernels do not reach in.

    Args:
        samples: Points, of shape (n, 2).
        extent: Half the side of the box.
        bins: Cells a side.
        bandwidth: Standard deviation of the kernel, in the units of the samples.

    Returns:
        Array (bins, bins) of density a unit area; rows are y upwards, columns x.

    Raises:
        ValueError: If the samples are not of shape (n, 2).

    Example:
        >>> grid = density([[0.0, 0.0], [1.0, 0.5]])
        >>> round(float(grid.sum() * (3.2 / 200) ** 2), 3)
        1.0
    """
    x, y = _points(samples).T
    box = [[-extent, extent]] * 2
    counts, _, _ = np.histogram2d(y, x, bins=bins, range=box)
    cell = 2.0 * extent / bins
    smooth = gaussian_filter(counts, bandwidth / cell, mode="constant")
    return smooth / (max(len(x), 1) * cell**2)


def density_grid(
    rows: Mapping[str, Sequence],
    titles: Sequence[str],
    target,
    extent: float = 1.6,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draws densities over training, a method a row, the target in red at the end of each.

    Args:
        rows: For each method its samples (n, 2), one array a column. A row may be shorter than
            the others or hold None: such a panel shows a dash.
        titles: Titles of the columns, e.g. the iterations "0", "5000", "10000".
        target: Samples (n, 2) of the target.
        extent: Half the side of the box that every panel shows.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no rows, a row has more columns than titles, or samples are not
            of shape (n, 2).

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(2, 500, 2))
        >>> figure = density_grid({"SimGA": [noise[0]]}, ["0"], target=noise[1])
        >>> len(figure.axes)
        2

    Reference: Mescheder, Nowozin, Geiger, "The Numerics of GANs", figure 2.
    """
    check_rows("rows", rows, titles)
    columns = len(titles) + 1
    figure = Figure(figsize=(1.65 * columns + 0.4, 1.65 * len(rows) + 0.4), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    peak = peak_density([target], extent)
    for axis, title in zip(axes[0], [*titles, "target"], strict=True):
        axis.set_title(title, fontsize=11)
    for line, (method, arrays) in zip(axes, rows.items(), strict=True):
        for axis, samples in zip(line, padded(arrays, columns - 1), strict=False):
            _draw_density(axis, samples, extent, peak, "Blues")
        _draw_density(line[-1], target, extent, peak, "Reds")
        line[0].set_ylabel(method, fontsize=11)
    # The limits are those of every panel, so one corner states them for all.
    _draw_limits(axes[-1, 0], extent)
    figure.align_ylabels(axes[:, 0])
    return saved(figure, path)


def density_table(
    rows: Mapping[str, Mapping],
    targets: Mapping[str, np.ndarray],
    extent: float = 1.6,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draws the densities of several methods, a row a method, on several targets, a column each.

    The last row holds the targets, in red. Each column has a scale of its own, as `density_grid`
    has: the darkest colour is the peak of its target.

    Args:
        rows: For each method its samples (n, 2), by target. A panel without samples shows a dash,
            one of samples that are not finite says so.
        targets: Samples (n, 2) of each target, by name.
        extent: Half the side of the box that every panel shows.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no rows or no targets, a row has samples for an unknown target,
            or samples are not of shape (n, 2).

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(2, 500, 2))
        >>> figure = density_table({"SimGA": {"noise": noise[0]}}, {"noise": noise[1]})
        >>> [axis.get_title() for axis in figure.axes]
        ['noise', '']

    Reference: Mescheder, Geiger, Nowozin, "Which Training Methods for GANs do actually Converge?".
    """
    _check_table(rows, targets)
    size = (1.25 * len(targets) + 0.4, 1.25 * (len(rows) + 1) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(rows) + 1, len(targets), squeeze=False)
    for column, (name, target) in zip(axes.T, targets.items(), strict=True):
        peak = peak_density([target], extent)
        column[0].set_title(name, fontsize=10)
        for axis, samples in zip(column, rows.values(), strict=False):
            _draw_density(axis, samples.get(name), extent, peak, "Blues")
        _draw_density(column[-1], target, extent, peak, "Reds")
    for axis, method in zip(axes[:, 0], [*rows, "target"], strict=True):
        axis.set_ylabel(method, fontsize=8)
    _draw_limits(axes[-1, 0], extent)
    figure.align_ylabels(axes[:, 0])
    return saved(figure, path)


def _points(samples):
    points = np.asarray(samples, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            f"Samples must be points in the plane, of shape (n, 2). Received: shape={points.shape}."
            " Take two columns, e.g. `samples[:, :2]`."
        )
    return points


def check_rows(name, rows, titles):
    """Raises if there is nothing to draw, or more samples than titles."""
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


def _check_table(rows, targets):
    if not rows or not targets:
        raise ValueError(
            "`rows` must hold a method, and `targets` a target, at least. Received: rows of "
            f"{list(rows)}, targets of {list(targets)}. "
            "Pass e.g. {'consensus': {'circle': samples}}, {'circle': samples}."
        )
    for method, samples in rows.items():
        if unknown := [name for name in samples if name not in targets]:
            raise ValueError(
                "Every method's samples must be of one of the targets. Received: samples of "
                f"{unknown} for {method!r}. Choose from {list(targets)}."
            )


def even_lightness(name, size):
    """Resamples a colour map to equal steps of lightness, so that it is perceptually uniform."""
    rgb = matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lightness = np.cbrt(linear @ [0.2126, 0.7152, 0.0722])
    even = np.linspace(lightness[0], lightness[-1], size)
    # The maps darken, and np.interp wants increasing abscissae.
    return np.stack([np.interp(-even, -lightness, channel) for channel in rgb.T], axis=1)


def padded(arrays, length):
    """The arrays, and None for those that lack."""
    return [*arrays, *[None] * (length - len(arrays))]


def peak_density(arrays, extent):
    """Returns the highest density, that of the darkest colour; never 0, as it divides."""
    drawn = [density(samples, extent).max() for samples in arrays if samples is not None]
    return max([*drawn, np.finfo(np.float64).tiny])


def shades(samples, extent, peak, bins=200):
    """How dark the density is drawn, 0 to 1."""
    return np.sqrt(np.minimum(density(samples, extent, bins) / peak, 1.0))


def message_instead(samples, extent):
    """Says why there is no density to draw, if there is none."""
    if samples is None:
        return "–"
    points = _points(samples)
    if not np.isfinite(points).all():
        return f"diverged ({'NaN' if np.isnan(points).any() else 'infinite'})"
    inside = (np.abs(points) <= extent).all(axis=1).any()
    return None if inside else "no samples\nin the box"


def _draw_density(axis, samples, extent, peak, colors):
    axis.set(xlim=(-extent, extent), ylim=(-extent, extent), xticks=[], yticks=[], aspect="equal")
    for spine in axis.spines.values():
        spine.set_color(_FRAME_GREY)
    if message := message_instead(samples, extent):
        axis.text(0, 0, message, ha="center", va="center", color="0.35", fontsize=9)
        return
    shade = shades(samples, extent, peak)
    cmap = ListedColormap(even_lightness(colors, 256))
    box = (-extent, extent, -extent, extent)
    axis.imshow(shade, cmap=cmap, vmin=0, vmax=1, origin="lower", extent=box)


def _draw_limits(axis, extent):
    axis.set(xticks=[-extent, extent], yticks=[-extent, extent])
    axis.tick_params(labelsize=8, length=2)
    # Kept within the panel's sides, the labels push no other panel away.
    for label, side in zip(axis.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)
    for label, side in zip(axis.get_yticklabels(), ("bottom", "top"), strict=True):
        label.set_verticalalignment(side)

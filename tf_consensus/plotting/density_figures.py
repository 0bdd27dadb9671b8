"""Densities of 2-D samples as figures: over training, and of several targets."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.plotting.checks import check_mapping
from tf_consensus.plotting.densities import (
    check_rows,
    even_lightness,
    message_instead,
    padded,
    peak_density,
    shades,
)
from tf_consensus.plotting.style import LARGE, MEDIUM, SMALL, new_figure, saved
from tf_consensus.support.checks import check_float

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FRAME_GREY = "0.7"


def density_grid(
    rows: Mapping[str, Sequence],
    titles: Sequence[str],
    target: ArrayLike,
    extent: float = 1.6,
    path: str | os.PathLike | None = None,
) -> "Figure":
    """Draws densities over training, one row per method, the target in red at the end of each.

    Args:
        rows: For each method its samples (n, 2), one array per column. A row may be shorter than
            the others or hold None: such a panel shows a dash.
        titles: Titles of the columns, e.g. the iterations "0", "5000", "10000".
        target: Samples (n, 2) of the target.
        extent: Half the side of the box that every panel shows.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        OSError: If the file cannot be written; an old one is then still in its place.
        ValueError: If there are no rows, a row has more columns than titles, samples are not of
            shape (n, 2), the target's are not finite, or the suffix is of no format.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(2, 500, 2))
        >>> figure = density_grid({"SimGA": [noise[0]]}, ["0"], target=noise[1])
        >>> len(figure.axes)
        2

    Reference: Mescheder, Nowozin, Geiger, "The Numerics of GANs", figure 2.
    """
    check_rows("rows", rows, titles)
    extent = check_float("extent", extent, zero=False)
    columns = len(titles) + 1
    figure = new_figure(1.8 * columns + 0.4, 1.8 * len(rows) + 0.4)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    peak = peak_density([target], extent)
    for axis, title in zip(axes[0], [*titles, "target"], strict=True):
        axis.set_title(title, fontsize=LARGE)
    for line, (method, arrays) in zip(axes, rows.items(), strict=True):
        for axis, samples in zip(line, padded(arrays, columns - 1), strict=False):
            _draw_density(axis, samples, extent, peak, "Blues")
        _draw_density(line[-1], target, extent, peak, "Reds")
        line[0].set_ylabel(method, fontsize=LARGE)
    # The limits are those of every panel, so one corner states them for all.
    _draw_limits(axes[-1, 0], extent)
    figure.align_ylabels(axes[:, 0])
    return saved(figure, path)


def density_table(
    rows: Mapping[str, Mapping],
    targets: Mapping[str, np.ndarray],
    extent: float = 1.6,
    path: str | os.PathLike | None = None,
) -> "Figure":
    """Draws the densities of several methods, one per row, on several targets, one per column.

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
        OSError: If the file cannot be written; an old one is then still in its place.
        ValueError: If there are no rows or no targets, a row has samples for an unknown target,
            samples are not of shape (n, 2), a target's are not finite, or the suffix is of no
            format.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(2, 500, 2))
        >>> figure = density_table({"SimGA": {"noise": noise[0]}}, {"noise": noise[1]})
        >>> [axis.get_title() for axis in figure.axes]
        ['noise', '']

    Reference: Mescheder, Geiger, Nowozin, "Which Training Methods for GANs do actually Converge?".
    """
    _check_table(rows, targets)
    extent = check_float("extent", extent, zero=False)
    figure = new_figure(1.6 * len(targets) + 0.6, 1.6 * (len(rows) + 1) + 0.3)
    axes = figure.subplots(len(rows) + 1, len(targets), squeeze=False)
    for column, (name, target) in zip(axes.T, targets.items(), strict=True):
        peak = peak_density([target], extent)
        column[0].set_title(name, fontsize=LARGE)
        for axis, samples in zip(column, rows.values(), strict=False):
            _draw_density(axis, samples.get(name), extent, peak, "Blues")
        _draw_density(column[-1], target, extent, peak, "Reds")
    for axis, method in zip(axes[:, 0], [*rows, "target"], strict=True):
        axis.set_ylabel(_two_lines(method), fontsize=MEDIUM)
    _draw_limits(axes[-1, 0], extent)
    figure.align_ylabels(axes[:, 0])
    return saved(figure, path)


def _check_table(rows, targets):
    check_mapping("rows", rows, "a dict")
    check_mapping("targets", targets, "an array of samples")
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


def _two_lines(name):
    """A name broken between words, about in the middle, if it is longer than a panel is high."""
    words = name.split(" ")
    if len(name) <= 14 or len(words) == 1:
        return name
    cut = min(range(1, len(words)), key=lambda k: abs(2 * len(" ".join(words[:k])) - len(name)))
    return " ".join(words[:cut]) + "\n" + " ".join(words[cut:])


def _draw_density(axis, samples, extent, peak, colors):
    axis.set(xlim=(-extent, extent), ylim=(-extent, extent), xticks=[], yticks=[], aspect="equal")
    for spine in axis.spines.values():
        spine.set_color(_FRAME_GREY)
    if message := message_instead(samples, extent):
        axis.text(0, 0, message, ha="center", va="center", color="0.35", fontsize=SMALL)
        return
    shade = shades(samples, extent, peak)
    from matplotlib.colors import ListedColormap

    cmap = ListedColormap(even_lightness(colors, 256))
    box = (-extent, extent, -extent, extent)
    axis.imshow(shade, cmap=cmap, vmin=0, vmax=1, origin="lower", extent=box)


def _draw_limits(axis, extent):
    axis.set(xticks=[-extent, extent], yticks=[-extent, extent])
    axis.tick_params(labelsize=SMALL, length=2)
    # Kept within the panel's sides, the labels push no other panel away.
    for label, side in zip(axis.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)
    for label, side in zip(axis.get_yticklabels(), ("bottom", "top"), strict=True):
        label.set_verticalalignment(side)

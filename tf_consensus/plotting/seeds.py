"""Quantities over training, several seeds per method: a line and a band."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tf_consensus.plotting.checks import check_mapping, check_references, pair
from tf_consensus.plotting.methods import line_styles
from tf_consensus.plotting.style import (
    REFERENCE,
    legend_below,
    legend_height,
    legend_line,
    new_figure,
    saved,
    scale_by_logarithm,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DIVERGED = "^"


def seed_curves(
    panels: Mapping[str, Mapping],
    quantity: str,
    step_unit: str = "iterations",
    references: Mapping[str, float] | None = None,
    reference_label: str = "reference",
    path: str | os.PathLike | None = None,
) -> "Figure":
    """Draws one positive quantity over training for several seeds, a panel each, a colour a method.

    A line is the mean over the seeds, the band around it reaches from the smallest to the largest.
    Where the value of a seed is not finite the line breaks off, and a mark stands at the top. The
    axis is logarithmic.

    Args:
        panels: For each panel its methods, each a pair (steps, values), values of shape
            (seeds, steps). A method may lack in a panel.
        quantity: What the values are.
        step_unit: What the steps count.
        references: For some panels a value to draw as a dashed line.
        reference_label: What the references are.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        OSError: If the file cannot be written; an old one is then still in its place.
        ValueError: If there is nothing to draw, a reference is for no panel or not finite, steps
            and values differ in length or are no numbers, or the suffix is of no format.

    Example:
        >>> runs = {"consensus": ([100, 200], [[0.5, 0.1], [0.6, 0.2]])}
        >>> figure = seed_curves({"circle": runs}, "Wasserstein-1 distance")
        >>> [round(float(y), 2) for y in figure.axes[0].lines[0].get_ydata()]
        [0.55, 0.15]
    """
    references = check_references(references)
    _check_panels(panels, references)
    methods = list(dict.fromkeys(method for runs in panels.values() for method in runs))
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    styles, width = line_styles(methods), max(6.5, 5.2 * columns)
    figure = new_figure(width, 3.2 * lines + legend_height([*methods, reference_label], width))
    axes = list(figure.subplots(lines, columns, squeeze=False).flat)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    diverged = False
    for axis, (panel, runs) in zip(axes, panels.items(), strict=False):
        axis.set(title=panel, xlabel=step_unit, ylabel=quantity)
        scale_by_logarithm(axis)
        for method, series in runs.items():
            steps, values = _seed_series(panel, method, series)
            # Bands of many methods lie on each other.
            alpha = 0.15 / max(1, len(runs) / 4)
            _draw_seeds(axis, steps, values, styles[method], alpha, methods.index(method))
            diverged |= not np.isfinite(values).all()
        if panel in references:
            axis.axhline(references[panel], **REFERENCE)
        tidy(axis)
    legend_below(figure, _seed_legend(styles, references, reference_label, diverged))
    return saved(figure, path)


def _check_panels(panels, references):
    check_mapping("panels", panels, "a dict")
    if not any(panels.values()):
        raise ValueError(
            f"There must be a panel with a method to draw. Received: panels={dict(panels)}. "
            "Pass e.g. {'circle': {'consensus': (steps, values)}}."
        )
    if missing := [panel for panel in references if panel not in panels]:
        raise ValueError(
            "Every reference must belong to a panel. "
            f"Received: references={missing}. Choose from {list(panels)}."
        )


def _draw_seeds(axis, steps, values, style, alpha, row):
    """Draws mean and band where all seeds are finite, and marks at the top elsewhere."""
    finite = np.isfinite(values).all(axis=0)
    values = np.where(finite, values, np.nan)
    # One value makes no line.
    alone = "." if finite.sum() == 1 else None
    axis.plot(steps, values.mean(axis=0), marker=alone, **style)
    if len(values) > 1:
        band = {"color": style["color"], "alpha": alpha, "linewidth": 0}
        axis.fill_between(steps, values.min(axis=0), values.max(axis=0), **band)
    if not finite.all():
        # In the axes' own units, as infinity has no place on the scale; one row per method.
        top = {"transform": axis.get_xaxis_transform(), "clip_on": False, "linestyle": "none"}
        mark = {"color": style["color"], "marker": _DIVERGED, "markersize": 4}
        heights = np.full(np.sum(~finite), 1 - 0.03 * row)
        axis.plot(steps[~finite], heights, **mark, **top)


def _seed_series(panel, method, series):
    steps, values = pair(f"{method!r} of {panel!r}", series)
    if steps.ndim != 1 or values.shape[1:] != steps.shape or not len(values):
        raise ValueError(
            "Values must be of shape (seeds, steps), with as many columns as there are steps. "
            f"Received: shapes {steps.shape} and {values.shape} for {method!r} of {panel!r}. "
            "Pass (steps, values), one row per seed."
        )
    return steps, values


def _seed_legend(styles, references, reference_label, diverged):
    entries = [legend_line(**style, label=name) for name, style in styles.items()]
    if references:
        entries.append(legend_line(**REFERENCE, label=reference_label))
    if diverged:
        mark = {"color": "0.3", "marker": _DIVERGED, "linestyle": "none"}
        entries.append(legend_line(**mark, label="a seed has diverged"))
    return entries

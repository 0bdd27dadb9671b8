"""Quantities over training, one line per method."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tf_consensus.plotting.checks import check_mapping, check_names, check_references, pair
from tf_consensus.plotting.methods import line_styles
from tf_consensus.plotting.style import (
    REFERENCE,
    SMALL,
    axis_words,
    legend_below,
    legend_height,
    legend_line,
    new_figure,
    saved,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def training_curves(
    histories: Mapping[str, Mapping],
    quantities: Sequence[str],
    step_unit: str = "iterations",
    references: Mapping[str, float] | None = None,
    path: str | os.PathLike | None = None,
) -> "Figure":
    """Draws quantities logged over training, a panel a quantity and a colour a method.

    Args:
        histories: For each method its quantities, each a pair (steps, values) of equal length.
            A method may lack a quantity.
        quantities: The quantities to draw, in order. One whose name ends in "norm" gets a
            logarithmic axis.
        step_unit: What the steps count, e.g. "iterations" or "seconds".
        references: For some quantities a value to draw as a dashed line, e.g.
            `{"discriminator_loss": 2 * np.log(2)}`, the loss at equilibrium.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        OSError: If the file cannot be written; an old one is then still in its place.
        ValueError: If there is nothing to draw, no method has one of the quantities, a reference
            is for none of them or not finite, steps and values differ in length or are no numbers,
            or the suffix is of no format. Values that are not finite leave gaps.

    Example:
        >>> history = {"generator_loss": ([0, 100], [0.9, 0.7])}
        >>> figure = training_curves({"consensus": history}, ["generator_loss"])
        >>> figure.axes[0].get_ylabel()
        'generator loss'
    """
    references = check_references(references)
    _check_histories(histories, quantities, references)
    styles = line_styles(histories)
    width = max(5.0, 3.8 * len(quantities))
    figure = new_figure(width, 3.2 + legend_height(list(styles), width))
    panels = figure.subplots(1, len(quantities), squeeze=False)[0]
    for axis, quantity in zip(panels, quantities, strict=True):
        _draw_curves(axis, histories, quantity, styles)
        axis.set(xlabel=step_unit, ylabel=axis_words(quantity))
        if quantity in references:
            _draw_reference(axis, references[quantity])
    drawn = [name for name, history in histories.items() if set(quantities) & set(history)]
    legend_below(figure, [legend_line(**styles[name], label=name) for name in drawn])
    return saved(figure, path)


def _check_histories(histories, quantities, references):
    check_mapping("histories", histories, "a dict")
    check_names("quantities", quantities)
    if not histories or not quantities:
        raise ValueError(
            "There must be a method and a quantity to draw. Received: "
            f"histories of {list(histories)}, quantities={list(quantities)}."
            " Pass e.g. {'consensus': {'generator_loss': (steps, values)}}, ['generator_loss']."
        )
    known = set().union(*histories.values())
    for name, wanted, there in (
        ("quantities", quantities, known),
        ("references", references, quantities),
    ):
        if missing := [quantity for quantity in wanted if quantity not in there]:
            raise ValueError(
                f"Every one of `{name}` must be drawn from a history. "
                f"Received: {name}={missing}. Choose from {sorted(there)}."
            )


def _draw_curves(axis, histories, quantity, styles):
    drawn = []
    for method, history in histories.items():
        if quantity not in history:
            continue
        steps, values = _series(method, quantity, history[quantity])
        axis.plot(steps, values, **styles[method], label=method)
        drawn.append(values)
    tidy(axis)
    drawn = np.concatenate(drawn)
    # A run that broke at once may have no positive norm, which a logarithm needs.
    if quantity.endswith("norm") and (np.isfinite(drawn) & (drawn > 0)).any():
        axis.set_yscale("log")


def _series(method, quantity, series):
    steps, values = pair(f"{quantity!r} of {method!r}", series)
    if steps.ndim != 1 or steps.shape != values.shape:
        raise ValueError(
            "Steps and values must be series of one length. Received: shapes "
            f"{steps.shape} and {values.shape} for {quantity!r} of {method!r}. "
            "Pass (steps, values), one value per step."
        )
    return steps, values


def _draw_reference(axis, value):
    axis.axhline(value, **REFERENCE)
    place = {"xy": (1, value), "xycoords": ("axes fraction", "data")}
    offset = {"xytext": (2, 0), "textcoords": "offset points"}
    axis.annotate(f"{value:.3g}", **place, **offset, fontsize=SMALL, color="0.3", va="center")

"""Several quantities over training for several seeds per run: a line and a band each."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tf_consensus.plotting.checks import check_mapping, check_names, check_references, pair
from tf_consensus.plotting.methods import line_styles
from tf_consensus.plotting.style import (
    REFERENCE,
    axis_words,
    legend_below,
    legend_height,
    legend_line,
    new_figure,
    saved,
    tidy,
    words,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Counts and shares, whose end is known and of which a logarithm shows the failures alone.
_LINEAR = ("modes_covered", "within_3_sigma", "within_0.05")


def run_curves(
    runs: Mapping[str, Sequence[Mapping]],
    quantities: Sequence[str],
    along: str = "step",
    references: Mapping[str, float] | None = None,
    path: str | os.PathLike | None = None,
) -> "Figure":
    """Draws logged quantities, a panel a quantity and a colour a run.

    A line is the mean over the run's seeds, the band around it reaches from the smallest to the
    largest. Seeds that were logged at different places, as along seconds, are interpolated between
    their own, from the latest of their first places to the earliest of their last. Quantities that
    are positive and range over more than two powers of ten get a logarithmic axis, except counts of
    modes and shares of samples.

    Args:
        runs: For each run its logs, one per seed: columns of equal length by name, one of which is
            `along`. Rows in which a quantity is NaN were not measured, and are left out; a seed
            may lack a quantity.
        quantities: Names of the columns to draw.
        along: Name of the column of the abscissae, such as "step" or "seconds".
        references: For some quantities a value to draw as a dashed line.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        OSError: If the file cannot be written; an old one is then still in its place.
        ValueError: If there is nothing to draw, no run has one of the quantities, a reference is
            for none of them or not finite, columns differ in length or are no numbers, or the
            suffix is of no format.

    Example:
        >>> log = {"step": [100, 200, 300], "fid": [90.0, float("nan"), 30.0]}
        >>> figure = run_curves({"consensus": [log]}, ["fid"])
        >>> figure.axes[0].lines[0].get_xdata().tolist()
        [100.0, 300.0]
    """
    references = check_references(references)
    _check(runs, quantities, along, references)
    columns = min(3, len(quantities))
    rows = -(-len(quantities) // columns)
    styles = line_styles(runs)
    width = max(6.5, 4.0 * columns)
    figure = new_figure(width, 3.4 * rows + legend_height(list(styles), width))
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis in axes[len(quantities) :]:
        axis.set_axis_off()
    # Bands of many runs lie on each other.
    alpha = 0.15 / max(1, len(runs) / 4)
    for axis, quantity in zip(axes, quantities, strict=False):
        drawn = [
            _draw(axis, *mean_and_range(logs, quantity, along), styles[name], alpha)
            for name, logs in runs.items()
        ]
        if quantity not in _LINEAR:
            _scale(axis, np.concatenate(drawn))
        axis.set(xlabel=words(along), ylabel=axis_words(quantity))
        tidy(axis)
        if quantity in references:
            axis.axhline(references[quantity], **REFERENCE)
    legend_below(figure, [legend_line(**style, label=name) for name, style in styles.items()])
    return saved(figure, path)


def mean_and_range(
    logs: Sequence[Mapping], quantity: str, along: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Places, mean, smallest and largest value over the seeds; empty where no seed has any."""
    series = [pair for log in logs if len((pair := _measured(log, quantity, along))[0])]
    if not series:
        return (np.empty(0),) * 4
    places = series[0][0]
    if any(len(x) != len(places) or (x != places).any() for x, _ in series):
        first, last = max(x[0] for x, _ in series), min(x[-1] for x, _ in series)
        number = max(2, min(len(x) for x, _ in series))
        places = np.linspace(first, last, number)
    values = np.stack([np.interp(places, x, y) for x, y in series])
    return places, values.mean(axis=0), values.min(axis=0), values.max(axis=0)


def _measured(log, quantity, along):
    if quantity not in log:
        return np.empty(0), np.empty(0)
    x, y = pair(quantity, (log[along], log[quantity]))
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(
            "Columns of a log must be series of one length. Received: "
            f"{along} of shape {x.shape} and {quantity} of shape {y.shape}. "
            "Pass one value per row, NaN where there is none."
        )
    there = np.isfinite(y)
    return x[there], y[there]


def _draw(axis, places, mean, low, high, style, alpha):
    alone = "." if len(places) == 1 else None
    axis.plot(places, mean, marker=alone, **style)
    if (low != high).any():
        axis.fill_between(places, low, high, color=style["color"], alpha=alpha, linewidth=0)
    return mean


def _scale(axis, values):
    positive = len(values) and (values > 0).all()
    if positive and values.max() > 100 * values.min():
        axis.set_yscale("log")


def _check(runs, quantities, along, references):
    check_mapping("runs", runs, "a list of logs")
    check_names("quantities", quantities)
    check_names("along", [along])
    for name, logs in runs.items():
        if not isinstance(logs, Sequence) or isinstance(logs, str):
            raise ValueError(
                f"Each run must be a list of logs, one per seed. Received: {logs!r} for {name!r}. "
                "Pass e.g. [{'step': steps, 'fid': values}]."
            )
        for log in logs:
            check_mapping(f"log of {name}", log, "a column")
    if not any(runs.values()) or not quantities:
        raise ValueError(
            "There must be a run with a log, and a quantity to draw. Received: "
            f"runs of {list(runs)}, quantities={list(quantities)}. "
            "Pass e.g. {'consensus': [{'step': steps, 'fid': values}]}, ['fid']."
        )
    logs = [log for run in runs.values() for log in run]
    known = set().union(*logs)
    if missing := [name for name in quantities if name not in known]:
        raise ValueError(
            "Every one of `quantities` must be in a log. "
            f"Received: quantities={missing}. Choose from {sorted(known)}."
        )
    if missing := [name for name in references if name not in quantities]:
        raise ValueError(
            "Every reference must be for one of `quantities`. Received: "
            f"references={missing}. Choose from {list(quantities)}."
        )
    if any(along not in log for log in logs):
        raise ValueError(
            "Every log must have the column of the abscissae. "
            f"Received: along={along!r}. Choose from {sorted(set.intersection(*map(set, logs)))}."
        )

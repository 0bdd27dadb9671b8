"""A run's best and final result against a setting."""

import os
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from tf_consensus.plotting.checks import check_mapping, check_names
from tf_consensus.plotting.methods import line_styles
from tf_consensus.plotting.style import (
    axis_words,
    legend_below,
    legend_height,
    legend_line,
    new_figure,
    saved,
    tidy,
)
from tf_consensus.support.arrays import check_reals
from tf_consensus.support.checks import is_real

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def sweep_curves(
    sweeps: Mapping[str, Mapping],
    quantities: Sequence[str],
    setting: str,
    path: str | os.PathLike | None = None,
) -> "Figure":
    """Draws what training reached against a setting such as the learning rate, a panel a quantity.

    The final value is a solid line with filled marks, the best one a dotted line with hollow ones;
    both are means over the seeds, whose single values are small dots. A method has a colour and a
    mark. The axis of the setting is
    logarithmic and names the values tried. How far the lines lie apart tells how much is lost again
    after the best.

    Args:
        sweeps: For each method, by value of the setting, by quantity, a list of pairs (best,
            final), one per seed.
        quantities: The quantities to draw.
        setting: What is swept, for the axis.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        OSError: If the file cannot be written; an old one is then still in its place.
        ValueError: If there is nothing to draw, a value of the setting is not positive, a result is
            no pair of finite numbers, or the suffix is of no format.

    Example:
        >>> sweep = {1.0: {"fid": [(20.0, 25.0)]}, 10.0: {"fid": [(18.0, 18.5)]}}
        >>> figure = sweep_curves({"consensus": sweep}, ["fid"], "gamma")
        >>> figure.axes[0].get_xscale()
        'log'
    """
    from matplotlib.ticker import NullLocator

    _check(sweeps, quantities, setting)
    styles, width = line_styles(sweeps), max(6.5, 4.4 * len(quantities))
    figure = new_figure(width, 3.4 + legend_height([*styles, *_MARKS], width))
    axes = figure.subplots(1, len(quantities), squeeze=False)[0]
    values = sorted({value for sweep in sweeps.values() for value in sweep})
    for axis, quantity in zip(axes, quantities, strict=True):
        for marker, (name, sweep) in zip(cycle(_METHOD_MARKERS), sweeps.items(), strict=False):
            _draw(axis, sweep, quantity, styles[name]["color"], marker)
        axis.set(xscale="log", xlabel=setting, ylabel=axis_words(quantity))
        axis.set_xticks(values, [f"{value:g}" for value in values])
        # Those of a logarithmic axis would overlap where the values lie within a decade.
        axis.xaxis.set_minor_locator(NullLocator())
        if not axis.lines or all(len(line.get_xdata()) == 0 for line in axis.lines):
            axis.text(0.5, 0.5, "not measured", transform=axis.transAxes, ha="center", color="0.35")
        tidy(axis)
    entries = [
        legend_line(color=style["color"], marker=marker, linestyle="none", label=name)
        for marker, (name, style) in zip(cycle(_METHOD_MARKERS), styles.items(), strict=False)
    ]
    entries += [legend_line(color="0.3", label=key, **_MARKS[key]) for key in _MARKS]
    legend_below(figure, entries)
    return saved(figure, path)


# Dashes and filling tell best from final, so markers tell methods of one colour apart.
_METHOD_MARKERS = "osD^vPX*"
_MARKS = {
    "best": {"linestyle": ":", "marker": "o", "markerfacecolor": "none", "markersize": 7},
    "final": {"linestyle": "-", "marker": "o", "markersize": 6},
}


def _draw(axis, sweep, quantity, color, marker):
    values = sorted(value for value in sweep if sweep[value].get(quantity))
    for column, marks in enumerate(_MARKS.values()):
        seeds = [[pair[column] for pair in sweep[value][quantity]] for value in values]
        look = {"color": color, "linewidth": 1.8} | marks | {"marker": marker}
        axis.plot(values, [np.mean(s) for s in seeds], **look)
        for value, results in zip(values, seeds, strict=True):
            if len(results) > 1:
                axis.plot([value] * len(results), results, ".", color=color, markersize=3)


def _check(sweeps, quantities, setting):
    check_mapping("sweeps", sweeps, "a dict")
    check_names("quantities", quantities)
    check_names("setting", [setting])
    if not any(sweeps.values()) or not quantities:
        raise ValueError(
            "There must be a method with values, and a quantity to draw. Received: "
            f"sweeps of {list(sweeps)}, quantities={list(quantities)}. "
            "Pass e.g. {'consensus': {10.0: {'fid': [(18.0, 18.5)]}}}, ['fid']."
        )
    if bad := [x for sweep in sweeps.values() for x in sweep if not (is_real(x) and x > 0)]:
        raise ValueError(
            f"Values of the setting must be positive, as its axis is logarithmic. Received: "
            f"{setting}={bad}. Leave them out."
        )
    for method, sweep in sweeps.items():
        check_mapping(f"values of {method}", sweep, "a dict")
        for results in sweep.values():
            for quantity in set(quantities) & set(results):
                _check_pairs(f"{quantity!r} of {method!r}", results[quantity])
    known = {q for sweep in sweeps.values() for results in sweep.values() for q in results}
    if not known & set(quantities):
        raise ValueError(
            "One of `quantities` must have been measured. Received: "
            f"quantities={list(quantities)}. Choose from {sorted(known)}."
        )


def _check_pairs(name, pairs):
    """Raises unless these are pairs (best, final) of finite numbers."""
    array = check_reals(name, list(pairs) if isinstance(pairs, tuple) else pairs)
    if array.size and (array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all()):
        raise ValueError(
            "Results must be pairs (best, final) of finite numbers, one per seed. Received: "
            f"{pairs!r} for {name}. Leave runs out that have diverged."
        )

"""A run's best and final result against a setting."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from tf_consensus.plotting.style import line_style, saved, tidy, words


def sweep_curves(
    sweeps: Mapping[str, Mapping],
    quantities: Sequence[str],
    setting: str,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draws what training reached against a setting such as the learning rate, a panel a quantity.

    The final value is a solid line with dots, the best one a dotted line with circles; both are
    means over the seeds, whose single values are small dots. The axis of the setting is
    logarithmic and names the values tried. How far the lines lie apart tells how much is lost again
    after the best.

    Args:
        sweeps: For each method, by value of the setting, by quantity, a list of pairs (best,
            final), one a seed.
        quantities: The quantities to draw.
        setting: What is swept, for the axis.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        ValueError: If there is nothing to draw, or a value of the setting is not positive.

    Example:
        >>> sweep = {1.0: {"fid": [(20.0, 25.0)]}, 10.0: {"fid": [(18.0, 18.5)]}}
        >>> figure = sweep_curves({"consensus": sweep}, ["fid"], "gamma")
        >>> figure.axes[0].get_xscale()
        'log'
    """
    _check(sweeps, quantities, setting)
    figure = Figure(figsize=(4.4 * len(quantities) + 2.6, 3.4), layout="constrained")
    axes = figure.subplots(1, len(quantities), squeeze=False)[0]
    values = sorted({value for sweep in sweeps.values() for value in sweep})
    for axis, quantity in zip(axes, quantities, strict=True):
        for index, sweep in enumerate(sweeps.values()):
            _draw(axis, sweep, quantity, line_style(index))
        axis.set(xscale="log", xlabel=setting, ylabel=words(quantity))
        axis.set_xticks(values, [f"{value:g}" for value in values])
        # Those of a logarithmic axis would overlap where the values lie within a decade.
        axis.xaxis.set_minor_locator(NullLocator())
        tidy(axis)
    entries = [Line2D([], [], **line_style(k), label=name) for k, name in enumerate(sweeps)]
    entries += [Line2D([], [], color="0.3", label=key, **_MARKS[key]) for key in _MARKS]
    figure.legend(handles=entries, loc="outside right center", frameon=False, fontsize=9)
    return saved(figure, path)


_MARKS = {
    "best": {"linestyle": ":", "marker": "o", "markerfacecolor": "none", "markersize": 5},
    "final": {"linestyle": "-", "marker": "o", "markersize": 4},
}


def _draw(axis, sweep, quantity, style):
    values = sorted(value for value in sweep if sweep[value].get(quantity))
    for column, marks in enumerate(_MARKS.values()):
        seeds = [[pair[column] for pair in sweep[value][quantity]] for value in values]
        axis.plot(values, [np.mean(s) for s in seeds], color=style["color"], linewidth=1.2, **marks)
        for value, results in zip(values, seeds, strict=True):
            if len(results) > 1:
                axis.plot([value] * len(results), results, ".", color=style["color"], markersize=2)


def _check(sweeps, quantities, setting):
    if not any(sweeps.values()) or not quantities:
        raise ValueError(
            "There must be a method with values, and a quantity to draw. Received: "
            f"sweeps of {list(sweeps)}, quantities={list(quantities)}. "
            "Pass e.g. {'consensus': {10.0: {'fid': [(18.0, 18.5)]}}}, ['fid']."
        )
    if bad := [value for sweep in sweeps.values() for value in sweep if not value > 0]:
        raise ValueError(
            f"Values of the setting must be positive, as its axis is logarithmic. Received: "
            f"{setting}={bad}. Leave them out."
        )

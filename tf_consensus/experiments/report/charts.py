"""Curves as a picture in the page: SVG in the page's own colours and letters."""

from collections.abc import Sequence

import numpy as np

from tf_consensus.experiments.report.curves import Curve
from tf_consensus.experiments.report.scales import Scale, scale_of
from tf_consensus.experiments.report.text import as_json, escape, number

# Sizes of the picture, in its own units, and of the part within the axes.
WIDTH, HEIGHT = 440, 250
RIGHT, TOP, BOTTOM = 428, 10, 214
# Width of a letter of the labels.
_LETTER = 6.8
# Up to this number of points, each is marked.
_MARKED = 40
# If a run has more curves than there are colours, dashes tell them apart.
COLORS = 7


def chart(title: str, curves: Sequence[Curve], along: str, keyed: bool = True) -> str:
    """A figure: title, legend if there are several curves, and their picture.

    Args:
        title: What is drawn.
        curves: Curves of one quantity, or of several of one kind.
        along: Name of the horizontal axis.
        keyed: Whether the figure has a legend of its own.
    """
    good = [curve.y[np.isfinite(curve.y)] for curve in curves]
    y = scale_of(np.concatenate(good), room=0.05)
    x = scale_of(np.concatenate([curve.x for curve in curves]), may_be_log=False)
    data = [_data(curve) for curve in curves]
    axes = {"x": [x.low, x.high], "y": [y.low, y.high], "log": y.log, "along": along}
    left = 12 + _LETTER * max((len(label) for _, label in y.labels()), default=0)
    axes["box"] = [left, RIGHT, TOP, BOTTOM]
    drawn = "".join(_curve(curve, x, y, left) for curve in curves)
    name = f"{title} over {along}" + ", logarithmic" * y.log
    return (
        f'<figure class="chart along-{escape(along)}">\n'
        f"<figcaption><strong>{escape(title)}</strong>{' (logarithmic)' * y.log}"
        f"{legend([(c.label, c.number) for c in curves]) if keyed else ''}"
        f'<output class="readout">{escape(_latest(curves))}</output></figcaption>\n'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" tabindex="0" '
        f'aria-label="{escape(f"{name}: {_summary(curves)}")}" '
        f'data-axes="{as_json(axes)}" data-curves="{as_json(data)}">\n'
        f"{_axes(x, y, along, left)}{drawn}</svg>\n{_gaps(curves, along)}</figure>\n"
    )


def legend(entries: Sequence[tuple[str, int]]) -> str:
    """The legend of the colours; nothing for a single curve."""
    if len(entries) < 2:
        return ""
    keys = "".join(
        f'<li><svg viewBox="0 0 24 8" aria-hidden="true"><path d="M0 4H24" '
        f'class="curve {_look(index)}"></path></svg>{escape(label)}</li>'
        for label, index in entries
    )
    return f'<ul class="legend">{keys}</ul>'


def _look(index):
    return f"c{index % COLORS} d{index // COLORS % 4}"


def _axes(x: Scale, y: Scale, along, left):
    parts = ['<g class="axes">']
    for tick, label in y.labels():
        at = BOTTOM - (BOTTOM - TOP) * float(y(tick))
        parts.append(f'<path class="grid" d="M{left:g} {at:.1f}H{RIGHT}"></path>')
        parts.append(f'<text x="{left - 6:g}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    for tick, label in x.labels():
        at = left + (RIGHT - left) * float(x(tick))
        parts.append(f'<path d="M{at:.1f} {BOTTOM}v4"></path>')
        parts.append(f'<text x="{at:.1f}" y="{BOTTOM + 17}" text-anchor="middle">{label}</text>')
    parts.append(f'<path d="M{left:g} {TOP}V{BOTTOM}H{RIGHT}"></path>')
    middle = (left + RIGHT) / 2
    parts.append(
        f'<text x="{middle:g}" y="{HEIGHT - 3}" text-anchor="middle">{escape(along)}</text></g>\n'
    )
    return "".join(parts)


def _curve(curve, x, y, left):
    """One path per stretch without gaps, and a dot for a stretch of one point."""
    there = np.isfinite(curve.y)
    at = left + (RIGHT - left) * x(curve.x)
    up = np.full(len(at), np.nan)
    up[there] = BOTTOM - (BOTTOM - TOP) * y(curve.y[there])
    cuts = np.flatnonzero(np.diff(there.astype(int))) + 1
    stretches = [
        rows for rows in np.split(np.arange(len(at)), cuts) if len(rows) and there[rows[0]]
    ]
    lines = "".join(
        "M" + "L".join(f"{at[i]:.1f} {up[i]:.1f}" for i in rows)
        for rows in stretches
        if len(rows) > 1
    )
    few = there.sum() <= _MARKED
    dots = [i for rows in stretches for i in rows if few or len(rows) == 1]
    path = f'<path class="curve {_look(curve.number)}" d="{lines}"></path>' if lines else ""
    circles = "".join(f'<circle cx="{at[i]:.1f}" cy="{up[i]:.1f}" r="2.2"></circle>' for i in dots)
    return f'{path}<g class="dots {_look(curve.number)}">{circles}</g>\n'


def _data(curve):
    """The data that the page shows when a point is pointed at."""
    there = np.isfinite(curve.y)
    return {
        "label": curve.label,
        "look": _look(curve.number),
        "x": [float(f"{value:.9g}") for value in curve.x[there]],
        "y": [float(f"{value:.5g}") for value in curve.y[there]],
    }


def _latest(curves):
    parts = []
    for curve in curves:
        name = f"{curve.label} " if len(curves) > 1 else ""
        finite = np.isfinite(curve.y[-1:]).any()
        parts.append(f"{name}{number(curve.y[-1]) if finite else 'not finite'}")
    return f"last: {', '.join(parts)}" if len(parts) <= 4 else ""


def _summary(curves):
    parts = []
    for curve in curves:
        good = curve.y[np.isfinite(curve.y)]
        ends = "never finite"
        if len(good):
            ends = f"from {number(good[0])} to {number(good[-1])}, "
            ends += f"between {number(good.min())} and {number(good.max())}"
        parts.append(f"{curve.label} {ends}")
    return "; ".join(parts)


def _gaps(curves, along):
    """Says where values are not finite, which a picture cannot show."""
    said = []
    for curve in curves:
        gone = curve.x[~np.isfinite(curve.y)]
        if len(gone):
            where = f"{along} {number(gone[0], 6)}"
            if len(gone) > 1:
                where = f"places from {where} to {number(gone[-1], 6)}"
            said.append(f"{curve.label} is not finite at {where}.")
    return f'<p class="note">{escape(" ".join(said))}</p>\n' if said else ""

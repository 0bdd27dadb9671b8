"""What a run does in the long run, told by the trend of its distances to the equilibrium.

The distance at the end decides nothing: it is large after many slow steps that converge, and small
after a few that do not. The last half of a run says how the distance goes on: like ρ^t, like t^-p,
or not down at all.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# A distance below this share of the first one is 0 as far as rounding lets us see.
NOTHING = 1e-10
# Fewer steps may not hold a whole rotation, and say nothing about the trend.
FEWEST = 200
# Growth like t^0.1 or faster is moving away; a fall slower than t^-0.1 is none that a run can show.
LEAST_EXPONENT = 0.1
# Share of the variance that a fit must explain, to say that distances fall or grow.
LEAST_EXPLAINED = {"falls": 0.9, "grows": 0.5}
# Share of the speed of the first half of a fit that is left in its second half. A run that settles
# at another distance loses its speed; one that converges like t^-p keeps its exponent p.
LEAST_LEFT = {"linear": 0.5, "sublinear": 0.9}


class Trend(NamedTuple):
    """What the distances do.

    Attributes:
        kind: "linear" (they fall like ρ^t), "sublinear" (they fall like t^-p), "stays" (they come
            no closer), "grows", or "unknown" (the run is too short).
        rate: ρ of "linear", p of "sublinear"; else `None`.
    """

    kind: str
    rate: float | None = None

    @property
    def converges(self) -> bool:
        """Whether the distances go to 0."""
        return self.kind in ("linear", "sublinear")

    def __str__(self) -> str:
        return {
            "linear": f"converges like {self.rate or 0:.3g}^t",
            "sublinear": f"converges slowly, like t^-{self.rate or 0:.2g}",
            "stays": "comes no closer",
            "grows": "moves away",
            "unknown": f"too short to tell, below {FEWEST} steps",
        }[self.kind]


def trend(distances: Sequence[float] | np.ndarray) -> Trend:
    """The trend of the distances d_0, d_1, … of a run, by fits over its last half.

    Two lines are fitted, log d = a + t log ρ and log d = a - p log t, and the better one counts.
    The distance of a run that rotates swings; then its peaks alone are fitted.

    Args:
        distances: One per step, and the first one before the first step.
    """
    distances = np.asarray(distances, np.float64)
    if not np.isfinite(distances).all():
        return Trend("grows")
    gone = np.flatnonzero(distances <= NOTHING * distances[0])
    if len(gone) and gone[0] > 0:
        share = max(distances[gone[0]] / distances[0], np.finfo(np.float64).tiny)
        return Trend("linear", float(share ** (1 / gone[0])))
    if len(distances) <= FEWEST:
        return Trend("unknown")
    steps = np.arange(len(distances))[len(distances) // 2 :]
    steps, distances = _peaks(steps, distances[steps])
    return _fitted(steps, np.log(distances))


def _peaks(steps, values):
    """The local maxima if there are three at least, else all points."""
    inner = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
    rows = np.flatnonzero(inner) + 1
    return (steps[rows], values[rows]) if len(rows) >= 3 else (steps, values)


def _fitted(steps, logs):
    fits = {"linear": _line(steps, logs), "sublinear": _line(np.log(steps), logs)}
    power, explained = fits["sublinear"]
    if power >= LEAST_EXPONENT and explained >= LEAST_EXPLAINED["grows"]:
        return Trend("grows")
    kind = max(fits, key=lambda kind: fits[kind][1])
    slope, explained = fits[kind]
    if power > -LEAST_EXPONENT or explained < LEAST_EXPLAINED["falls"]:
        return Trend("stays")
    x, middle = steps if kind == "linear" else np.log(steps), len(steps) // 2
    early, _ = _line(x[: middle + 1], logs[: middle + 1])
    late, _ = _line(x[middle:], logs[middle:])
    if late > LEAST_LEFT[kind] * early:
        return Trend("stays")
    return Trend(kind, float(np.exp(slope) if kind == "linear" else -slope))


def _line(x, y):
    """Slope of the least-squares line, and the share of the variance that it explains."""
    x, y = x - x.mean(), y - y.mean()
    slope, variance = float(x @ y / (x @ x)), float(y @ y)
    return slope, slope * float(x @ y) / variance if variance > 0 else 0.0

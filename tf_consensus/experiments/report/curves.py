"""Turns the logs of runs into the curves of a page."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tf_consensus.callbacks.evaluations import MARK
from tf_consensus.experiments.report.collect import Run
from tf_consensus.plotting.style import words

LOSSES = ("generator_loss", "discriminator_loss")
NORM = "gradient_norm"
# Entries of a log that are neither losses nor scores: clocks, and the number of warnings, which the
# page shows in words.
BESIDES = ("epoch", "step", "seconds", "cpu_seconds", "ms_per_step", "advice")
# Largest number of points that a page draws per curve, and per chart.
MOST, MOST_OF_A_CHART = 1000, 12000


class Curve(NamedTuple):
    """A quantity over training.

    Attributes:
        label: The quantity's name.
        x: Places, finite, float64.
        y: Values, some of which may not be finite.
        number: Number of its colour, from 0.
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    number: int


def quantities_of(runs: Sequence[Run]) -> list[str]:
    """The quantities of the logs, in order: losses, gradient norm, other losses, scores."""
    names = list(dict.fromkeys(name for run in runs for name in run.log))
    marks = [name for name in names if is_mark(name)]
    shown = [name for name in names if name not in (*BESIDES, *marks)]
    first = [name for name in (*LOSSES, NORM) if name in shown]
    losses = [name for name in shown if name.endswith("_loss") and name not in first]
    return first + losses + [name for name in shown if name not in (*first, *losses)]


def curves_of(runs: Sequence[Run], names: Sequence[str], along: str) -> list[Curve]:
    """The runs' curves of the quantities; each run, or each quantity of one run, has a colour."""
    alone = len(runs) == 1
    found = [
        (words(name) if alone else run.label, j if alone else i, *points(run.log, name, along))
        for i, run in enumerate(runs)
        for j, name in enumerate(names)
        if name in run.log and places(run.log, along) is not None
    ]
    limit = min(MOST, max(100, MOST_OF_A_CHART // max(1, len(found))))
    return [Curve(label, *thin(x, y, limit), number) for label, number, x, y in found]


def places(log: dict[str, np.ndarray], along: str) -> np.ndarray | None:
    """The places of a log's rows along "step" or "seconds"; `None` if the log lacks them."""
    if along == "step" and "step" not in log and "epoch" in log:
        return log["epoch"] + 1
    found = log.get(along)
    return found if found is not None and np.isfinite(found).any() else None


def points(log: dict[str, np.ndarray], name: str, along: str) -> tuple[np.ndarray, np.ndarray]:
    """Places and values of the rows in which a quantity was measured."""
    x: Any = places(log, along)
    y = log[name]
    there = np.isfinite(x)
    for mark in _marks(log, name):
        if _repeats(y, log[mark] > 0):
            return x[there & (log[mark] > 0)], y[there & (log[mark] > 0)]
    return x[there], y[there]


def _marks(log, name):
    """The marks that may belong to a column, its own first: a callback logs its mark last."""
    names = list(log)
    after = [mark for mark in names[names.index(name) :] if is_mark(mark)]
    return after + [mark for mark in names if is_mark(mark) and mark not in after]


def is_mark(name: str) -> bool:
    """Whether a column of a log tells in which rows others were measured."""
    return name == MARK or name.startswith(f"{MARK}_")


def _repeats(values, measured):
    """Whether rows without a measurement repeat the last, as scores do and losses do not."""
    before = np.concatenate([values[:1], values[:-1]])
    first = np.maximum.accumulate(measured) == 0
    same = (values == before) | (np.isnan(values) & np.isnan(before))
    # Before the first measurement the log has the worst possible value.
    return not measured.all() and bool((same | first)[~measured].all())


def thin(x: np.ndarray, y: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `limit` of the points: the extremes of each stretch and the ends of its gaps."""
    if len(x) <= limit:
        return x, y
    kept = {0, len(x) - 1}
    for rows in np.array_split(np.arange(len(x)), (limit - 2) // 4):
        good = rows[np.isfinite(y[rows])]
        if len(good):
            kept |= {int(good[np.argmin(y[good])]), int(good[np.argmax(y[good])])}
        if len(good) < len(rows):
            kept |= set(rows[~np.isfinite(y[rows])][[0, -1]].tolist())
    order = sorted(kept)
    return x[order], y[order]

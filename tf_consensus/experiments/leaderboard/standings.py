"""Summaries of the runs of each row, best row first."""

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tf_consensus.experiments.leaderboard.choosing import (
    Result,
    choose,
    final,
    merit,
    robustness,
)
from tf_consensus.experiments.leaderboard.tasks import Measure, Task


class Spread(NamedTuple):
    """A number over several seeds."""

    mean: float
    low: float
    high: float


class Standing(NamedTuple):
    """How a row did on a task.

    Attributes:
        row: Its name.
        seeds: Number of full runs; 0 for a row whose points all failed in the choosing runs.
        failures: How many of the full runs failed.
        final: The last values of those that did not fail, by measure; empty if all failed.
        best: The best values of all runs, by measure; empty if there are none.
        point: The point that was chosen; `None` if every point failed.
        robustness: Share of the grid within 10 % of the best point.
        points: How many points the grid has.
        milliseconds: CPU milliseconds per step, averaged over the full runs.
        steps: Mean number of steps of the full runs.
    """

    row: str
    seeds: int
    failures: int
    final: dict[str, Spread]
    best: dict[str, Spread]
    point: dict[str, float] | None
    robustness: float
    points: int
    milliseconds: float
    steps: float

    @property
    def whole(self) -> bool:
        """Whether it has a final value to compare."""
        return bool(self.final)


def standings(
    choosing: Mapping[str, Sequence[Result]], full: Mapping[str, Sequence[Result]], task: Task
) -> list[Standing]:
    """One standing per row, ordered by fewer failures, then by a better mean of the first measure.

    Args:
        choosing: For each row the runs over its grid.
        full: The full runs of each row that has some.
        task: The task of the runs.
    """
    found = [_standing(row, runs, full.get(row, ()), task) for row, runs in choosing.items()]
    return sorted(found, key=lambda standing: _order(standing, task))


def _standing(row, choosing, full, task):
    chosen = choose(choosing, task)
    ends = [values for result in full if (values := final(result, task)) is not None]
    steps = [result["steps"] for result in full if result["steps"]]
    each = [result["ms_per_step"] for result in full if result["ms_per_step"]]
    return Standing(
        row=row,
        seeds=len(full),
        failures=len(full) - len(ends),
        final={m.name: _spread([end[m.name] for end in ends]) for m in task.measures if ends},
        best=_best(full, task.measures),
        point=None if chosen is None else chosen["point"],
        robustness=robustness(choosing, task),
        points=len(choosing),
        milliseconds=statistics.mean(each) if each else 0.0,
        steps=statistics.mean(steps) if steps else 0.0,
    )


def _best(full, measures: Sequence[Measure]):
    found = {}
    for measure in measures:
        ends = {"up": max, "down": min}
        series = [[v for r in run["rows"] if (v := r[measure.name]) is not None] for run in full]
        best = [ends[measure.direction](values) for values in series if values]
        if best:
            found[measure.name] = _spread(best)
    return found


def _spread(values):
    return Spread(statistics.mean(values), min(values), max(values))


def _order(standing, task):
    if not standing.whole:
        return (1, -standing.seeds, ())
    means = {name: spread.mean for name, spread in standing.final.items()}
    return (0, standing.failures, tuple(-value for value in merit(means, task.measures)))

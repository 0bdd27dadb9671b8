"""Finds the best point of a row's grid, and how many others are nearly as good."""

from collections.abc import Sequence
from typing import Any

from tf_consensus.experiments.leaderboard.tasks import Measure, Task

Result = dict[str, Any]
# A point counts as nearly as good if its first measure is this close to the best one.
NEAR = 0.1


def last(result: Result, task: Task) -> dict[str, float] | None:
    """The last evaluation; `None` if the run diverged or its last samples were not finite."""
    if result["diverged"] is not None or not result["rows"]:
        return None
    found = result["rows"][-1]
    return None if any(found[measure.name] is None for measure in task.measures) else found


def final(result: Result, task: Task) -> dict[str, float] | None:
    """The last evaluation of a full run; `None` if the run failed.

    A full run has failed if it has no last evaluation, or if that is on the wrong side of the
    task's bound. A short run fails only without a last evaluation: a method that takes longer per
    step may reach the bound later.
    """
    found = last(result, task)
    return None if found is None or task.failed(found) else found


def merit(values: dict[str, float], measures: Sequence[Measure]) -> tuple[float, ...]:
    """A key that is larger for better values: the first measure counts, the others break ties."""
    return tuple(
        values[measure.name] * (1 if measure.direction == "up" else -1) for measure in measures
    )


def choose(results: Sequence[Result], task: Task) -> Result | None:
    """The short run of the best point; `None` if all have failed."""
    found = [(result, values) for result in results if (values := last(result, task))]
    best = max(found, key=lambda pair: merit(pair[1], task.measures), default=None)
    return None if best is None else best[0]


def robustness(results: Sequence[Result], task: Task) -> float:
    """The share of a row's grid within 10 % of the row's best point by the first measure.

    A value is near the best value b if it is at least 0.9 b where higher is better, else at most
    1.1 b. Points that failed are not near; nothing is near a best value of 0 where higher is
    better.
    """
    measure = task.measures[0]
    values = [found[measure.name] for result in results if (found := last(result, task))]
    if not values:
        return 0.0
    if measure.direction == "up":
        best = max(values)
        return sum(best > 0 and value >= (1 - NEAR) * best for value in values) / len(results)
    best = min(values)
    return sum(value <= (1 + NEAR) * best for value in values) / len(results)

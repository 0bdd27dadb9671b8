"""Which point of a row's grid is the best, and how many others are nearly as good."""

from collections.abc import Sequence
from typing import Any

from tf_consensus.experiments.leaderboard.tasks import Measure, Task

Result = dict[str, Any]
# A point counts as nearly as good where its first measure is this close to the best one.
NEAR = 0.1


def final(result: Result, task: Task) -> dict[str, float] | None:
    """The last evaluation of a run; `None` of a run that failed.

    A run has failed if it diverged, its last samples were not finite, or they are on the wrong side
    of the task's bound.
    """
    if result["diverged"] is not None or not result["rows"]:
        return None
    last = result["rows"][-1]
    if any(last[measure.name] is None for measure in task.measures):
        return None
    return None if task.failed(last) else last


def merit(values: dict[str, float], measures: Sequence[Measure]) -> tuple[float, ...]:
    """What is larger the better the values are: the first measure counts, the others break ties."""
    return tuple(
        values[measure.name] * (1 if measure.direction == "up" else -1) for measure in measures
    )


def choose(results: Sequence[Result], task: Task) -> Result | None:
    """The run of the best point; `None` if all have failed."""
    alive = [result for result in results if final(result, task) is not None]
    return max(alive, key=lambda result: merit(_final(result, task), task.measures), default=None)


def robustness(results: Sequence[Result], task: Task) -> float:
    """The share of a row's grid within 10 % of the row's best point by the first measure.

    Near the best value b is what is at least 0.9 b where higher is better, else at most 1.1 b.
    Points that failed are not near, and without any other the share is 0.
    """
    best = choose(results, task)
    if best is None:
        return 0.0
    measure = task.measures[0]
    bound = _final(best, task)[measure.name]
    values = [last[measure.name] for result in results if (last := final(result, task))]
    up = measure.direction == "up"
    near = [v >= (1 - NEAR) * bound if up else v <= (1 + NEAR) * bound for v in values]
    return sum(near) / len(results)


def _final(result, task):
    last = final(result, task)
    assert last is not None
    return last

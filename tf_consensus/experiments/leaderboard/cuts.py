"""The runs of all rows as they were after the same time, or after the same steps."""

from collections.abc import Mapping, Sequence

from tf_consensus.experiments.leaderboard.choosing import Result, final
from tf_consensus.experiments.leaderboard.tasks import Task


def common_steps(results: Mapping[str, Sequence[Result]], task: Task) -> int | None:
    """The number of steps that every full run reached, of those that did not fail.

    It is rounded down to a multiple of the steps between two evaluations, so every run was
    evaluated there.

    Args:
        results: The full runs of each row.
        task: The task of the runs.

    Returns:
        `None` if all runs failed, or one ended before the first evaluation that they share.
    """
    reached = [
        int(result["steps"])
        for runs in results.values()
        for result in runs
        if final(result, task) is not None
    ]
    return min(reached, default=0) // task.every * task.every or None


def until_step(result: Result, steps: int) -> Result:
    """The run as it would be if it had ended after this many steps.

    A run that diverged later counts as not diverged.
    """
    rows = [row for row in result["rows"] if row["step"] <= steps]
    later = result["steps"] > steps
    return result | {
        "rows": rows,
        "steps": min(result["steps"], steps),
        "diverged": None if later else result["diverged"],
    }

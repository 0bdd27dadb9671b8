"""The picture of a task: its measures over CPU time, a line and a band per method."""

import math
import pathlib
from collections.abc import Mapping, Sequence

from tf_consensus.experiments.leaderboard.choosing import Result
from tf_consensus.experiments.leaderboard.standings import Standing
from tf_consensus.experiments.leaderboard.tasks import Task


def draw(
    full: Mapping[str, Sequence[Result]],
    standings: Sequence[Standing],
    task: Task,
    path: pathlib.Path,
) -> bool:
    """Draw the full runs, in the order of the standings.

    Returns:
        Whether there was something to draw.
    """
    from tf_consensus import plotting

    names = [measure.name for measure in task.measures]
    logs = {
        standing.row: [_columns(run, names) for run in full.get(standing.row, ()) if run["rows"]]
        for standing in standings
    }
    logs = {row: found for row, found in logs.items() if found}
    if logs:
        plotting.run_curves(logs, names, "cpu_seconds", path=path)
    return bool(logs)


def _columns(run, names):
    keys = ["cpu_seconds", *names]
    rows = run["rows"]
    return {key: [math.nan if r[key] is None else r[key] for r in rows] for key in keys}

"""Results of the leaderboard's runs, as files."""

import json
from typing import Any

from tf_consensus.experiments.leaderboard.choosing import Result
from tf_consensus.experiments.leaderboard.jobs import Job, Place
from tf_consensus.support.files import write_json


def read(job: Job, place: Place) -> Result | None:
    """The result of a run; `None` if there is none or it is damaged, so that it is made again."""
    try:
        found = json.loads(job.path(place).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if _is_whole(found, job) else None


def write(job: Job, place: Place, result: dict[str, Any]) -> None:
    """Write the result of a run, whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    path = job.path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, result)


def _is_whole(found: Any, job: Job) -> bool:
    """Whether it has what a run of this job leaves, numbers where numbers are."""
    if not isinstance(found, dict) or found.get("row") != job.row.name:
        return False
    rows, measures = found.get("rows"), [measure.name for measure in job.task.measures]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return False
    known = [row.get(name) for row in rows for name in measures]
    return all(isinstance(x, int | float) for x in known) and {"diverged", "steps"} <= set(found)

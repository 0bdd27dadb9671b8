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
    return found if isinstance(found, dict) and "rows" in found else None


def write(job: Job, place: Place, result: dict[str, Any]) -> None:
    """Write the result of a run, whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    path = job.path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, result)

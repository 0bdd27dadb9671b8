"""What a leaderboard is asked for."""

from collections.abc import Sequence
from typing import NamedTuple

from tf_consensus.experiments.leaderboard.jobs import Place
from tf_consensus.experiments.leaderboard.rows import Row
from tf_consensus.experiments.leaderboard.tasks import Task


class Request(NamedTuple):
    """What the flags ask for.

    Attributes:
        tasks: The tasks, in order.
        rows: The rows of each.
        seconds: CPU seconds of a full run, for each task.
        seeds: Seeds of the full runs.
        place: The folder, and the files that the runs read.
        cores: A core for each worker.
    """

    tasks: list[Task]
    rows: dict[str, list[Row]]
    seconds: dict[str, float]
    seeds: list[int]
    place: Place
    cores: Sequence[int]

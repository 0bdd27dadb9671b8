"""One run of the leaderboard: what determines it, and where its result is."""

import hashlib
import json
import pathlib
from typing import Any, NamedTuple

from tf_consensus.experiments.leaderboard.rows import Row
from tf_consensus.experiments.leaderboard.tasks import Task

CHOOSING_SEED = 0
# The time of a run that chooses, as a fraction of a full run's time.
QUARTER = 0.25


class Place(NamedTuple):
    """The place of a leaderboard, and the files that it reads.

    Attributes:
        output: Its folder.
        data_dir: Folder of Fashion-MNIST; `None` for the usual one.
        classifier: The classifier of Fashion-MNIST.
    """

    output: pathlib.Path
    data_dir: str | None
    classifier: str | None


class Job(NamedTuple):
    """One run.

    Attributes:
        task: The task.
        row: The method.
        point: The point of its grid.
        seed: Seed of networks, latents and data.
        seconds: CPU seconds of training after which it ends.
        samples: Samples per evaluation.
        full: Whether it is a full run of the chosen point, or else a short run that chooses.
    """

    task: Task
    row: Row
    point: dict[str, float]
    seed: int
    seconds: float
    samples: int
    full: bool = False

    @property
    def name(self) -> str:
        """Task, method, point and seed."""
        return f"{self.task.name}-{self.row.name}-{point_name(self.point)}-seed{self.seed}"

    def settings(self) -> dict[str, Any]:
        """The settings of its model; the row's settings override the task's."""
        return self.task.settings | self.row.settings | self.point

    def path(self, place: Place) -> pathlib.Path:
        """The file of its result, whose name has a digest of all that determines the result.

        A result of other settings has another name, so it is never mistaken for this one.
        """
        determines = {
            "settings": self.settings(),
            "seconds": self.seconds,
            "samples": self.samples,
            "steps": [self.task.epoch, self.task.every],
        }
        text = json.dumps(determines, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return place.output / "runs" / f"{self.name}-{digest}.json"


def point_name(point: dict[str, float]) -> str:
    """A point of a grid, as a part of a file's name."""
    short = {"learning_rate": "lr", "rate_ratio": "ratio"}
    return "-".join(f"{short.get(key, key)}{value:g}" for key, value in point.items())


def choosing_jobs(task: Task, row: Row, seconds: float) -> list[Job]:
    """A run for each point of a row's grid, with a quarter of a full run's time."""
    quarter = QUARTER * seconds
    return [
        Job(task, row, point, CHOOSING_SEED, quarter, task.samples[0]) for point in row.points()
    ]


def full_jobs(
    task: Task, row: Row, point: dict[str, float], seconds: float, seeds: list[int]
) -> list[Job]:
    """A full run of the chosen point for each seed."""
    samples = task.samples[1]
    return [Job(task, row, point, seed, seconds, samples, full=True) for seed in seeds]

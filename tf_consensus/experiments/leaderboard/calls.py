"""What a worker is asked to do; only workers import TensorFlow."""

from typing import Any

from tf_consensus.experiments.leaderboard.jobs import Job, Place
from tf_consensus.experiments.leaderboard.tasks import Task


def prepare(task: Task, place: Place) -> None:
    """Write the files that all runs of a task read."""
    from tf_consensus.experiments.leaderboard import image_files

    image_files.prepare(task, place)


def train(job: Job, place: Place) -> dict[str, Any]:
    """Train one run; returns its result."""
    from tf_consensus.experiments.leaderboard import training

    return training.run(job, place)

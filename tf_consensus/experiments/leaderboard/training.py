"""Trains one run of the leaderboard until its CPU time is spent."""

import gc
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tf_consensus.callbacks import DivergedError, EvaluateGAN, StopWhenDiverged
from tf_consensus.experiments.clock import Clock
from tf_consensus.experiments.leaderboard.jobs import Job, Place
from tf_consensus.experiments.settings import versions
from tf_consensus.models.gan import GAN

# More epochs than any run has.
_ENDLESS = 10**9


class Parts(NamedTuple):
    """The parts of a run: the compiled model, its endless data, and metrics of its samples."""

    gan: GAN
    data: tf.data.Dataset
    metrics: list[Any]


class Course(keras.callbacks.Callback):
    """Evaluates every so many steps and at the end, which comes when the CPU time is spent.

    Attributes:
        rows: One row of numbers per epoch; rows with an evaluation have the metrics too. `Clock`
            goes on from the last row.

    Args:
        evaluate: Measures the samples.
        every: Steps between two evaluations.
        seconds: CPU seconds of training after which the first epoch to end is the last.
        hopeless: Function that says whether the run is to end after an evaluation in the second
            half of the time; `None` lets all runs go on.
    """

    def __init__(
        self,
        evaluate: EvaluateGAN,
        every: int,
        seconds: float,
        hopeless: Callable[[dict[str, float]], bool] | None = None,
    ) -> None:
        super().__init__()
        self.evaluate, self.every, self.seconds = evaluate, every, seconds
        self.hopeless = hopeless
        self.rows: list[dict[str, float]] = []

    def set_model(self, model: keras.Model) -> None:
        """Takes the model, and passes it to the evaluations."""
        super().set_model(model)
        self.evaluate.set_model(model)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the row, and stops training when it is time."""
        row = {key: float((logs or {})[key]) for key in ("step", "seconds", "cpu_seconds")}
        spent = row["cpu_seconds"] >= self.seconds
        if spent or row["step"] % self.every == 0:
            row |= {key: float(value) for key, value in self.evaluate.evaluate().items()}
            late = row["cpu_seconds"] >= self.seconds / 2
            spent = spent or (late and self.hopeless is not None and self.hopeless(row))
        self.rows.append(row)
        self.model.stop_training = self.model.stop_training or spent


def run(job: Job, place: Place) -> dict[str, Any]:
    """Train a run.

    Returns:
        A dict that JSON can hold: "rows", those of `Course` with an evaluation; "diverged", the
        message of a run that diverged; and the settings of the run.
    """
    # TensorFlow mistakes the models of several runs for the retracing of one, and warns.
    tf.get_logger().setLevel("ERROR")
    keras.backend.clear_session()
    gc.collect()
    parts = _make(job, place)
    evaluate = EvaluateGAN(parts.metrics, job.samples, report=None)
    hopeless = job.task.failed if job.full else None
    course = Course(evaluate, job.task.every, job.seconds, hopeless)
    diverged = None
    try:
        parts.gan.fit(
            parts.data,
            epochs=_ENDLESS,
            steps_per_epoch=job.task.epoch,
            shuffle=False,
            verbose=0,
            callbacks=[Clock(course), StopWhenDiverged(), course],
        )
    except DivergedError as error:
        diverged = str(error)
    return _result(job, course.rows, diverged)


def _result(job, rows, diverged):
    names = [measure.name for measure in job.task.measures]
    steps, seconds = (rows[-1][key] if rows else 0.0 for key in ("step", "cpu_seconds"))
    return {
        "task": job.task.name,
        "row": job.row.name,
        "point": job.point,
        "seed": job.seed,
        "budget": job.seconds,
        "diverged": diverged,
        "steps": int(steps),
        "cpu_seconds": seconds,
        "ms_per_step": 1000 * seconds / steps if steps else None,
        "rows": [_kept(row, names) for row in rows if names[0] in row],
        "settings": job.settings(),
        "versions": versions(),
    }


def _kept(row, names):
    """The row without entries that no table shows; None stands for samples that were not finite."""
    shown = {key: row[key] for key in ("step", "seconds", "cpu_seconds", *names)}
    return {key: value if abs(value) < float("inf") else None for key, value in shown.items()}


def _make(job, place):
    """The parts of a run, made as its task's kind needs."""
    from tf_consensus.experiments.leaderboard import image_parts, point_parts

    makers = {
        "mixture": point_parts.mixture,
        "toy": point_parts.toy,
        "images": image_parts.images,
    }
    return Parts(*makers[job.task.kind](job, place))

"""Trains one run of `toy_2d.py` from its start."""

import pathlib
import time
from typing import Any

import numpy as np

from tf_consensus import metrics
from tf_consensus.callbacks import EvaluateGAN
from tf_consensus.experiments.clock import Clock
from tf_consensus.experiments.log import RunLog, read_log
from tf_consensus.experiments.pages import write_made, write_page
from tf_consensus.experiments.point_request import PointRequest
from tf_consensus.experiments.point_samples import PointPictures, save_array
from tf_consensus.experiments.report.live import LiveReport
from tf_consensus.experiments.result import write_result
from tf_consensus.experiments.toy_runs import (
    POINTS,
    Run,
    Trainer,
    make_data,
    restart,
    steps_per_epoch,
    target_sample,
)
from tf_consensus.experiments.watching import advisor_of

# Evaluations from one look of the advisor to the next; a look takes as long as a hundred steps.
ADVISED_EVERY = 2


def train(trainer: Trainer, run: Run, request: PointRequest) -> dict[str, Any]:
    """Train one run, write its log, its final samples and its result, and return the result.

    Args:
        trainer: The model of the run's method.
        run: The run.
        request: How to train it.

    Raises:
        RunError: If the advice that a stopped run has left is damaged.
    """
    start, settings, folder = time.perf_counter(), request.settings, run.folder(request.output)
    gan = restart(trainer, settings, run.seed)
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    write_made(folder, request.command)
    epoch = steps_per_epoch(settings)
    gan.fit(
        make_data(settings, run),
        epochs=settings["steps"] // epoch,
        steps_per_epoch=epoch,
        shuffle=False,
        verbose=0,
        # A run that diverges gets an infinite distance, and the other runs go on.
        stop_when_diverged=False,
        callbacks=_callbacks(run, folder, request.advise),
    )
    result = result_of(run, settings, folder, time.perf_counter() - start)
    write_result(folder, result, ["samples.npy"])
    write_page(folder)
    return result


def _callbacks(run, folder, advise):
    """The callbacks in the order that the log needs."""
    target = target_sample(run.target, 0)
    pictures = PointPictures(folder, target)

    def save_samples(step, samples):
        save_array(folder / "samples.npy", samples)
        pictures.save(step, samples)

    log = RunLog(folder / "log.csv")
    evaluate = EvaluateGAN([metrics.Wasserstein1(target)], POINTS, on_samples=save_samples)
    advisor = [advisor_of(folder, every=ADVISED_EVERY)] if advise else []
    return [Clock(log), evaluate, *advisor, log, LiveReport(folder)]


def read_distances(folder: pathlib.Path) -> np.ndarray:
    """The distances of a run, one per evaluation."""
    return read_log(folder / "log.csv")["wasserstein1"]


def result_of(
    run: Run, settings: dict[str, Any], folder: pathlib.Path, seconds: float
) -> dict[str, Any]:
    """The finished run's numbers, as one entry of results.json."""
    distances = read_distances(folder)
    best = int(np.argmin(distances))
    return {
        **run._asdict(),
        "final": json_number(distances[-1]),
        "best": json_number(distances[best]),
        "best_step": (best + 1) * steps_per_epoch(settings),
        "seconds": round(seconds, 2),
    }


def json_number(x: float) -> float | str:
    """The number, or the string "inf", because JSON has no infinity; `float` reads both."""
    return float(x) if np.isfinite(x) else "inf"

"""Trains one image run, from its backup if there is one, to its result."""

import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tf_consensus.callbacks import (
    EvaluateGAN,
    SafeBackup,
    SampleGrid,
    StopWhenDiverged,
)
from tf_consensus.execution import strategies
from tf_consensus.experiments.captions import rows_of_classes, write_captions
from tf_consensus.experiments.clock import Clock
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.estimate import Estimate
from tf_consensus.experiments.image_results import result_of
from tf_consensus.experiments.image_runs import make_data, make_gan
from tf_consensus.experiments.log import RunLog
from tf_consensus.experiments.pages import write_made, write_page
from tf_consensus.experiments.report.live import LiveReport
from tf_consensus.experiments.request import Request
from tf_consensus.experiments.result import check_model, read_result, write_result
from tf_consensus.experiments.watching import advisor_of
from tf_consensus.models import latents
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.plotting import image_grid
from tf_consensus.support.files import replacing

# Rows of a picture of samples, and images in each.
_ROWS = 8


def train(
    run: dict[str, Any],
    seed: int,
    request: Request,
    scores: Sequence[keras.metrics.Metric],
    settings: dict[str, Any],
) -> None:
    """Train one run and write its result.

    It goes on from its backup if there is one, else from the model that a run of fewer steps has
    left. The backup is deleted when everything else is in its place.

    Args:
        run: Its settings.
        seed: Seed of weights, latents and the order of the data.
        request: How to train it.
        scores: Metrics of generated images.
        settings: All that determines the results, except the steps.

    Raises:
        DivergedError: If losses or weights are no longer finite.
        RunError: If the model or the log to go on from is damaged.
    """
    folder = request.folder(run, seed)
    shared = request.shared / folder.name
    with request.strategy.scope():
        gan = make_gan(run, seed, request.jit)
    backup = SafeBackup(shared / "backup", delete_checkpoint=False, settings=settings)
    if (shared / "model.keras").exists() and not backup.exists():
        check_model(shared / "model.keras", read_result(shared))
        gan.load_weights(shared / "model.keras")
    with of_the_user("--dataset, --data_dir and --cache"):
        data = make_data(run, seed, gan.optimizer.iterations, request.data_dir, request.cache)
    folder.mkdir(parents=True, exist_ok=True)
    write_made(folder, request.command)
    write_captions(folder, _captions(run, request))
    epoch, every = epochs_of(run)
    gan.fit(
        data,
        epochs=run["steps"] // epoch,
        initial_epoch=int(gan.optimizer.iterations.numpy()) // epoch,
        steps_per_epoch=epoch,
        shuffle=False,
        callbacks=_callbacks(run, folder, shared, request, scores, backup, every),
        verbose=request.verbose,
    )
    # Training goes on from the model; samples come from the averages, if there are any.
    with replacing(folder / "model.keras") as partial:
        gan.save(partial)
    with averaged_weights(gan), replacing(folder / "generator.keras") as partial:
        gan.generator.save(partial)
    if request.interpolations:
        save_interpolations(gan, request.interpolations, folder / "interpolations.png")
    write_result(folder, result_of(run, seed, folder, scores), ["model.keras", "generator.keras"])
    write_page(folder)
    if strategies.is_chief(request.strategy):
        backup.delete()


def _captions(run: dict[str, Any], request: Request) -> dict[str, str]:
    """What the rows of the run's pictures are."""
    ways = {"interpolations": "Each row goes from one latent to another."}
    found = ways if request.interpolations else {}
    if run["num_classes"]:
        # `SampleGrid` fills its square row by row.
        found = found | {"samples": rows_of_classes(run["dataset"], run["num_classes"], _ROWS)}
    return found


def epochs_of(run: dict[str, Any]) -> tuple[int, int]:
    """Steps per epoch, the time between two backups, and epochs between two evaluations."""
    between = min(run["eval_every"], run["steps"])
    epoch = min(run["backup_every"] or between, between)
    return epoch, between // epoch


def _callbacks(run, folder, shared, request, scores, backup, every):
    """The callbacks in the order that the log needs, with the backup last."""
    board = folder / "tensorboard" if request.tensorboard else None
    evaluate = EvaluateGAN(scores, run["eval_samples"], every, report=None) if scores else None
    advisor = advisor_of(folder) if request.advise else None
    log = RunLog(
        folder / "log.csv", backup, before=shared / "log.csv", evaluate=evaluate, advisor=advisor
    )
    return [
        Clock(log),
        StopWhenDiverged(),
        *([evaluate] if scores else []),
        SampleGrid(folder / "samples", _ROWS**2, every=every, tensorboard=board),
        *([advisor] if advisor else []),
        log,
        Estimate(run["steps"]),
        LiveReport(folder),
        *([keras.callbacks.TensorBoard(board, write_graph=False)] if board else []),
        backup,
    ]


def save_interpolations(gan: keras.Model, number: int, path: pathlib.Path) -> None:
    """Save strips of images between two latents, one strip per row."""
    ends = np.random.default_rng(0).normal(size=(2, number, gan.latent_dim))
    steps = 10
    start, end = ends.astype(np.float32)
    way = latents.interpolate(start, end, steps=steps)
    inputs = way.reshape(number * steps, -1)
    if getattr(gan, "num_classes", None):
        inputs = [inputs, np.arange(number).repeat(steps) % gan.num_classes]
    with averaged_weights(gan):
        images = gan.generator.predict(inputs, verbose=0)
    image_grid(images, path, columns=steps)

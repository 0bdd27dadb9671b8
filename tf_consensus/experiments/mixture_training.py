"""Trains one run of `mixture_of_gaussians.py`, from its backup if there is one."""

import pathlib
from typing import Any

from tf_consensus import metrics
from tf_consensus.callbacks import DivergedError, EvaluateGAN, SafeBackup, StopWhenDiverged
from tf_consensus.execution import strategies
from tf_consensus.experiments.clock import Clock
from tf_consensus.experiments.log import RunLog, read_log
from tf_consensus.experiments.mixture_runs import (
    STDDEV,
    make_data,
    make_gan,
    modes,
    steps_per_epoch,
    target_sample,
)
from tf_consensus.experiments.mode_loss import ModeAdvisor
from tf_consensus.experiments.pages import write_made, write_page
from tf_consensus.experiments.point_request import PointRequest
from tf_consensus.experiments.point_samples import PointPictures, save_array
from tf_consensus.experiments.report.live import LiveReport
from tf_consensus.experiments.result import write_result
from tf_consensus.experiments.watching import advisor_of
from tf_consensus.support.files import replacing

SAMPLES = 2560
# Number of the advisor's looks at a run. Each takes as long as a hundred steps of these small
# networks.
LOOKS = 6
# More methods and seeds may be added to a folder; all other settings must stay the same.
EXTENSIBLE = ("optimizer", "seeds")
NUMBERS = (
    *("modes_covered", "within_3_sigma", "within_0.05", "mode_kl"),
    *("discriminator_loss", "generator_loss", "gradient_norm"),
)


def run_folder(output: pathlib.Path, method: str, seed: int) -> pathlib.Path:
    """The folder of one run."""
    return output / f"{method}-seed{seed}"


def train(method: str, seed: int, request: PointRequest) -> None:
    """Train one run, from its backup if there is one, and write its results.

    The backup is deleted when everything else is in its place.

    Args:
        method: One of `mixture_runs.METHODS`.
        seed: Seed of networks, latents and data.
        request: How to train it.

    Raises:
        DivergedError: If losses or weights are no longer finite.
        RunError: If the log or the advice to go on from is damaged.
    """
    settings = request.settings
    folder, shared = (run_folder(root, method, seed) for root in (request.output, request.shared))
    with request.strategy.scope():
        gan = make_gan(method, seed, settings)
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    write_made(folder, request.command)
    of_the_run = {key: value for key, value in settings.items() if key not in EXTENSIBLE}
    backup = SafeBackup(shared / "backup", delete_checkpoint=False, settings=of_the_run)
    epoch = steps_per_epoch(settings)
    try:
        gan.fit(
            make_data(settings, seed, gan.optimizer.iterations),
            epochs=settings["steps"] // epoch,
            steps_per_epoch=epoch,
            shuffle=False,
            callbacks=_callbacks(settings, folder, backup, request.advise),
        )
    except DivergedError:
        write_page(folder)
        raise
    with replacing(folder / "model.keras") as partial:
        gan.save(partial)
    write_result(folder, result_of(method, seed, settings, folder), ["model.keras"])
    write_page(folder)
    if strategies.is_chief(request.strategy):
        backup.delete()


def _callbacks(settings, folder, backup, advise):
    """The callbacks in the order that the log needs, with the backup last."""
    pictures = PointPictures(folder, target_sample(settings, SAMPLES))

    def save_samples(step, samples):
        save_array(folder / "samples" / f"{step:08d}.npy", samples)
        pictures.save(step, samples)

    coverage = metrics.ModeCoverage(modes(settings), stddev=STDDEV)
    evaluate = EvaluateGAN([coverage], SAMPLES, on_samples=save_samples)
    epochs = settings["steps"] // steps_per_epoch(settings)
    options = {"modes": len(modes(settings)), "every": max(1, epochs // LOOKS)}
    advisor = advisor_of(folder, ModeAdvisor, **options) if advise else None
    log = RunLog(folder / "log.csv", backup, evaluate=evaluate, advisor=advisor)
    return [
        Clock(log),
        StopWhenDiverged(),
        evaluate,
        *([advisor] if advisor else []),
        log,
        LiveReport(folder),
        backup,
    ]


def result_of(
    method: str, seed: int, settings: dict[str, Any], folder: pathlib.Path
) -> dict[str, Any]:
    """The finished run's numbers, as one entry of results.json."""
    log = read_log(folder / "log.csv")
    result = {
        "method": method,
        "seed": seed,
        **{name: float(log[name][-1]) for name in NUMBERS},
        "steps": settings["steps"],
        "train_seconds": round(float(log["seconds"][-1]), 2),
    }
    result["modes_covered"] = int(result["modes_covered"])
    return result

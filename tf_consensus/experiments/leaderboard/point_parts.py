"""Models, data and metrics of the tasks in the plane."""

from typing import Any

import tensorflow as tf

from tf_consensus import metrics
from tf_consensus.experiments import mixture_runs, toy_runs
from tf_consensus.experiments.leaderboard.jobs import Job, Place
from tf_consensus.models.gan import GAN

# Today's Adam at a constant rate, because the number of steps in a run's time is not known.
_MIXTURE = mixture_runs.PRESETS["recommended"] | {
    "schedule": "constant",
    "batch_size": 512,
    "balanced": True,
    "precision": "float32",
    "objective": "standard",
    "penalty": [],
    "penalty_weight": None,
    "penalty_every": 1,
    "microbatches": 1,
    "debias": None,
    "clip_norm": 1.0,
}
_TOY: dict[str, Any] = {
    "schedule": "constant",
    "batch_size": 256,
    "width": 32,
    "depth": 4,
    "gamma": 1.0,
}


def mixture(job: Job, place: Place) -> tuple[GAN, tf.data.Dataset, list[Any]]:
    """The parts of a run on a mixture of Gaussians: model, data, metrics."""
    del place
    settings = _MIXTURE | job.settings() | {"steps": job.task.epoch}
    if settings["penalty"]:
        settings["penalty_weight"] = settings["gamma"]
    gan = mixture_runs.make_gan(settings["optimizer"], job.seed, settings)
    coverage = metrics.ModeCoverage(mixture_runs.modes(settings), stddev=mixture_runs.STDDEV)
    return gan, mixture_runs.make_data(settings, job.seed), [coverage]


def toy(job: Job, place: Place) -> tuple[GAN, tf.data.Dataset, list[Any]]:
    """The parts of a run on a target of `toy_2d.py`: model, data, metrics."""
    del place
    settings = _TOY | job.settings() | {"steps": job.task.epoch}
    settings["consensus_gamma"] = settings["gamma"]
    method = toy_runs.Method(
        job.row.name,
        settings["optimizer"],
        settings.get("objective", "standard"),
        tuple(settings.get("penalty", ())),
    )
    run = toy_runs.Run(job.row.name, settings["target"], job.seed)
    gan = toy_runs.restart(toy_runs.make_trainer(method, settings), settings, job.seed)
    target = toy_runs.target_sample(run.target, 0)
    return gan, toy_runs.make_data(settings, run), [metrics.Wasserstein1(target)]

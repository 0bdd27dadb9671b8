"""The methods, targets and models of `toy_2d.py`, from its settings."""

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus import data, networks, penalties
from tf_consensus.experiments import making
from tf_consensus.models.gan import GAN

EXAMPLE = "toy_2d"


class Method(NamedTuple):
    """The settings of a method."""

    label: str
    optimizer: str = "alternating"
    objective: str = "standard"
    penalties: tuple[str, ...] = ()
    discriminator_steps: int = 1
    clips_weights: bool = False


METHODS = {
    "simultaneous": Method("simultaneous", "simultaneous"),
    "alternating": Method("alternating"),
    "wgan_clip": Method(
        "WGAN, clipped", objective="wgan", discriminator_steps=5, clips_weights=True
    ),
    "wgan_gp": Method("WGAN-GP", objective="wgan", penalties=("wgan_gp",), discriminator_steps=5),
    "instance_noise": Method("instance noise", penalties=("instance_noise",)),
    "r1": Method("R1", penalties=("r1",)),
    "r2": Method("R2", penalties=("r2",)),
    "r1_r2": Method("R1 + R2", penalties=("r1", "r2")),
    "consensus": Method("consensus", "consensus"),
    "r1_consensus": Method("R1 + consensus", "consensus", penalties=("r1",)),
    "relativistic_r1_r2": Method(
        "relativistic, R1 + R2", objective="relativistic", penalties=("r1", "r2")
    ),
}
# The setting that is a penalty's weight; for other penalties it is gamma.
PENALTY_WEIGHTS = {"wgan_gp": "gp_weight", "instance_noise": "noise_stddev"}
TARGETS: dict[str, Callable[..., tf.data.Dataset]] = {
    "gaussian": data.gaussian,
    "line": data.line,
    "circle": data.circle,
    "four_lines": data.four_lines,
}
LATENT_DIM = 16
POINTS = 1024
EVALUATION_SEED = 1_000_000  # apart from the seeds of training
STEPS_PER_EPOCH = 400
# More of these may be added to a folder; all other settings must stay the same.
EXTENSIBLE = ("target", "method", "seeds")
SHARED = ("steps", "batch_size", "width", "depth", "learning_rate", "schedule")
WEIGHTS = ("gamma", "consensus_gamma", "gp_weight", "noise_stddev", "clip_bound")


class Run(NamedTuple):
    """One training run, and the name of its folder."""

    method: str
    target: str
    seed: int

    def folder(self, output: pathlib.Path) -> pathlib.Path:
        """The folder of its results."""
        return output / f"{self.method}-{self.target}-seed{self.seed}"


def runs_of(settings: dict[str, Any]) -> list[Run]:
    """All runs asked for, seed by seed, so that those finished early are comparable."""
    return [
        Run(method, target, seed)
        for seed in settings["seeds"]
        for target in settings["target"]
        for method in settings["method"]
    ]


class Trainer(NamedTuple):
    """A compiled model for all runs of a method: compiling takes as long as training."""

    gan: GAN
    optimizer_state: list[np.ndarray]


def make_trainer(method: Method, settings: dict[str, Any]) -> Trainer:
    """The model of a method, with its optimizer's state before the first step."""
    generator, discriminator = _make_networks(settings, seed=0)
    if method.clips_weights:
        discriminator = penalties.clip_weights(discriminator, settings["clip_bound"])
    weights = [(name, settings[PENALTY_WEIGHTS.get(name, "gamma")]) for name in method.penalties]
    gan = GAN(
        generator,
        discriminator,
        latent_dim=LATENT_DIM,
        objective=method.objective,
        penalties=[p for name, weight in weights for p in making.make_penalties([name], weight)],
        seed=0,
    )
    epoch = steps_per_epoch(settings)
    gan.compile(
        optimizer=_make_optimizer(method, settings),
        jit_compile=True,
        steps_per_execution=max(n for n in range(1, 101) if epoch % n == 0),
    )
    gan.optimizer.build(gan.trainable_variables)
    return Trainer(gan, [variable.numpy() for variable in gan.optimizer.variables])


def _make_networks(settings, seed):
    size = {"width": settings["width"], "depth": settings["depth"]}
    return networks.build("mlp", latent_dim=LATENT_DIM, seed=seed, **size)


def _make_optimizer(method, settings):
    def make_player(updates, factor):
        steps = settings["steps"] * updates
        rate = making.scheduled(factor * settings["learning_rate"], settings["schedule"], steps)
        return making.make_inner("adam", rate, epsilon=1e-7)

    own = {**settings, "gamma": settings["consensus_gamma"], "debias": None, "microbatches": 1}
    return making.make_optimizer(method.optimizer, make_player, own, method.discriminator_steps)


def restart(trainer: Trainer, settings: dict[str, Any], seed: int) -> GAN:
    """The model, set to the state in which a run with this seed starts."""
    gan = trainer.gan
    fresh = _make_networks(settings, seed)
    for network, drawn in zip((gan.generator, gan.discriminator), fresh, strict=True):
        network.set_weights(drawn.get_weights())
    gan.optimizer.set_weights(trainer.optimizer_state)
    # The model's seed is compiled in, so each run takes latents from its own range of the counter,
    # which are as independent.
    gan.noise_counter.assign(seed << 32)
    gan.warned.clear()
    return gan


def steps_per_epoch(settings: dict[str, Any]) -> int:
    """Steps between two evaluations."""
    return min(STEPS_PER_EPOCH, settings["steps"])


def make_data(settings: dict[str, Any], run: Run) -> tf.data.Dataset:
    """The endless stream of a run's training batches."""
    return TARGETS[run.target](settings["batch_size"], seed=run.seed)


def target_sample(target: str, seed: int) -> np.ndarray:
    """Points of a target that no run trains on, (1024, 2)."""
    return next(iter(TARGETS[target](POINTS, seed=EVALUATION_SEED + seed))).numpy()

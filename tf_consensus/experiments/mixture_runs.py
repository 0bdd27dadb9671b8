"""The model and the data of a run of `mixture_of_gaussians.py`, from its settings."""

from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus import data, networks
from tf_consensus.experiments import making
from tf_consensus.models.gan import GAN

EXAMPLE = "mixture_of_gaussians"
METHODS = tuple(making.OPTIMIZERS)
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "inner": "rmsprop",
        "learning_rate": 1e-4,
        "schedule": "constant",
        "gamma": 10.0,
        "steps": 20_000,
    },
    "recommended": {
        "inner": "adam",
        "learning_rate": 2e-3,
        "schedule": "cosine",
        "gamma": 1.0,
        "steps": 20_000,
    },
}
TARGETS = {
    "ring": (data.mixture_of_gaussians, data.ring_modes),
    "grid": (data.grid_of_gaussians, data.grid_modes),
}
STDDEV = 0.01
STEPS_PER_EPOCH = 1000
LATENT_DIM = 16
# The paper's RMSProp has its epsilon inside the root, as Keras' has.
EPSILON = {"adam": 1e-7, "rmsprop": 1e-10}


def steps_per_epoch(settings: dict[str, Any]) -> int:
    """Steps between two evaluations."""
    return min(STEPS_PER_EPOCH, settings["steps"])


def make_gan(method: str, seed: int, settings: dict[str, Any]) -> GAN:
    """The compiled model, with RMSProp's accumulators set.

    Args:
        method: One of `METHODS`.
        seed: Seed of networks and latents.
        settings: A preset of `PRESETS`, with the settings of the flags.
    """
    generator, discriminator = networks.build(
        "mlp", dtype=settings["precision"], latent_dim=LATENT_DIM, seed=seed
    )
    weight, every = settings["penalty_weight"], settings["penalty_every"]
    gan = GAN(
        generator,
        discriminator,
        latent_dim=LATENT_DIM,
        objective=settings["objective"],
        penalties=making.make_penalties(settings["penalty"], weight, every),
        seed=seed,
    )
    epoch = steps_per_epoch(settings)
    gan.compile(
        optimizer=making.make_optimizer(method, partial(_make_inner, settings), settings),
        jit_compile=True,
        steps_per_execution=max(n for n in range(1, 101) if epoch % n == 0),
    )
    if settings["inner"] == "rmsprop":
        making.start_accumulators(gan, settings["initial_accumulator"])
    else:
        gan.optimizer.build(gan.trainable_variables)
    return gan


def _make_inner(settings, updates, factor):
    steps = settings["steps"] * updates
    rate = making.scheduled(factor * settings["learning_rate"], settings["schedule"], steps)
    return making.make_inner(settings["inner"], rate, epsilon=EPSILON[settings["inner"]])


def make_data(settings: dict[str, Any], seed: int, start: int = 0) -> tf.data.Dataset:
    """The endless stream of training batches, from batch `start` on."""
    stream, _ = TARGETS[settings["target"]]
    balanced = settings["balanced"]
    return stream(settings["batch_size"], stddev=STDDEV, seed=seed, start=start, balanced=balanced)


def target_sample(settings: dict[str, Any], count: int) -> np.ndarray:
    """Points of the target, (count, 2)."""
    stream, _ = TARGETS[settings["target"]]
    return next(iter(stream(count, stddev=STDDEV, seed=0))).numpy()


def modes(settings: dict[str, Any]) -> np.ndarray:
    """The centres of the target's modes, one per row."""
    return TARGETS[settings["target"]][1]()

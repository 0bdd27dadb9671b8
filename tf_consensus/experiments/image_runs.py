"""The model and the data of an image run, from its settings."""

from functools import partial
from typing import Any

import keras
import tensorflow as tf

from tf_consensus import data, networks
from tf_consensus.experiments import burn_in, making
from tf_consensus.models.gan import GAN


def make_inner(
    run: dict[str, Any], updates: int = 1, factor: float = 1.0
) -> keras.optimizers.Optimizer:
    """The Keras optimizer that takes the step, `updates` times per training step.

    Args:
        run: Settings.
        updates: The optimizer's steps per training step.
        factor: Factor of the learning rate.
    """
    if run.get("burn_in"):
        return burn_in.make_inner(run, updates, factor)
    names = ("epsilon", "beta_1", "beta_2", "decay")
    steps, schedule = run["steps"] * updates, run.get("schedule") or "constant"
    last = run.get("last_rate", 0.0)
    rate = making.scheduled(factor * run["learning_rate"], schedule, steps, last)
    options = {key: run[key] for key in names}
    return making.make_inner(
        run["inner"], rate, ema=burn_in.constant_decay(run, updates), **options
    )


def make_optimizer(run: dict[str, Any]) -> keras.optimizers.Optimizer:
    """The method around the inner optimizer."""
    return making.make_optimizer(run["optimizer"], partial(make_inner, run), run)


def make_penalties(run: dict[str, Any]) -> list[Any]:
    """The penalties by name, with one weight, which is gamma unless penalty_weight is given."""
    weight = run["gamma"] if run["penalty_weight"] is None else run["penalty_weight"]
    schedule = burn_in.penalty_schedule(run)
    return making.make_penalties(run["penalty"], weight, run["penalty_every"], schedule)


def make_networks(run: dict[str, Any], seed: int) -> tuple[keras.Model, keras.Model]:
    """Generator and discriminator; the seed determines their initial weights."""
    shape = {key: run[key] for key in ("image_size", "channels", "filters", "latent_dim")}
    classes = {}
    if run["num_classes"] or run["network"].startswith(("residual", "r3gan")):
        # None is passed too: some of these have classes by default.
        classes = {"num_classes": run["num_classes"] or None}
    options = {"seed": seed, "dtype": run["precision"], **run["network_options"]}
    return networks.build(run["network"], **shape, **classes, **options)


def make_gan(run: dict[str, Any], seed: int, jit: bool | str) -> GAN:
    """The compiled model, with RMSProp's accumulators set."""
    classes = {"num_classes": run["num_classes"]} if run["num_classes"] else {}
    gan = GAN(
        *make_networks(run, seed),
        latent_dim=run["latent_dim"],
        objective=run["objective"],
        penalties=make_penalties(run),
        seed=seed,
        **classes,
    )
    gan.compile(optimizer=make_optimizer(run), jit_compile=jit)
    if run["inner"] == "rmsprop" and run["initial_accumulator"]:
        making.start_accumulators(gan, run["initial_accumulator"])
    else:
        gan.optimizer.build(gan.trainable_variables)
    return gan


def make_data(
    run: dict[str, Any], seed: int, start: int, data_dir: str | None, cache: bool | str | None
) -> tf.data.Dataset:
    """The endless stream of training batches, from batch `start` on."""
    return _images(
        run,
        run["dataset"],
        run.get("split", "train"),
        data_dir,
        cache,
        labels=bool(run["num_classes"]),
        flip=run["flip"],
        dequantise=run["dequantise"],
        seed=seed,
        start=start,
    )


def make_test_data(
    run: dict[str, Any], dataset: str, split: str, data_dir: str | None, cache: bool | str | None
) -> tf.data.Dataset:
    """All images of a split, once each and unchanged."""
    return _images(run, dataset, split, data_dir, cache, repeat=False)


def _images(run, dataset, split, data_dir, cache, **options):
    shape = {key: run[key] for key in ("image_size", "channels", "crop", "batch_size")}
    return data.images(dataset, split, data_dir=data_dir, cache=cache, **shape, **options)

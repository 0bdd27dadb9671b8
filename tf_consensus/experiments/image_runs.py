"""The model and the data of an image run, from its settings."""

import keras
import tensorflow as tf

from tf_consensus import data, networks, optimizers, penalties
from tf_consensus.gan import GAN

# What --penalty_weight is called in each of them.
WEIGHTS = {"wgan_gp": "weight", "dragan": "weight", "instance_noise": "stddev"}


def make_inner(run):
    """The Keras optimizer that takes the step."""
    average = {"use_ema": True, "ema_momentum": run["ema"]} if run["ema"] else {}
    rate, epsilon = run["learning_rate"], run["epsilon"]
    if run.get("schedule") == "linear":
        rate = keras.optimizers.schedules.PolynomialDecay(rate, run["steps"], 0.0)
    if run["inner"] == "adam":
        betas = {"beta_1": run["beta_1"], "beta_2": run["beta_2"]}
        return keras.optimizers.Adam(rate, epsilon=epsilon, **betas, **average)
    return keras.optimizers.RMSprop(rate, rho=run["decay"], epsilon=epsilon, **average)


def make_optimizer(run):
    """The method around the inner optimizer."""
    inner, name = make_inner(run), run["optimizer"]
    parts = {"microbatches": run["microbatches"]}
    regularized = {"gamma": run["gamma"], "debias": run["debias"], **parts}
    if name == "consensus":
        return optimizers.ConsensusOptimizer(inner, **regularized)
    if name == "smoothing":
        return optimizers.SmoothingOptimizer(inner, **regularized)
    if name == "clipped":
        return optimizers.ClippedOptimizer(inner, clip_norm=run["clip_norm"], **parts)
    if name == "alternating":
        return optimizers.AlternatingOptimizer(inner, make_inner(run), **parts)
    return optimizers.SimultaneousOptimizer(inner, **parts)


def make_penalties(run):
    """The penalties by their names and the one weight, gamma unless it is given."""
    weight = run["gamma"] if run["penalty_weight"] is None else run["penalty_weight"]
    found = []
    for name in run["penalty"]:
        options = {} if name == "instance_noise" else {"every": run["penalty_every"]}
        options[WEIGHTS.get(name, "gamma")] = weight
        found.append(type(penalties.get(name))(**options))
    return found


def make_networks(run, seed):
    """Generator and discriminator, their initial weights determined by the seed."""
    shape = {key: run[key] for key in ("image_size", "channels", "filters", "latent_dim")}
    classes = {}
    if run["num_classes"] or run["network"].startswith("residual"):
        # Told None too: residual_imagenet has classes unless told otherwise.
        classes = {"num_classes": run["num_classes"] or None}
    options = {"seed": seed, "dtype": run["precision"], **run["network_options"]}
    return networks.build(run["network"], **shape, **classes, **options)


def make_gan(run, seed, jit):
    """The compiled model, with the accumulators of RMSProp set."""
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
    gan.optimizer.build(gan.trainable_variables)
    if run["inner"] == "rmsprop" and run["initial_accumulator"]:
        for variable in gan.optimizer.variables:
            if "velocity" in variable.path:
                variable.assign(tf.fill(variable.shape, run["initial_accumulator"]))
    return gan


def make_data(run, seed, start, data_dir, cache):
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


def make_test_data(run, dataset, split, data_dir, cache):
    """All images of a split, once, as they are."""
    return _images(run, dataset, split, data_dir, cache, repeat=False)


def _images(run, dataset, split, data_dir, cache, **options):
    shape = {key: run[key] for key in ("image_size", "channels", "crop", "batch_size")}
    return data.images(dataset, split, data_dir=data_dir, cache=cache, **shape, **options)

"""One run of `train_images.py`: the model, its data, its callbacks and its results."""

import keras
import numpy as np
import tensorflow as tf
from image_results import result_of

import tf_consensus as tfc
from tf_consensus.experiments.clock import Clock
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.log import RunLog
from tf_consensus.experiments.result import check_model, read_result, write_result
from tf_consensus.support.files import replacing

# What --penalty_weight is called in each of them.
WEIGHTS = {"wgan_gp": "weight", "dragan": "weight", "instance_noise": "stddev"}


def make_inner(run):
    """The Keras optimizer that takes the step."""
    average = {"use_ema": True, "ema_momentum": run["ema"]} if run["ema"] else {}
    rate, epsilon = run["learning_rate"], run["epsilon"]
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
        return tfc.ConsensusOptimizer(inner, **regularized)
    if name == "smoothing":
        return tfc.SmoothingOptimizer(inner, **regularized)
    if name == "clipped":
        return tfc.ClippedOptimizer(inner, clip_norm=run["clip_norm"], **parts)
    if name == "alternating":
        return tfc.AlternatingOptimizer(inner, make_inner(run), **parts)
    return tfc.SimultaneousOptimizer(inner, **parts)


def make_penalties(run):
    """The penalties by their names and the one weight, gamma unless it is given."""
    weight = run["gamma"] if run["penalty_weight"] is None else run["penalty_weight"]
    penalties = []
    for name in run["penalty"]:
        options = {} if name == "instance_noise" else {"every": run["penalty_every"]}
        options[WEIGHTS.get(name, "gamma")] = weight
        penalties.append(type(tfc.penalties.get(name))(**options))
    return penalties


def make_networks(run, seed):
    """Generator and discriminator, their initial weights determined by the seed."""
    shape = {key: run[key] for key in ("image_size", "channels", "filters", "latent_dim")}
    classes = {}
    if run["num_classes"] or run["network"].startswith("residual"):
        # Told None too: residual_imagenet has classes unless told otherwise.
        classes = {"num_classes": run["num_classes"] or None}
    options = {"seed": seed, "dtype": run["precision"], **run["network_options"]}
    return tfc.networks.build(run["network"], **shape, **classes, **options)


def make_gan(run, seed, jit):
    """The compiled model, with the accumulators of RMSProp set."""
    classes = {"num_classes": run["num_classes"]} if run["num_classes"] else {}
    gan = tfc.GAN(
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
        "train",
        data_dir,
        cache,
        labels=bool(run["num_classes"]),
        flip=run["flip"],
        dequantise=run["dequantise"],
        seed=seed,
        start=start,
    )


def make_test_data(run, split, data_dir, cache):
    """All images of a split, once, as they are."""
    return _images(run, split, data_dir, cache, repeat=False)


def _images(run, split, data_dir, cache, **options):
    shape = {key: run[key] for key in ("image_size", "channels", "crop", "batch_size")}
    return tfc.data.images(
        run["dataset"], split, data_dir=data_dir, cache=cache, **shape, **options
    )


def train(run, seed, folder, options, scores=()):
    """Trains one run and writes its result.

    It goes on from its backup if there is one, or else from the model that a run of fewer steps
    left. The backup is deleted when everything else is in its place.

    Args:
        run: settings, as `image_experiments.resolve` returns them.
        seed: of weights, latents and the order of the data.
        folder: of the run.
        options: what does not change the result: jit, data_dir, cache, verbose, tensorboard,
            interpolations, strategy, and shared, the chief's folder of all runs; and settings, all
            that determines the results.
        scores: metrics of generated images.

    Raises:
        tfc.callbacks.DivergedError: if losses or weights are no longer finite.
        RunError: if the model or the log to go on from is damaged.
    """
    shared = options["shared"] / folder.name
    with options["strategy"].scope():
        gan = make_gan(run, seed, options["jit"])
    backup = tfc.callbacks.SafeBackup(
        shared / "backup", delete_checkpoint=False, settings=options["settings"](run)
    )
    if (shared / "model.keras").exists() and not backup.exists():
        check_model(shared / "model.keras", read_result(shared))
        gan.load_weights(shared / "model.keras")
    with of_the_user("--dataset, --data_dir and --cache"):
        data = make_data(run, seed, gan.optimizer.iterations, options["data_dir"], options["cache"])
    folder.mkdir(parents=True, exist_ok=True)
    board = folder / "tensorboard" if options["tensorboard"] else None
    between = min(run["eval_every"], run["steps"])
    epoch = min(run["backup_every"] or between, between)
    every = between // epoch
    evaluate = None
    if scores:
        evaluate = tfc.callbacks.EvaluateGAN(scores, run["eval_samples"], every, report=None)
    log = RunLog(folder / "log.csv", backup, before=shared / "log.csv", evaluate=evaluate)
    callbacks = [
        Clock(log),
        tfc.callbacks.StopWhenDiverged(),
        *([evaluate] if scores else []),
        tfc.callbacks.SampleGrid(folder / "samples", every=every, tensorboard=board),
        log,
        *([keras.callbacks.TensorBoard(board, write_graph=False)] if board else []),
        backup,
    ]
    gan.fit(
        data,
        epochs=run["steps"] // epoch,
        initial_epoch=int(gan.optimizer.iterations.numpy()) // epoch,
        steps_per_epoch=epoch,
        shuffle=False,
        callbacks=callbacks,
        verbose=options["verbose"],
    )
    # What training goes on from, and what to sample from: the averages, where there are any.
    with replacing(folder / "model.keras") as partial:
        gan.save(partial)
    with tfc.averaged_weights(gan), replacing(folder / "generator.keras") as partial:
        gan.generator.save(partial)
    if options["interpolations"]:
        save_interpolations(gan, options["interpolations"], folder / "interpolations.png")
    result = result_of(run, seed, folder, scores)
    write_result(folder, result, ["model.keras", "generator.keras"])
    if tfc.strategies.is_chief(options["strategy"]):
        backup.delete()


def save_interpolations(gan, number, path):
    """Strips of images on the way between latents, one a row."""
    latents = np.random.default_rng(0).normal(size=(2, number, gan.latent_dim))
    steps = 10
    way = tfc.latents.interpolate(*latents.astype(np.float32), steps=steps)
    inputs = way.reshape(number * steps, -1)
    if getattr(gan, "num_classes", None):
        inputs = [inputs, np.arange(number).repeat(steps) % gan.num_classes]
    with tfc.averaged_weights(gan):
        images = gan.generator.predict(inputs, verbose=0)
    tfc.plotting.image_grid(images, path, columns=steps)

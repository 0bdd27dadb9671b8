r"""Mixture of Gaussians: simultaneous gradient ascent against consensus optimization.

Reproduces figure 2 of "The Numerics of GANs" (Mescheder, Nowozin, Geiger, 2017): a GAN of two small
dense networks learns eight Gaussians on a circle, or 25 on a grid. Leaves in --output_dir:
figure_2.png (densities over training), curves.png (losses and gradient norm), densities.gif,
results.json, and a folder a run with its log, its samples over training and the trained model
(model.keras).

    python examples/mixture_of_gaussians.py
    python examples/mixture_of_gaussians.py --preset=recommended --optimizer=consensus --seeds=0,1,2
    python examples/mixture_of_gaussians.py --target=grid --preset=recommended \
        --optimizer=alternating --objective=relativistic --penalty=r1,r2 --penalty_weight=1
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc
from tf_consensus.cli import strategy_flags
from tf_consensus.cli.strategy_flags import make_strategy, own_folder
from tf_consensus.experiments.clock import Clock
from tf_consensus.experiments.errors import RunError, plain_errors
from tf_consensus.experiments.lock import locked
from tf_consensus.experiments.log import RunLog, read_log
from tf_consensus.experiments.result import (
    damaged_files,
    mend_log,
    numbers_of,
    read_result,
    write_result,
)
from tf_consensus.experiments.settings import claim, versions
from tf_consensus.support.files import replacing, write_json

METHODS = ("simultaneous", "alternating", "consensus", "smoothing", "clipped")
PRESETS = {
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
    "ring": (tfc.data.mixture_of_gaussians, tfc.data.ring_modes),
    "grid": (tfc.data.grid_of_gaussians, tfc.data.grid_modes),
}
# What --penalty_weight is called in each of them.
WEIGHTS = {"wgan_gp": "weight", "dragan": "weight", "instance_noise": "stddev"}
SAMPLES = 2560
STDDEV = 0.01
STEPS_PER_EPOCH = 1000

FLAGS = flags.FLAGS
strategy_flags.define()
flags.adopt_module_key_flags(strategy_flags)
flags.DEFINE_list(
    "optimizer", ["simultaneous", "consensus"], f"Methods to compare, of {', '.join(METHODS)}."
)
flags.DEFINE_enum("preset", "paper", sorted(PRESETS), "Settings that the flags below override.")
flags.DEFINE_float("gamma", None, "Weight of the regularizer (consensus, smoothing).", 0.0)
flags.DEFINE_float("clip_norm", 1.0, "Largest norm of a player's gradient (clipped).", 0.0)
flags.DEFINE_float("learning_rate", None, "Step size of the inner optimizer.", 0.0)
flags.DEFINE_enum(
    "schedule", None, ["constant", "cosine"], "Keep the learning rate, or let it fall to 0."
)
flags.DEFINE_integer("steps", None, "Training steps of a run.", 1)
flags.DEFINE_list("seeds", ["0"], "Seeds; every method runs once with each.")
flags.DEFINE_string(
    "objective", "standard", f"GAN objective, one of {', '.join(tfc.objectives.names())}."
)
flags.DEFINE_enum(
    "precision", "float32", ["float32", "mixed_bfloat16"], "Keras' dtype policy of the networks."
)
flags.DEFINE_enum("target", "ring", sorted(TARGETS), "Eight modes on a circle, or 5 x 5 on a grid.")
flags.DEFINE_list(
    "penalty", [], f"Penalties on the discriminator, of {', '.join(tfc.penalties.names())}."
)
flags.DEFINE_float(
    "penalty_weight", None, "Weight of each penalty (stddev of instance noise).", 0.0
)
flags.DEFINE_integer("penalty_every", 1, "Take gradient penalties each so many steps only.", 1)
flags.DEFINE_integer("batch_size", 512, "Samples in a batch.", 1)
flags.DEFINE_bool("balanced", True, "Equal counts of the modes in a batch, or independent samples.")
flags.DEFINE_integer("microbatches", 1, "Equal parts to go through a batch in.", 1)
flags.DEFINE_enum(
    "debias",
    None,
    ["groups", "per_example"],
    "Consensus and smoothing without the bias of batches: over micro-batches or examples.",
)
flags.DEFINE_float("initial_accumulator", 1.0, "Start of RMSProp's running mean of squares.", 0.0)
flags.DEFINE_string("output_dir", "output/mixture_of_gaussians", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Go on with the runs in --output_dir.")
flags.register_validator(
    "optimizer",
    lambda names: names and set(names) <= set(METHODS) and len(set(names)) == len(names),
    f"must be a comma list of different names out of {', '.join(METHODS)}",
)
flags.register_validator(
    "seeds",
    lambda seeds: seeds and all(s.isdigit() for s in seeds) and len(set(seeds)) == len(seeds),
    "must be a comma list of different integers of at least 0",
)
flags.register_validator(
    "penalty",
    lambda names: set(names) <= set(tfc.penalties.names()) and len(set(names)) == len(names),
    f"must be a comma list of different names out of {', '.join(tfc.penalties.names())}",
)
flags.register_validator(
    "objective", lambda name: name in tfc.objectives.names(), "must name a known objective"
)
flags.register_validator(
    "steps",
    lambda n: n is None or n < STEPS_PER_EPOCH or n % STEPS_PER_EPOCH == 0,
    f"must be below {STEPS_PER_EPOCH} or a multiple of it, the length of an epoch",
)


def resolve_settings():
    """The preset with what the flags override, and all other flags that determine the runs."""
    preset = dict(PRESETS[FLAGS.preset])
    for key in ("learning_rate", "schedule", "gamma", "steps"):
        if FLAGS[key].value is not None:
            preset[key] = FLAGS[key].value
    others = ("preset", "clip_norm", "objective", "batch_size", "initial_accumulator", "target")
    others += ("penalty", "penalty_weight", "penalty_every", "microbatches", "debias", "balanced")
    others += ("precision",)
    return {
        "optimizer": FLAGS.optimizer,
        "seeds": [int(seed) for seed in FLAGS.seeds],
        **{key: FLAGS[key].value for key in others},
        **preset,
    }


def make_inner(settings):
    """The Keras optimizer that takes the step."""
    rate = settings["learning_rate"]
    if settings["schedule"] == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, settings["steps"])
    if settings["inner"] == "adam":
        return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)
    # The paper's RMSProp: epsilon in the root as in Keras; its accumulator starts at 1, not 0.
    return keras.optimizers.RMSprop(rate, rho=0.9, epsilon=1e-10)


def make_optimizer(method, settings):
    """The method around the inner optimizer."""
    inner = make_inner(settings)
    parts = {"microbatches": settings["microbatches"]}
    regularized = {"gamma": settings["gamma"], "debias": settings["debias"], **parts}
    if method == "consensus":
        return tfc.ConsensusOptimizer(inner, **regularized)
    if method == "smoothing":
        return tfc.SmoothingOptimizer(inner, **regularized)
    if method == "clipped":
        return tfc.ClippedOptimizer(inner, clip_norm=settings["clip_norm"], **parts)
    if method == "alternating":
        return tfc.AlternatingOptimizer(inner, make_inner(settings), **parts)
    return tfc.SimultaneousOptimizer(inner, **parts)


def make_penalties(settings):
    """The penalties by their names and the one weight."""
    penalties = []
    for name in settings["penalty"]:
        options = {} if name == "instance_noise" else {"every": settings["penalty_every"]}
        if settings["penalty_weight"] is not None:
            options[WEIGHTS.get(name, "gamma")] = settings["penalty_weight"]
        penalties.append(type(tfc.penalties.get(name))(**options))
    return penalties


def make_gan(method, seed, settings):
    """The compiled model, with the accumulators of RMSProp set."""
    generator, discriminator = tfc.networks.build(
        "mlp", dtype=settings["precision"], latent_dim=16, seed=seed
    )
    gan = tfc.GAN(
        generator,
        discriminator,
        latent_dim=16,
        objective=settings["objective"],
        penalties=make_penalties(settings),
        seed=seed,
    )
    epoch = min(STEPS_PER_EPOCH, settings["steps"])
    execution = max(n for n in range(1, 101) if epoch % n == 0)
    gan.compile(
        optimizer=make_optimizer(method, settings), jit_compile=True, steps_per_execution=execution
    )
    gan.optimizer.build(gan.trainable_variables)
    for variable in gan.optimizer.variables:
        if "velocity" in variable.path and settings["inner"] == "rmsprop":
            variable.assign(tf.fill(variable.shape, settings["initial_accumulator"]))
    return gan


def train(method, seed, settings, folder, strategy, known):
    """Trains one run, going on from its backup if there is one, and writes its results.

    `known` is the chief's folder of the run. The backup is deleted when everything else is there.
    """
    with strategy.scope():
        gan = make_gan(method, seed, settings)
    stream, modes = TARGETS[settings["target"]]
    data = stream(
        settings["batch_size"],
        stddev=STDDEV,
        seed=seed,
        start=gan.optimizer.iterations,
        balanced=settings["balanced"],
    )
    (folder / "samples").mkdir(parents=True, exist_ok=True)

    def save_samples(step, samples):
        with replacing(folder / "samples" / f"{step:08d}.npy") as partial:
            np.save(partial, samples)

    coverage = tfc.metrics.ModeCoverage(modes(), stddev=STDDEV)
    epoch = min(STEPS_PER_EPOCH, settings["steps"])
    of_the_run = {key: value for key, value in settings.items() if key not in _EXTENSIBLE}
    backup = tfc.callbacks.SafeBackup(
        known / "backup", delete_checkpoint=False, settings=of_the_run
    )
    evaluate = tfc.callbacks.EvaluateGAN([coverage], SAMPLES, on_samples=save_samples)
    log = RunLog(folder / "log.csv", backup, evaluate=evaluate)
    gan.fit(
        data,
        epochs=settings["steps"] // epoch,
        steps_per_epoch=epoch,
        shuffle=False,
        callbacks=[
            Clock(log),
            tfc.callbacks.StopWhenDiverged(),
            evaluate,
            log,
            backup,
        ],
    )
    with replacing(folder / "model.keras") as partial:
        gan.save(partial)
    write_run(method, seed, settings, folder)
    if tfc.strategies.is_chief(strategy):
        backup.delete()


def write_run(method, seed, settings, folder):
    """The finished run's numbers, as one entry of results.json."""
    log = read_log(folder / "log.csv")
    names = ("modes_covered", "within_3_sigma", "within_0.05", "mode_kl")
    names += ("discriminator_loss", "generator_loss", "gradient_norm")
    result = {
        "method": method,
        "seed": seed,
        **{name: float(log[name][-1]) for name in names},
        "steps": settings["steps"],
        "train_seconds": round(float(log["seconds"][-1]), 2),
    }
    result["modes_covered"] = int(result["modes_covered"])
    write_result(folder, result, ["model.keras"])


def run_folder(output, method, seed):
    """The folder of one run."""
    return output / f"{method}-seed{seed}"


# More methods and seeds may join the runs of a folder; everything else must stay.
_EXTENSIBLE = ("optimizer", "seeds")


def is_finished(folder):
    """Whether the run has a result, and its model is whole."""
    result = read_result(folder)
    if result is None:
        return False
    mend_log(folder, result)
    damaged = damaged_files(folder, result)
    if damaged:
        raise RunError(
            f"The files of a finished run must be those that were written. Received: {folder} with "
            f"{', '.join(damaged)}, damaged. Restore them, or delete the folder to train again."
        )
    return True


def train_all(settings, output, strategy, shared):
    """Every run that has no result yet; `False` if Ctrl-C came in between."""
    for seed in settings["seeds"]:
        for method in settings["optimizer"]:
            folder, known = (run_folder(root, method, seed) for root in (output, shared))
            if is_finished(known):
                print(f"{method}, seed {seed}: finished before")
                continue
            print(f"{method}, seed {seed}: {settings['steps']} steps", flush=True)
            try:
                train(method, seed, settings, folder, strategy, known)
            except tfc.callbacks.DivergedError as error:
                sys.exit(f"{method}, seed {seed}: {error}")
            except KeyboardInterrupt:
                return False
    return True


def finished_runs(settings, output):
    """The results of all finished runs, methods in the order asked for."""
    folders = [run_folder(output, m, s) for m in settings["optimizer"] for s in settings["seeds"]]
    return [numbers_of(result) for result in map(read_result, folders) if result is not None]


def write_report(settings, output):
    """results.json and the pictures, from whatever is finished; returns the results."""
    runs = finished_runs(settings, output)
    found = {"python": sys.version.split()[0], **versions()}
    write_json(output / "results.json", {"runs": runs, "settings": settings, "versions": found})
    if runs:
        draw(settings, output, {run["method"]: run["seed"] for run in reversed(runs)})
    return runs


def draw(settings, output, shown):
    """The pictures, of one seed a method: the first that is finished."""
    folders = {
        method: run_folder(output, method, shown[method])
        for method in settings["optimizer"]
        if method in shown
    }
    frames = {
        method: {int(path.stem): np.load(path) for path in sorted(folder.glob("samples/*.npy"))}
        for method, folder in folders.items()
    }
    stream = TARGETS[settings["target"]][0]
    target = next(iter(stream(SAMPLES, stddev=STDDEV, seed=0))).numpy()
    last = settings["steps"]
    epoch = min(STEPS_PER_EPOCH, last)
    columns = sorted({0, *(round(last * part / epoch) * epoch for part in (0.25, 0.5, 1.0))})
    tfc.plotting.density_grid(
        {method: [samples.get(step) for step in columns] for method, samples in frames.items()},
        [f"{step:,} steps" for step in columns],
        target,
        path=output / "figure_2.png",
    )
    steps = range(0, last + 1, epoch)
    tfc.plotting.density_animation(
        {method: [samples.get(step) for step in steps] for method, samples in frames.items()},
        output / "densities.gif",
        [f"{step:,} steps" for step in steps],
        target,
    )
    draw_curves(settings, output, folders, epoch)


def draw_curves(settings, output, folders, epoch):
    """Losses and gradient norm of the runs in `folders`, with the losses at equilibrium."""
    quantities = ["discriminator_loss", "generator_loss", "gradient_norm"]
    histories = {}
    for method, folder in folders.items():
        log = read_log(folder / "log.csv")
        steps = (log["epoch"] + 1) * epoch
        histories[method] = {quantity: (steps, log[quantity]) for quantity in quantities}
    references = {"discriminator_loss": 2 * np.log(2), "generator_loss": np.log(2)}
    tfc.plotting.training_curves(
        histories,
        quantities,
        step_unit="steps",
        references=references if settings["objective"] == "standard" else None,
        path=output / "curves.png",
    )


def print_table(runs, number):
    """One line a run; `number` modes are there to be covered."""
    print(f"\n{'method':14}{'seed':>5}{'modes':>7}{'3 sigma':>9}{'0.05':>8}{'seconds':>9}")
    for run in runs:
        print(
            f"{run['method']:14}{run['seed']:5}{run['modes_covered']:4}/{number:<2}"
            f"{run['within_3_sigma']:9.1%}{run['within_0.05']:8.1%}{run['train_seconds']:9.1f}"
        )


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    # Sharing out operations this small among threads costs more than it saves.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    settings = resolve_settings()
    strategy = make_strategy()
    shared = pathlib.Path(FLAGS.output_dir)
    output = own_folder(strategy, shared)
    with plain_errors(), locked(output):
        complete = train_and_report(settings, output, strategy, shared)
    if not complete:
        print("interrupted; the same command with --resume goes on", file=sys.stderr)
        sys.exit(130)


def train_and_report(settings, output, strategy, shared):
    """Everything in the folder of results, which this process holds; whether all is done."""
    claim(
        output,
        settings | {"example": "mixture_of_gaussians", "versions": versions()},
        resume=FLAGS.resume,
        backups=list(output.glob("*/backup")),
        may_change=lambda before, now: _EXTENSIBLE,
    )
    complete = train_all(settings, output, strategy, shared)
    print_table(write_report(settings, output), len(TARGETS[settings["target"]][1]()))
    print(f"results in {output}/")
    return complete


if __name__ == "__main__":
    app.run(main)

"""Which GAN methods converge in the plane: eleven methods on four targets.

The 2D experiments of "Which Training Methods for GANs do actually Converge?" (Mescheder, Geiger,
Nowozin, 2018). Leaves in --output_dir: densities.png (final samples, a row a method and a column a
target), wasserstein.png and wasserstein.csv (Wasserstein-1 distance over training), results.json,
and a folder a run with its log.csv and samples.npy.

    python examples/toy_2d.py
    python examples/toy_2d.py --target=circle --method=simultaneous,r1 --seeds=0,1,2

All methods share the networks, the inner optimizer (Adam with β₁ = 0, β₂ = 0.99 and a learning
rate that falls to 0), the batch size and the number of generator updates; `METHODS` says in what
they differ. Penalized methods move discriminator and generator in turn, as their papers do, WGAN's
take five discriminator steps a generator step, all five on one batch, and consensus optimization
moves both players at once, as it is defined. The learning rate falls for all alike: with
--schedule=constant most of them keep moving above the floor.

The distance is exact, between 1,024 generated points and as many of the target. The floor that it
is compared with is the mean over further samples of the target itself: about half of all perfect
samples lie below it. A run whose samples are no longer finite has diverged: its distance is
infinite, in results.json the string "inf".
"""

import csv
import os
import pathlib
import sys
import time
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc
from tf_consensus.cli import strategy_flags
from tf_consensus.cli.strategy_flags import make_strategy, own_folder
from tf_consensus.experiments.errors import plain_errors
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


class Method(NamedTuple):
    """What sets a method apart."""

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
PENALTIES = {
    "r1": lambda settings: tfc.penalties.R1(settings["gamma"]),
    "r2": lambda settings: tfc.penalties.R2(settings["gamma"]),
    "wgan_gp": lambda settings: tfc.penalties.WGANGP(weight=settings["gp_weight"]),
    "instance_noise": lambda settings: tfc.penalties.InstanceNoise(settings["noise_stddev"]),
}
TARGETS = {
    "gaussian": tfc.data.gaussian,
    "line": tfc.data.line,
    "circle": tfc.data.circle,
    "four_lines": tfc.data.four_lines,
}
LATENT_DIM = 16
POINTS = 1024
FLOOR_SAMPLES = 10
EVALUATION_SEED = 1_000_000  # apart from the seeds of training
STEPS_PER_EPOCH = 400

FLAGS = flags.FLAGS
strategy_flags.define()
flags.adopt_module_key_flags(strategy_flags)
flags.DEFINE_list("target", list(TARGETS), f"Targets, of {', '.join(TARGETS)}.")
flags.DEFINE_list("method", list(METHODS), f"Methods to compare, of {', '.join(METHODS)}.")
flags.DEFINE_list("seeds", ["0"], "Seeds; every method runs once with each on every target.")
flags.DEFINE_integer("steps", 6000, "Generator updates of a run.", 1)
flags.DEFINE_integer("batch_size", 256, "Samples in a batch.", 1)
flags.DEFINE_integer("width", 32, "Units in each of the networks' hidden layers.", 1)
flags.DEFINE_integer("depth", 4, "Hidden layers of each network.", 0)
flags.DEFINE_float("learning_rate", 1e-3, "Step size of the inner optimizer, Adam.", 0.0)
flags.DEFINE_enum(
    "schedule", "cosine", ["constant", "cosine"], "Keep the learning rate, or let it fall to 0."
)
flags.DEFINE_float("gamma", 1.0, "Weight γ of R1 and R2.", 0.0)
flags.DEFINE_float("consensus_gamma", 1.0, "Weight γ of consensus optimization.", 0.0)
flags.DEFINE_float("gp_weight", 0.1, "Weight λ of WGAN-GP's penalty.", 0.0)
flags.DEFINE_float("noise_stddev", 0.1, "Standard deviation of the instance noise.", 0.0)
flags.DEFINE_float("clip_bound", 0.2, "Largest magnitude of clipped weights.")
flags.DEFINE_string("output_dir", "output/toy_2d", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Go on with the runs in --output_dir.")


def names_of(known):
    """A validator: different names, all of them known."""
    return lambda names: names and set(names) <= set(known) and len(set(names)) == len(names)


for name, known in (("target", TARGETS), ("method", METHODS)):
    flags.register_validator(
        name,
        names_of(known),
        f"must be a comma list of different names out of {', '.join(known)}",
    )
flags.register_validator(
    "seeds",
    lambda seeds: (
        all(s.isdecimal() and int(s) < 2**31 for s in seeds)
        and 0 < len(seeds) == len({int(s) for s in seeds})
    ),
    "must be a comma list of different integers of at least 0 and below 2^31",
)
flags.register_validator(
    "steps",
    lambda n: n < STEPS_PER_EPOCH or n % STEPS_PER_EPOCH == 0,
    f"must be below {STEPS_PER_EPOCH} or a multiple of it, the steps between two evaluations",
)
flags.register_validator("clip_bound", lambda bound: bound > 0, "must be positive")

# More of these may join the runs of a folder; everything else must stay.
EXTENSIBLE = ("target", "method", "seeds")
SHARED = ("steps", "batch_size", "width", "depth", "learning_rate", "schedule")
WEIGHTS = ("gamma", "consensus_gamma", "gp_weight", "noise_stddev", "clip_bound")


class Run(NamedTuple):
    """One training run, and the name of its folder."""

    method: str
    target: str
    seed: int

    def folder(self, output):
        """Where its results are."""
        return output / f"{self.method}-{self.target}-seed{self.seed}"


def resolve_settings():
    """The flags that determine the runs."""
    settings = {key: FLAGS[key].value for key in (*EXTENSIBLE, *SHARED, *WEIGHTS)}
    return {**settings, "seeds": [int(seed) for seed in FLAGS.seeds]}


def runs_of(settings):
    """All runs asked for, seed by seed, so that what is finished early is comparable."""
    return [
        Run(method, target, seed)
        for seed in settings["seeds"]
        for target in settings["target"]
        for method in settings["method"]
    ]


# Training.


def make_inner(settings, updates=1):
    """The Keras optimizer of one player, which takes `updates` steps a training step."""
    rate = settings["learning_rate"]
    if settings["schedule"] == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, settings["steps"] * updates)
    return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)


def make_optimizer(method, settings):
    """The method around the inner optimizer."""
    if method.optimizer == "consensus":
        return tfc.ConsensusOptimizer(make_inner(settings), gamma=settings["consensus_gamma"])
    if method.optimizer == "simultaneous":
        return tfc.SimultaneousOptimizer(make_inner(settings))
    updates = method.discriminator_steps
    return tfc.AlternatingOptimizer(
        make_inner(settings), make_inner(settings, updates), discriminator_steps=updates
    )


def make_networks(settings, seed):
    """A freshly drawn generator and discriminator."""
    size = {"width": settings["width"], "depth": settings["depth"]}
    return tfc.networks.build("mlp", latent_dim=LATENT_DIM, seed=seed, **size)


class Trainer(NamedTuple):
    """A compiled model, for all runs of a method: compiling takes as long as training."""

    gan: tfc.GAN
    optimizer_state: list[np.ndarray]


def make_trainer(method, settings):
    """The model of a method, with its optimizer's state before the first step."""
    generator, discriminator = make_networks(settings, seed=0)
    if method.clips_weights:
        discriminator = tfc.penalties.clip_weights(discriminator, settings["clip_bound"])
    gan = tfc.GAN(
        generator,
        discriminator,
        latent_dim=LATENT_DIM,
        objective=method.objective,
        penalties=[PENALTIES[name](settings) for name in method.penalties],
        seed=0,
    )
    epoch = steps_per_epoch(settings)
    gan.compile(
        optimizer=make_optimizer(method, settings),
        jit_compile=True,
        steps_per_execution=max(n for n in range(1, 101) if epoch % n == 0),
    )
    gan.optimizer.build(gan.trainable_variables)
    return Trainer(gan, [variable.numpy() for variable in gan.optimizer.variables])


def restart(trainer, settings, seed):
    """The model, put where a run of this seed starts."""
    gan = trainer.gan
    fresh = make_networks(settings, seed)
    for network, drawn in zip((gan.generator, gan.discriminator), fresh, strict=True):
        network.set_weights(drawn.get_weights())
    gan.optimizer.set_weights(trainer.optimizer_state)
    # The model's seed is compiled in; latents of another range of its counter are as independent.
    gan.noise_counter.assign(seed << 32)
    return gan


def steps_per_epoch(settings):
    """Steps between two evaluations."""
    return min(STEPS_PER_EPOCH, settings["steps"])


def target_sample(target, seed):
    """Points of a target that no run trains on."""
    return next(iter(TARGETS[target](POINTS, seed=EVALUATION_SEED + seed))).numpy()


def train(trainer, run, settings, folder):
    """Trains one run and writes its log, its final samples and its result, which it returns."""
    start = time.perf_counter()
    gan = restart(trainer, settings, run.seed)
    folder.mkdir(parents=True, exist_ok=True)
    epoch = steps_per_epoch(settings)
    distance = tfc.metrics.Wasserstein1(target_sample(run.target, 0))

    def save_samples(step, samples):
        del step
        with replacing(folder / "samples.npy") as partial:
            np.save(partial, samples)

    gan.fit(
        TARGETS[run.target](settings["batch_size"], seed=run.seed),
        epochs=settings["steps"] // epoch,
        steps_per_epoch=epoch,
        shuffle=False,
        verbose=0,
        callbacks=[
            tfc.callbacks.EvaluateGAN([distance], POINTS, on_samples=save_samples),
            RunLog(folder / "log.csv"),
        ],
    )
    return write_run(run, settings, folder, time.perf_counter() - start)


def read_distances(folder):
    """The distances of a run, one per evaluation."""
    return read_log(folder / "log.csv")["wasserstein1"]


def write_run(run, settings, folder, seconds):
    """The finished run's numbers, as one entry of results.json."""
    distances = read_distances(folder)
    best = int(np.argmin(distances))
    result = {
        **run._asdict(),
        "final": json_number(distances[-1]),
        "best": json_number(distances[best]),
        "best_step": (best + 1) * steps_per_epoch(settings),
        "seconds": round(seconds, 2),
    }
    write_result(folder, result, ["samples.npy"])
    return result


def json_number(x):
    """The number, or the string "inf", as JSON has no infinity; `float` reads both."""
    return float(x) if np.isfinite(x) else "inf"


def is_finished(folder):
    """Whether the run has a result, and its files are whole; else it is trained again."""
    result = read_result(folder)
    if result is None or damaged_files(folder, result) or not (folder / "samples.npy").exists():
        return False
    mend_log(folder, result)
    return True


def train_all(settings, output, strategy, shared):
    """Every run that has no result yet; `False` if Ctrl-C came in between."""
    runs, trainers = runs_of(settings), {}
    try:
        for number, run in enumerate(runs, 1):
            title = f"[{number}/{len(runs)}] {run.method}, {run.target}, seed {run.seed}"
            folder = run.folder(output)
            if is_finished(run.folder(shared)):
                print(f"{title}: finished before")
                continue
            if run.method not in trainers:
                with strategy.scope():
                    trainers[run.method] = make_trainer(METHODS[run.method], settings)
            result = train(trainers[run.method], run, settings, folder)
            distance, seconds = float(result["final"]), result["seconds"]
            print(f"{title}: distance {distance:.3f}, {seconds:.1f} s", flush=True)
    except KeyboardInterrupt:
        return False
    return True


# Reporting.


def floors(settings):
    """For each target, distances of further samples of it to the one that runs are measured by."""
    found = {}
    for target in settings["target"]:
        fixed = target_sample(target, 0)
        further = (target_sample(target, seed) for seed in range(1, FLOOR_SAMPLES + 1))
        values = [tfc.metrics.wasserstein1(points, fixed) for points in further]
        found[target] = {"mean": float(np.mean(values)), "std": float(np.std(values))}
    return found


def summarize(results, settings):
    """For each method and target, mean and standard deviation over the seeds."""
    summary = {method: {} for method in settings["method"]}
    for method in settings["method"]:
        for target in settings["target"]:
            found = [r for r in results if (r["method"], r["target"]) == (method, target)]
            if found:
                summary[method][target] = spread(found)
    return summary


def spread(results):
    """Means, standard deviations and how many seeds there are and have diverged."""
    numbers = {"seeds": len(results), "diverged": sum(r["final"] == "inf" for r in results)}
    for key in ("final", "best"):
        values = np.array([float(result[key]) for result in results])
        finite = np.isfinite(values).all()
        numbers[f"{key}_mean"] = json_number(values.mean())
        numbers[f"{key}_std"] = float(values.std()) if finite else "inf"
    return numbers


def write_report(settings, output):
    """results.json, the pictures and the table, from whatever is finished."""
    found = {run: read_result(run.folder(output)) for run in runs_of(settings)}
    runs = [run for run, result in found.items() if result is not None]
    results = [numbers_of(found[run]) for run in runs]
    floor = floors(settings)
    used = {"python": sys.version.split()[0], **versions()}
    summary = summarize(results, settings)
    report = {"runs": results, "summary": summary, "floor": floor}
    write_json(output / "results.json", {**report, "settings": settings, "versions": used})
    if runs:
        distances = {run: read_distances(run.folder(output)) for run in runs}
        write_distances(distances, settings, output)
        draw_distances(distances, floor, settings, output)
        draw_densities(runs, settings, output)
        print_table(summary, floor)


def write_distances(distances, settings, output):
    """wasserstein.csv, a row an evaluation."""
    with (
        replacing(output / "wasserstein.csv") as partial,
        open(partial, "w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow([*Run._fields, "step", "wasserstein1"])
        for run, values in distances.items():
            for index, value in enumerate(values, 1):
                writer.writerow([*run, index * steps_per_epoch(settings), value])


def draw_distances(distances, floor, settings, output):
    """wasserstein.png, a panel a target."""
    epoch = steps_per_epoch(settings)
    steps = np.arange(epoch, settings["steps"] + 1, epoch)
    panels = {}
    for target in settings["target"]:
        for method in settings["method"]:
            curves = [d for run, d in distances.items() if run[:2] == (method, target)]
            if curves:
                panels.setdefault(target, {})[METHODS[method].label] = (steps, curves)
    tfc.plotting.seed_curves(
        panels,
        "Wasserstein-1 distance",
        references={target: floor[target]["mean"] for target in panels},
        reference_label="floor: two samples of the target",
        path=output / "wasserstein.png",
    )


def draw_densities(runs, settings, output):
    """densities.png, of the first seed that is finished."""
    rows = {}
    for run in reversed(runs):
        row = rows.setdefault(METHODS[run.method].label, {})
        row[run.target] = np.load(run.folder(output) / "samples.npy")
    labels = [METHODS[method].label for method in settings["method"]]
    tfc.plotting.density_table(
        {label: rows[label] for label in labels if label in rows},
        {target: target_sample(target, 0) for target in settings["target"]},
        path=output / "densities.png",
    )


def print_table(summary, floor):
    """One line a method: final distance, mean ± deviation, and in brackets the best mean."""
    lines = {method: [cell(row.get(t)) for t in floor] for method, row in summary.items()}
    lines["floor"] = [f"{f['mean']:.3f} ± {f['std']:.3f}" + 8 * " " for f in floor.values()]
    print(f"\n{'method':20}" + "".join(f"{target:>26}" for target in floor))
    for name, cells in lines.items():
        print(f"{name:20}" + "".join(f"{text:>26}" for text in cells))


def cell(numbers):
    """One entry of the table."""
    if numbers is None:
        return "-"
    final, deviation, best = (
        float(numbers[key]) for key in ("final_mean", "final_std", "best_mean")
    )
    if not np.isfinite(final):
        return f"{numbers['diverged']} of {numbers['seeds']} diverged ({best:.3f})"
    return f"{final:.3f} ± {deviation:.3f} ({best:.3f})"


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    # Sharing out operations this small among threads costs more than it saves.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    # TensorFlow takes the compilation of several models for the retracing of one, and warns.
    tf.get_logger().setLevel("ERROR")
    settings = resolve_settings()
    strategy = make_strategy()
    shared = pathlib.Path(FLAGS.output_dir)
    output = own_folder(strategy, shared)
    with plain_errors(), locked(output):
        claim(
            output,
            settings | {"example": "toy_2d", "versions": versions()},
            resume=FLAGS.resume,
            may_change=lambda before, now: EXTENSIBLE,
        )
        complete = train_all(settings, output, strategy, shared)
        write_report(settings, output)
    print(f"results in {output}/")
    if not complete:
        print("interrupted; the same command with --resume goes on", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    app.run(main)

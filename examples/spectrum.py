"""Spectra of a GAN's gradient field: what consensus optimization does to the eigenvalues.

Trains the mixture-of-Gaussians GAN of "The Numerics of GANs" (Mescheder, Nowozin, Geiger, 2017) by
consensus and by simultaneous gradient ascent, and takes all eigenvalues of v' and of
w' = v' - γ v'ᵀv'. Leaves in --output_dir: figure_3_<method>.png (before and after training),
figure_1.png (eigenvalues of I + hA and the unit circle, after consensus), spectra.gif (over
training), eigenvalues.npz and results.json. With --checkpoint it trains nothing and shows the
spectra of a saved GAN.

Takes two minutes of processor time, so less on two free cores, and tells its progress. Each of the
16 spectra takes some 4 seconds, 1,000 steps of both methods some 7. The second line is the paper's
training, in six to seven minutes.

    python examples/spectrum.py
    python examples/spectrum.py --steps=20000 --batches=10 --frames=20
    python examples/spectrum.py --checkpoint=model.keras --data=mixture_of_gaussians
"""

import json
import math
import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import tf_consensus as tfc
from tf_consensus.cli import strategy_flags
from tf_consensus.cli.strategy_flags import make_strategy, own_folder
from tf_consensus.experiments import making
from tf_consensus.experiments.settings import versions
from tf_consensus.plotting.methods import METHOD_LOOKS
from tf_consensus.plotting.style import LARGE, MEDIUM, SMALL, enlarge, new_figure, saved
from tf_consensus.support.files import replacing, write_text
from tf_consensus.support.random import normal

METHODS = {"consensus": "consensus optimization", "simultaneous": "simultaneous gradient ascent"}
MATRICES = ("v", "w")  # v' and w', as keys
DATA = {"mixture_of_gaussians": (tfc.data.mixture_of_gaussians, (2,))}
GAMMA, BATCH_SIZE, LATENT_DIM = 10.0, 512, 16
SMALL_REAL = 1e-3
NEUTRAL = 1e-3  # below this times the largest modulus an eigenvalue counts as 0
MAX_PARAMETERS = 10_000
# v' is the field of simultaneous ascent, w' that of consensus optimization.
COLORS = {"v": METHOD_LOOKS["simultaneous"][0], "w": METHOD_LOOKS["consensus"][0]}

FLAGS = flags.FLAGS
strategy_flags.define()
flags.adopt_module_key_flags(strategy_flags)
flags.DEFINE_integer("steps", 5000, "Training steps of a run; the paper's are 20,000.", 1)
flags.DEFINE_integer("seed", 0, "Seed of networks, latents and data.", 0)
flags.DEFINE_float(
    "gamma", None, f"γ of training and of w'; {GAMMA:g}, or a checkpoint's own, if not given.", 0.0
)
flags.DEFINE_integer("batches", 4, f"Batches of {BATCH_SIZE} to average v' over.", 1)
flags.DEFINE_integer("frames", 6, "Frames of the animation.", 2)
flags.DEFINE_string("output_dir", "output/spectrum", "Folder for all results.")
flags.DEFINE_string("checkpoint", None, "A saved GAN to look at, instead of training.")
flags.DEFINE_enum("data", "mixture_of_gaussians", sorted(DATA), "What the checkpoint learned.")
flags.register_validator(
    "output_dir",
    lambda value: value and (pathlib.Path(value).is_dir() or not pathlib.Path(value).exists()),
    message="must name a folder, existing or new, not a file",
)


# Training.


def make_inner():
    """The paper's RMSProp, which starts its mean of squares at 1."""
    return making.make_inner("rmsprop", 1e-4, epsilon=1e-10)


def make_gan(method, seed, gamma, steps):
    """The compiled model with the paper's settings."""
    generator, discriminator = tfc.networks.build("mlp", latent_dim=LATENT_DIM, seed=seed)
    gan = tfc.GAN(generator, discriminator, latent_dim=LATENT_DIM, seed=seed)
    settings = {"gamma": gamma, "debias": None, "microbatches": 1}
    optimizer = making.make_optimizer(method, lambda updates, factor: make_inner(), settings)
    gan.compile(optimizer=optimizer, jit_compile=True, steps_per_execution=math.gcd(100, steps))
    making.start_accumulators(gan, 1.0)
    return gan


class Snapshots(keras.callbacks.Callback):
    """Keeps the parameters at evenly spread steps, `parameters` by step, and tells the progress."""

    def __init__(self, method, steps, count):
        super().__init__()
        self.method, self.steps, self.told = method, steps, 0
        execution = math.gcd(100, steps)
        wanted = np.linspace(0, steps / execution, count).round().astype(int) * execution
        self.wanted = set(wanted.tolist())
        self.parameters = {}

    def on_train_begin(self, logs=None):
        """Keeps the start."""
        self.keep(0)

    def on_train_batch_end(self, batch, logs=None):
        """Keeps the parameters if this is one of the steps."""
        step = batch + 1
        if step in self.wanted:
            self.keep(step)
        tenth = 10 * step // self.steps
        if tenth > self.told:
            self.told = tenth
            print(f"training by {self.method}: step {step:,} of {self.steps:,}", flush=True)

    def keep(self, step):
        """Copies the parameters."""
        self.parameters[step] = copy_parameters(self.model)


def train(method, seed, gamma, steps, frames, strategy):
    """Trains one run; returns its parameters at the frames' steps."""
    with strategy.scope():
        gan = make_gan(method, seed, gamma, steps)
    snapshots = Snapshots(method, steps, frames)
    gan.fit(
        tfc.data.mixture_of_gaussians(BATCH_SIZE, seed=seed),
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        callbacks=[snapshots],
    )
    return snapshots.parameters


# Eigenvalues.


def fixed_batches(gan, dataset, count, seed):
    """Real samples and latents that training with this seed does not see."""
    batches = []
    for draw, real in enumerate(dataset(BATCH_SIZE, seed=seed + 1).take(count)):
        shape = (BATCH_SIZE, gan.latent_dim)
        batches.append((real, normal(shape, seed + 1, draw, gan.compute_dtype)))
    return batches


def compile_spectra(gan, batches, gamma):
    """A function of (parameters, number of batches): eigenvalues of v' and w' there."""
    game = gan.game(batches[0][0], training=False)
    measure = tfc.spectrum.compile_jacobian(game)
    known = {}

    def spectra(parameters, count):
        # Both methods start alike, and pictures share states.
        key = count, b"".join(x.tobytes() for x in parameters)
        if key not in known:
            for variable, value in zip(game.variables, parameters, strict=True):
                variable.assign(value)
            jacobian = measure(batches[:count])
            found = [tfc.spectrum.eigenvalues(jacobian, g) for g in (0.0, gamma)]
            known[key] = dict(zip(MATRICES, found, strict=True))
        return known[key]

    return spectra


def copy_parameters(gan):
    """The generator's parameters, then the discriminator's."""
    return [x.numpy().copy() for x in gan.trainable_variables]


def is_neutral(values):
    """Which eigenvalues do not count, of directions that change nothing."""
    return np.abs(values) <= NEUTRAL * np.abs(values).max()


def numbers(values):
    """What the eigenvalues say about stability and speed, as an entry of results.json."""
    counted = values[~is_neutral(values)]
    with np.errstate(divide="ignore"):
        quotient = np.max(np.abs(counted.imag / counted.real), initial=0.0)
    limit = np.min(-2 * counted.real / np.abs(counted) ** 2, initial=np.inf)
    return {
        "share_small_real": float(np.mean(np.abs(values.real) < SMALL_REAL)),
        "largest_quotient": finite(quotient),
        "largest_real": float(values.real.max()),
        "smallest_real": float(values.real.min()),
        "largest_imaginary": float(np.abs(values.imag).max()),
        "step_limit": finite(max(0.0, limit)),
        "neutral": len(values) - len(counted),
        "eigenvalues": len(values),
    }


def finite(value):
    """The number, or None where JSON has none."""
    return float(value) if np.isfinite(value) else None


def describe(pair, gamma, optimizer):
    """The readable line on what limits the step."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    inner = getattr(inner, "generator_optimizer", inner)
    results = {"step_limit_consensus": numbers(pair["w"])["step_limit"]}
    return tfc.callbacks.describe_spectrum(pair["v"][~is_neutral(pair["v"])], results, gamma, inner)


# Pictures.


def limits(pair):
    """Limits of the axes around v': lowest and highest real part, largest imaginary part."""
    values = np.concatenate([pair[key] for key in MATRICES])
    low, high = pair["v"].real.min(), values.real.max()
    pad = 0.07 * (high - low)
    return low - pad, high + pad, 1.15 * max(np.abs(values.imag).max(), 0.01 * pad)


def spectrum_panel(axes, key, values):
    """Eigenvalues of v' or w' in the plane, the imaginary axis drawn."""
    axes.axvline(0, color="black", linewidth=0.8)
    axes.axhline(0, color="0.85", linewidth=0.7, zorder=0)
    axes.plot(values.real, values.imag, "o", color=COLORS[key], ms=5, alpha=0.5, mew=0)


def clip(axes, values, low):
    """Moves real parts below `low` there, and says so below the axis, where no point is."""
    clipped = int(np.sum(values.real < low))
    axes.set_xlabel("real part")
    if clipped:
        axes.set_xlabel(
            f"real part; {clipped:,} below {low:.2g} are drawn there,\n"
            f"the lowest is {values.real.min():.4g}"
        )
    return np.maximum(values.real, low) + 1j * values.imag


def matrix_name(key, gamma):
    """How a title calls the matrix."""
    return "v'" if key == "v" else f"w' = v' - γ v'ᵀv', γ = {gamma:g}"


def figure_3(rows, title, gamma, path):
    """Spectra of v' and w', a row per state of training."""
    figure = new_figure(10.5, 4.2 * len(rows) + 0.5)
    grid = figure.subplots(len(rows), 2, squeeze=False)
    for line, (state, pair) in zip(grid, rows.items(), strict=True):
        low, high, height = limits(pair)
        # Clipped points lie on the edge, half a marker from the frame.
        left = low - 0.02 * (high - low)
        for axes, key in zip(line, MATRICES, strict=True):
            values = pair[key] if key == "v" else clip(axes, pair[key], low)
            spectrum_panel(axes, key, values)
            axes.set(xlim=(left, high), ylim=(-height, height))
            axes.set_title(f"{matrix_name(key, gamma)}, {state}")
            enlarge(axes)
        line[0].set(xlabel="real part", ylabel="imaginary part")
    figure.suptitle(
        f"Eigenvalues, {title}: left of the line a direction shrinks, right of it it grows",
        fontsize=LARGE + 1,
    )
    saved(figure, path)


def figure_1(pair, title, gamma, path):
    """Eigenvalues of I + hA and the unit circle, for A = v' and A = w', and near 1; returns h."""
    step_size = float(1 / np.abs(pair["w"]).max())
    figure = new_figure(11, 12)
    grid = figure.subplots(2, 2)
    zoom = 1.3 * step_size * max(np.abs(pair["v"]).max(), np.abs(pair["w"].imag).max())
    for column, key in zip(grid.T, MATRICES, strict=True):
        for axes in column:
            circle_panel(axes, pair[key], step_size)
        column[0].set(xlim=(-1.45, 1.45), ylim=(-1.85, 1.15))
        column[0].set_title(f"A = {matrix_name(key, gamma)}")
        column[0].legend(loc="lower left", fontsize=SMALL, frameon=False)
        column[1].set(xlim=(1 - zoom, 1 + zoom), ylim=(-zoom, zoom))
        column[1].set_title("The same near 1")
    for axes in grid[:, 0]:
        axes.set_ylabel("imaginary part")
    for axes in grid.flat:
        enlarge(axes)
    figure.suptitle(
        f"Eigenvalues of I + hA, {title}, h = {step_size:.3g} = 1 / max |λ(w')|:\n"
        "a step converges if all that are not neutral are inside the circle",
        fontsize=LARGE + 1,
    )
    saved(figure, path)
    return step_size


def circle_panel(axes, values, step_size):
    """The unit circle, and eigenvalues inside and outside."""
    angle = np.linspace(-np.pi, np.pi, 20_001)
    axes.fill(np.cos(angle), np.sin(angle), color="0.95", zorder=0)
    axes.plot(np.cos(angle), np.sin(angle), color="black", linewidth=1, label="unit circle")
    update = tfc.theory.euler_eigenvalues(values, step_size)
    neutral, inside = is_neutral(values), np.abs(update) < 1
    for where, color, mark, label in (
        (neutral, "0.6", "o", f"neutral, |λ| ≤ {NEUTRAL:g} max |λ|"),
        (~neutral & inside, "#009E73", "o", "inside"),
        (~neutral & ~inside, "#D55E00", "s", "outside"),
    ):
        points, label = update[where], f"{label}: {where.sum():,}"
        axes.plot(points.real, points.imag, mark, color=color, label=label, ms=5, mew=0)
    axes.set(aspect="equal", xlabel="real part")


def animate(frames, gamma, path):
    """The spectra over training, a column per method: {method: {step: pair}}."""
    pairs = [pair for by_step in frames.values() for pair in by_step.values()]
    values = np.concatenate([pair[key] for pair in pairs for key in MATRICES])
    images = []
    for step in sorted(next(iter(frames.values()))):
        figure = Figure(figsize=(10, 7.4), layout="constrained", dpi=80)
        grid = figure.subplots(2, len(frames), sharex=True, sharey=True)
        for column, (method, by_step) in zip(grid.T, frames.items(), strict=True):
            for axes, key in zip(column, MATRICES, strict=True):
                spectrum_panel(axes, key, by_step[step][key])
                axes.set_title(f"{method}: {matrix_name(key, gamma)}")
                enlarge(axes)
        log_axis(grid[0, 0], "x", values.real)
        log_axis(grid[0, 0], "y", values.imag)
        figure.supxlabel("real part (linear within ±0.01, logarithmic outside)", fontsize=MEDIUM)
        figure.supylabel("imaginary part (likewise)", fontsize=MEDIUM)
        figure.suptitle(f"Eigenvalues after {step:,} steps", fontsize=LARGE + 1)
        images.append(rasterize(figure))
    durations = [250] * (len(images) - 1) + [2000]
    with replacing(path) as partial:
        images[0].save(partial, save_all=True, append_images=images[1:], duration=durations, loop=0)


def log_axis(axes, name, values):
    """A scale on which eigenvalues of all sizes and both signs can be told apart."""
    low, high = 2.5 * min(values.min(), -0.01), 2.5 * max(values.max(), 0.01)
    powers = range(-1, 16, 1 if max(high, -low) < 100 else 3)
    ticks = [sign * 10.0**power for power in powers for sign in (-1, 1)]
    shown = sorted([0.0, *(tick for tick in ticks if low < tick < high)])
    getattr(axes, f"set_{name}scale")("symlog", linthresh=0.01)
    getattr(axes, f"set_{name}ticks")(shown, [f"{tick:.3g}".replace("e+0", "e") for tick in shown])
    getattr(axes, f"set_{name}ticks")([], minor=True)
    getattr(axes, f"set_{name}lim")(low, high)


def rasterize(figure):
    """The figure as an image of few colours."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(64)


# The two uses.


def run_training(output, strategy):
    """Trains both methods, measures, draws; returns what results.json holds of it."""
    gamma, steps, seed = GAMMA if FLAGS.gamma is None else FLAGS.gamma, FLAGS.steps, FLAGS.seed
    parameters, seconds = {}, {}
    for method in METHODS:
        print(f"training by {method}: compiles", flush=True)
        start = time.perf_counter()
        parameters[method] = train(method, seed, gamma, steps, FLAGS.frames, strategy)
        seconds[f"train_{method}"] = round(time.perf_counter() - start, 2)
    start = time.perf_counter()
    gan = make_gan("consensus", seed, gamma, steps)
    batches = fixed_batches(gan, tfc.data.mixture_of_gaussians, FLAGS.batches, seed)
    spectra = compile_spectra(gan, batches, gamma)
    spectra = telling(spectra, sum(2 + len(found) for found in parameters.values()))
    states = measure_states(parameters, spectra)
    frames = measure_frames(parameters, spectra)
    seconds["spectra"] = round(time.perf_counter() - start, 2)
    step_size = draw_training(states, frames, gamma, output)
    for method, rows in states.items():
        print(f"after {method}: {describe(rows['after'], gamma, gan.optimizer)}")
    return {
        "spectra": summary(states),
        "figure_1_step_size": step_size,
        "settings": {"gamma": gamma, "steps": steps, "frames": FLAGS.frames, "seed": seed},
        "seconds": seconds,
    }


def measure_states(parameters, spectra):
    """{method: {"before" or "after": pair}}, averaged over the batches."""
    return {
        method: {
            "before": spectra(f"before {method}", found[0], FLAGS.batches),
            "after": spectra(f"after {method}", found[max(found)], FLAGS.batches),
        }
        for method, found in parameters.items()
    }


def measure_frames(parameters, spectra):
    """{method: {step: pair}}, each of one batch."""
    return {
        method: {
            step: spectra(f"{method}, step {step:,}", values, 1) for step, values in found.items()
        }
        for method, found in parameters.items()
    }


def telling(spectra, total):
    """The function of `compile_spectra`, which says what it measures and how many are left."""
    numbers = iter(range(1, total + 1))

    def measure(name, parameters, count):
        print(f"spectrum {next(numbers)} of {total}: {name}, batches: {count}", flush=True)
        return spectra(parameters, count)

    return measure


def draw_training(states, frames, gamma, output):
    """Pictures and eigenvalues of the trained runs; returns figure 1's step size."""
    for method, rows in states.items():
        named = {f"{state} training": pair for state, pair in rows.items()}
        figure_3(named, f"trained by {METHODS[method]}", gamma, output / f"figure_3_{method}.png")
    animate(frames, gamma, output / "spectra.gif")
    save_eigenvalues(
        output,
        {f"{m}_{state}": pair for m, rows in states.items() for state, pair in rows.items()}
        | {f"{m}_frame_{step}": p for m, pairs in frames.items() for step, p in pairs.items()},
    )
    after = states["consensus"]["after"]
    return figure_1(after, "trained by consensus optimization", gamma, output / "figure_1.png")


def summary(states):
    """The numbers of all spectra, in the nesting of results.json."""
    return {
        method: {
            state: {f"{key}_prime": numbers(pair[key]) for key in MATRICES}
            for state, pair in rows.items()
        }
        for method, rows in states.items()
    }


def save_eigenvalues(output, pairs):
    """eigenvalues.npz: an array a state and matrix, e.g. `consensus_after_v`."""
    arrays = {f"{name}_{key}": pair[key] for name, pair in pairs.items() for key in MATRICES}
    with replacing(output / "eigenvalues.npz") as partial:
        np.savez_compressed(partial, **arrays)


def load_gan(path, sample_shape):
    """The saved GAN, if it is one and fits the data."""
    if not pathlib.Path(path).exists():
        raise app.UsageError(
            f"--checkpoint must name a saved model. Received: {path}, which does not exist. "
            "Save one by gan.save('model.keras')."
        )
    try:
        gan = keras.models.load_model(path)
    except (ValueError, TypeError, OSError) as error:
        raise app.UsageError(
            f"--checkpoint must be a model that Keras can load. Received: {path}: {error}"
        ) from error
    if not isinstance(gan, tfc.GAN):
        raise app.UsageError(
            "--checkpoint must hold a tf_consensus.GAN, both networks. Received: "
            f"{path} with a {type(gan).__name__}. Save the whole GAN by gan.save('model.keras')."
        )
    check_fits(gan, sample_shape)
    return gan


def check_fits(gan, sample_shape):
    """Refuses a GAN of other samples, or one too large for all eigenvalues."""
    found = tuple(gan.generator(keras.KerasTensor((None, gan.latent_dim))).shape[1:])
    if found != sample_shape:
        raise app.UsageError(
            f"The checkpoint must make samples of the data's shape. Received: samples of shape "
            f"{found}, --data={FLAGS.data} of shape {sample_shape}. Name the data it learned."
        )
    count = sum(int(np.prod(x.shape)) for x in gan.trainable_variables)
    if count > MAX_PARAMETERS:
        raise app.UsageError(
            f"All eigenvalues take at most {MAX_PARAMETERS:,} parameters. Received: a GAN of "
            f"{count:,}. For the extreme ones use tf_consensus.callbacks.SpectrumMonitor."
        )


def own_gamma(optimizer):
    """The γ that the checkpoint's optimizer trains with now, or the paper's."""
    gamma = getattr(optimizer, "gamma", None)
    if gamma is None:
        return GAMMA
    return float(gamma(optimizer.iterations) if callable(gamma) else gamma)


def run_checkpoint(output):
    """Measures and draws a saved GAN; returns what results.json holds of it."""
    dataset, sample_shape = DATA[FLAGS.data]
    gan = load_gan(FLAGS.checkpoint, sample_shape)
    optimizer = getattr(gan, "optimizer", None)
    gamma = own_gamma(optimizer) if FLAGS.gamma is None else FLAGS.gamma
    start = time.perf_counter()
    batches = fixed_batches(gan, dataset, FLAGS.batches, FLAGS.seed)
    pair = compile_spectra(gan, batches, gamma)(copy_parameters(gan), FLAGS.batches)
    seconds = round(time.perf_counter() - start, 2)
    if not pair["v"].any():
        raise app.UsageError(
            "The checkpoint's field must have a derivative other than 0. Received: v' = 0 on "
            f"--data={FLAGS.data}: the discriminator is saturated. Take an earlier checkpoint."
        )
    output.mkdir(parents=True, exist_ok=True)
    name = pathlib.Path(FLAGS.checkpoint).name
    figure_3({"checkpoint": pair}, name, gamma, output / "figure_3_checkpoint.png")
    step_size = figure_1(pair, name, gamma, output / "figure_1.png")
    save_eigenvalues(output, {"checkpoint_saved": pair})
    print(describe(pair, gamma, optimizer))
    return {
        "spectra": summary({"checkpoint": {"saved": pair}}),
        "figure_1_step_size": step_size,
        "settings": {"gamma": gamma, "checkpoint": FLAGS.checkpoint, "seed": FLAGS.seed},
        "seconds": {"spectra": seconds},
    }


def write_report(output, report):
    """results.json, with what all runs share."""
    report["settings"] |= {
        "batches": FLAGS.batches,
        "batch_size": BATCH_SIZE,
        "small_real": SMALL_REAL,
        "neutral": NEUTRAL,
    }
    report["versions"] = {"python": sys.version.split()[0], **versions()}
    text = json.dumps(report, indent=1, allow_nan=False)
    write_text(output / "results.json", text + "\n")


def print_table(spectra):
    """One line a spectrum."""
    print(f"\n{'':24}{'|Re| < 1e-3':>12}{'max Re':>10}{'max |Im/Re|':>13}{'step limit':>12}")
    for method, rows in spectra.items():
        for state, matrices in rows.items():
            for key, found in matrices.items():
                quotient = found["largest_quotient"]
                print(
                    f"{method + ' ' + state:20}{key[0] + chr(39):4}"
                    f"{found['share_small_real']:12.1%}{found['largest_real']:10.2g}"
                    f"{math.inf if quotient is None else quotient:13.3g}"
                    f"{math.inf if found['step_limit'] is None else found['step_limit']:12.3g}"
                )


def main(argv):
    """Trains or loads, measures, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    # Sharing out operations this small among threads costs more than it saves.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    strategy = make_strategy()
    output = own_folder(strategy, pathlib.Path(FLAGS.output_dir))
    if FLAGS.checkpoint is None:
        output.mkdir(parents=True, exist_ok=True)
        report = run_training(output, strategy)
    else:
        report = run_checkpoint(output)
    write_report(output, report)
    print_table(report["spectra"])
    print(f"results in {output}/")


if __name__ == "__main__":
    app.run(main)

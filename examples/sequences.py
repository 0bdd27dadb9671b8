r"""Sequences: sine waves of random frequency, amplitude and phase, by recurrent or other networks.

    python examples/sequences.py --network=sequence_conv
    python examples/sequences.py --network=sequence_gru --length=16 --unroll
    python examples/sequences.py --with_numbers

With --with_numbers a sample has two parts, a wave and two numbers, its frequency and amplitude.
Then the generator has two outputs, and the discriminator judges whether the parts belong together.

The script writes into --output_dir: waves.png (true and made waves, and their frequencies and
amplitudes), log.csv, model.keras and results.json. `waves.py` says what is scored.

A run that was stopped goes on with --resume, and ends as if nothing had happened.
"""

import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import waves
from absl import app, flags

import tf_consensus as tfc
from tf_consensus.experiments.errors import RunError, plain_errors
from tf_consensus.experiments.files import read_json
from tf_consensus.experiments.log import RunLog
from tf_consensus.plotting import style
from tf_consensus.support.files import write_json

NETWORKS = ("sequence_conv", "sequence_gru", "sequence_lstm")
METHODS = ("alternating", "consensus", "simultaneous")
FLAGS = flags.FLAGS
flags.DEFINE_enum("network", "sequence_conv", NETWORKS, "Networks of both players.")
flags.DEFINE_bool("with_numbers", False, "Whether a sample has its two numbers too.")
flags.DEFINE_integer("length", 32, "Times of a wave.", 4)
flags.DEFINE_integer("latent_dim", 16, "Size of a latent.", 1)
flags.DEFINE_integer("width", 32, "Units of a recurrent layer, or filters next to the wave.", 1)
flags.DEFINE_enum("optimizer", "consensus", METHODS, "Method.")
flags.DEFINE_float("learning_rate", 1e-3, "First step size of Adam, which falls to 0.", 0.0)
flags.DEFINE_float("gamma", 0.1, "Weight γ of consensus optimization.", 0.0)
flags.DEFINE_float("r1", 0.1, "Weight γ of the penalty R1; 0: none.", 0.0)
flags.DEFINE_integer("batch_size", 64, "Waves in a batch.", 1)
flags.DEFINE_integer("steps", 2000, "Training steps.", 1)
flags.DEFINE_integer("eval_every", 500, "Steps between scores and backups.", 1)
flags.DEFINE_integer("samples", 2000, "Waves that are scored.", 1)
flags.DEFINE_bool("unroll", False, "Whether recurrent layers are written out, as XLA needs.")
flags.DEFINE_bool("xla", None, "Whether XLA compiles the step; none: where there is a GPU.")
flags.DEFINE_integer("seed", 0, "Seed of weights, data and noise.", 0, 2**31 - 1)
flags.DEFINE_string("output_dir", "output/sequences", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Continue the run in --output_dir.")
NO_SETTINGS = ("output_dir", "resume")


def networks():
    """The generator and the discriminator of waves, or of waves with numbers."""
    size = {"length": FLAGS.length, "latent_dim": FLAGS.latent_dim, "seed": FLAGS.seed}
    if FLAGS.network == "sequence_conv":
        size["filters"] = FLAGS.width
    else:
        size |= {"units": FLAGS.width, "unroll": FLAGS.unroll}
    build = tfc.networks.build
    if not FLAGS.with_numbers:
        return build(FLAGS.network, **size)
    generator, judge = build(FLAGS.network, **size)[0], build(FLAGS.network, features=3, **size)[1]
    layers, latents = keras.layers, keras.Input((FLAGS.latent_dim,))
    numbers = layers.Dense(2)(layers.Dense(FLAGS.width, "tanh")(latents))
    wave = keras.Input((FLAGS.length, 1), name="wave")
    own = keras.Input((2,), name="numbers")
    together = layers.Concatenate()([wave, layers.RepeatVector(FLAGS.length)(own)])
    made = {"wave": generator(latents), "numbers": numbers}
    return keras.Model(latents, made), keras.Model({"wave": wave, "numbers": own}, judge(together))


def make_model():
    """The compiled model."""
    keras.utils.set_random_seed(FLAGS.seed)
    rate = keras.optimizers.schedules.CosineDecay(FLAGS.learning_rate, FLAGS.steps)
    adam = [keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2)]
    optimizer = {
        "alternating": lambda: tfc.AlternatingOptimizer(*adam),
        "consensus": lambda: tfc.ConsensusOptimizer(adam[0], gamma=FLAGS.gamma),
        "simultaneous": lambda: tfc.SimultaneousOptimizer(adam[0]),
    }[FLAGS.optimizer]()
    penalties = tfc.penalties.R1(FLAGS.r1) if FLAGS.r1 else ()
    model = tfc.models.StructuredGAN(*networks(), penalties=penalties, seed=FLAGS.seed)
    model.compile(optimizer, jit_compile="auto" if FLAGS.xla is None else FLAGS.xla)
    return model


def check_settings(path, settings):
    """Writes the settings of a new run; a run that goes on must have the same ones."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, settings)
    elif read_json(path, "Delete the folder to train from the start.") != settings:
        raise RunError(
            f"A run goes on with its own settings. Received: others than in {path}. Repeat the "
            "first command with --resume."
        )


def train(output, settings):
    """Trains the model, or goes on; returns it, its last row, and the seconds of this process."""
    model = make_model()
    start = model.optimizer.iterations
    data = waves.stream(FLAGS.batch_size, FLAGS.length, FLAGS.seed, start, FLAGS.with_numbers)
    backup = tfc.callbacks.SafeBackup(output / "backup", delete_checkpoint=False, settings=settings)
    scores = waves.WaveScores(FLAGS.samples, FLAGS.length, FLAGS.seed, FLAGS.with_numbers)
    evaluate = tfc.callbacks.EvaluateGAN([scores], FLAGS.samples, report=None)
    begun = time.perf_counter()
    model.fit(
        data,
        epochs=FLAGS.steps // FLAGS.eval_every,
        steps_per_epoch=FLAGS.eval_every,
        shuffle=False,
        verbose=2,
        callbacks=[evaluate, RunLog(output / "log.csv", backup, evaluate=evaluate), backup],
    )
    seconds = time.perf_counter() - begun
    model.save(output / "model.keras")
    backup.delete()
    return model, backup.history[-1], seconds


def draw(real, made, path):
    """True and made waves, and the distributions of their frequencies and amplitudes."""
    figure = style.new_figure(11, 4.6)
    grid = figure.subplots(2, 3)
    for row, (name, samples) in enumerate((("true", real), ("made", made))):
        for axis, some in zip(grid[row], (samples[:4], samples[4:8]), strict=False):
            axis.plot(some[..., 0].T, marker=".", markersize=3, linewidth=1)
            axis.set_ylim(-1.3, 1.3)
            axis.set_title(f"{name} waves")
    names = ("frequency, cycles per wave", "amplitude")
    both = list(zip(waves.fitted(real), waves.fitted(made), strict=True))[:2]
    for axis, name, pair in zip(grid[:, 2], names, both, strict=True):
        edges = np.linspace(0, 1.6 * pair[0].max(), 33)
        for x, label in zip(pair, ("true", "made"), strict=True):
            axis.hist(np.clip(x, 0, edges[-1]), edges, density=True, histtype="step", label=label)
        axis.set_xlabel(name)
        axis.legend()
    for axis in grid.flat:
        style.tidy(axis)
    style.saved(figure, path)


def run(output):
    """Trains, draws and reports; what was finished before stays as it is."""
    if (output / "results.json").exists() and FLAGS.resume:
        print(f"finished before: {output}")
        return
    if output.exists() and any(output.iterdir()) and not FLAGS.resume:
        raise RunError(
            f"A new run has an empty folder. Received: --output_dir={output} with files. Pass "
            "--resume to continue that run, or another folder."
        )
    flagged = FLAGS.get_key_flags_for_module(sys.argv[0])
    settings = {flag.name: flag.value for flag in flagged if flag.name not in NO_SETTINGS}
    check_settings(output / "settings.json", settings)
    model, last, seconds = train(output, settings)
    scores = waves.WaveScores(FLAGS.samples, FLAGS.length, FLAGS.seed)
    other = waves.WaveScores(FLAGS.samples, FLAGS.length, FLAGS.seed + 1)
    scores.update_state(other.real)
    made = model.generate(FLAGS.samples, seed=FLAGS.seed)
    draw(scores.real, made["wave"] if FLAGS.with_numbers else made, output / "waves.png")
    report = {"settings": settings, "seconds": seconds, "last": last, "true": scores.result()}
    write_json(output / "results.json", report)
    print(f"waves.png, log.csv, model.keras and results.json in {output}/")


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if FLAGS.steps % FLAGS.eval_every:
        raise app.UsageError("--steps must be a multiple of --eval_every.")
    try:
        with plain_errors():
            run(pathlib.Path(FLAGS.output_dir))
    except KeyboardInterrupt:
        sys.exit(f"stopped; go on with {' '.join(['python', *sys.argv])} --resume")


if __name__ == "__main__":
    app.run(main)

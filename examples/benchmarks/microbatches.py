"""Time and peak memory of a consensus step in micro-batches, beside the whole batch.

The convolutional GAN (dcgan4_nobn) in graph mode. Each row is measured in processes of its own,
the rows in turn, and the best time of each is printed. Memory is that above the built networks.

    python examples/benchmarks/microbatches.py
    python examples/benchmarks/microbatches.py --batch_size=2048 --skip_whole
"""

import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Unasked, TensorFlow takes oneDNN's convolutions on the newest CPUs only; elsewhere its own are
# up to five times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from fresh_process import peak_mib, run_apart

import tf_consensus as tfc

FLAGS = flags.FLAGS
flags.DEFINE_integer("batch_size", 512, "Examples in the whole batch.", 1)
flags.DEFINE_integer("microbatch_size", 64, "Examples in a part; divides the batch.", 1)
flags.DEFINE_integer("filters", 32, "Filters of the networks.", 1)
flags.DEFINE_integer("rounds", 3, "Processes a row.", 1)
flags.DEFINE_integer("steps", 2, "Steps a timing, after a first one.", 1)
flags.DEFINE_bool("skip_whole", False, "Leave out the whole batch, which may not fit.")
flags.DEFINE_string("row", None, "Used by the script itself: measure this row.")
LATENT = 256
ROWS = {
    "simultaneous, one part": lambda inner, parts: tfc.SimultaneousOptimizer(inner),
    "simultaneous, whole": lambda inner, parts: tfc.SimultaneousOptimizer(inner),
    "consensus, whole": lambda inner, parts: tfc.ConsensusOptimizer(inner),
    "consensus, in parts": lambda inner, parts: tfc.ConsensusOptimizer(inner, microbatches=parts),
    "same, unbiased": lambda inner, parts: tfc.ConsensusOptimizer(
        inner, microbatches=parts, debias="groups"
    ),
}


def measure(row):
    """Seconds a step and the memory that the steps add, as JSON on the last line."""
    networks = tfc.networks.build(
        "dcgan4_nobn", image_size=32, filters=FLAGS.filters, latent_dim=LATENT, seed=0
    )
    gan = tfc.GAN(*networks, latent_dim=LATENT, seed=0)
    parts = FLAGS.batch_size // FLAGS.microbatch_size
    gan.compile(optimizer=ROWS[row](keras.optimizers.RMSprop(1e-4), parts))
    gan.optimizer.build(gan.trainable_variables)
    size = FLAGS.microbatch_size if row.endswith("one part") else FLAGS.batch_size
    images = np.random.default_rng(0).uniform(-1, 1, size=(size, 32, 32, 3))
    real = tf.constant(images, tf.float32)
    step = tf.function(gan.train_step, autograph=False)
    before = peak_mib()
    float(step(real)["gradient_norm"])
    start = time.perf_counter()
    for _ in range(FLAGS.steps):
        float(step(real)["gradient_norm"])
    seconds = (time.perf_counter() - start) / FLAGS.steps
    print(json.dumps({"seconds": seconds, "mib": peak_mib() - before}))


def measure_apart(row):
    """`measure` in a process of its own."""
    keys = ("batch_size", "microbatch_size", "filters", "steps")
    command = [__file__, f"--row={row}"]
    command += [f"--{key}={FLAGS[key].value}" for key in keys]
    return run_apart(command)


def main(argv):
    """Measures all rows and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if FLAGS.batch_size % FLAGS.microbatch_size:
        raise app.UsageError(
            "--microbatch_size must divide --batch_size. Received: "
            f"{FLAGS.microbatch_size} and {FLAGS.batch_size}. Take a divisor."
        )
    if FLAGS.row:
        measure(FLAGS.row)
        return
    rows = [row for row in ROWS if not (FLAGS.skip_whole and row.endswith("whole"))]
    results = {row: [] for row in rows}
    for _ in range(FLAGS.rounds):
        for row in rows:
            results[row].append(measure_apart(row))
    parts = FLAGS.batch_size // FLAGS.microbatch_size
    print(f"tensorflow {tf.__version__}, {os.cpu_count()} cores, F {FLAGS.filters}, ", end="")
    print(f"batch {FLAGS.batch_size} = {parts} × {FLAGS.microbatch_size}")
    print(f"{'row':26}{'ms a step':>11}{'MiB':>8}")
    for row, runs in results.items():
        milliseconds = 1e3 * min(run["seconds"] for run in runs)
        print(f"{row:26}{milliseconds:11.0f}{min(run['mib'] for run in runs):8.0f}")


if __name__ == "__main__":
    app.run(main)

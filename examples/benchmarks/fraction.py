"""Time and memory of a regularized step against the share of the batch that is pulled back.

It uses Fashion-MNIST's convolutional GAN (dcgan4_nobn, or --network) in graph mode on one thread.
Each row is measured in processes of its own, the rows in turn. The table has the least CPU time per
step, also divided by that of an alternating step, and the least memory that the steps add to the
built networks.

    python examples/benchmarks/fraction.py
    python examples/benchmarks/fraction.py --network=dcgan4_gbn --batch_size=256 --rounds=1
"""

import json
import os
import time
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By default TensorFlow uses oneDNN's convolutions on the newest CPUs only; its own are up to five
# times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from fresh_process import peak_mib, run_apart

import tf_consensus as tfc

FLAGS = flags.FLAGS
flags.DEFINE_string("network", "dcgan4_nobn", "Networks for images of 32².")
flags.DEFINE_integer("batch_size", 64, "Examples in a batch.", 2)
flags.DEFINE_integer("filters", 16, "Filters of the networks.", 1)
flags.DEFINE_integer("rounds", 3, "Processes per row.", 1)
flags.DEFINE_integer("steps", 20, "Steps per timing, after a first one.", 1)
flags.DEFINE_string("row", None, "Used by the script itself: measure this row.")
LATENT = 64
FRACTIONS = (1.0, 0.5, 0.25, 0.125, 0.0625)
TURNS = tfc.AlternatingConsensusOptimizer
ROWS = {
    "simultaneous": lambda: tfc.SimultaneousOptimizer("adam"),
    "alternating": lambda: tfc.AlternatingOptimizer("adam", "adam"),
    **{
        f"consensus, {f:g}": lambda f=f: tfc.ConsensusOptimizer("adam", gamma=1.0, fraction=f)
        for f in FRACTIONS
    },
    **{
        f"alternating consensus, {f:g}": lambda f=f: TURNS("adam", "adam", 1.0, fraction=f)
        for f in FRACTIONS
    },
    **{
        f"alternating consensus, {f:g}, reuse": lambda f=f: TURNS(
            "adam", "adam", 1.0, fraction=f, reuse=True
        )
        for f in FRACTIONS[1:]
    },
}


def measure(row):
    """CPU milliseconds per step and the memory that the steps add, as JSON on the last line."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    warnings.filterwarnings("ignore", "couples|.*couples the examples")
    sizes = {"image_size": 32, "channels": 1, "filters": FLAGS.filters, "latent_dim": LATENT}
    gan = tfc.GAN(*tfc.networks.build(FLAGS.network, seed=0, **sizes), latent_dim=LATENT, seed=0)
    gan.compile(optimizer=ROWS[row]())
    gan.optimizer.build(gan.trainable_variables)
    images = np.random.default_rng(0).uniform(-1, 1, size=(FLAGS.batch_size, 32, 32, 1))
    real = tf.constant(images, tf.float32)
    step = tf.function(gan.train_step, autograph=False)
    before = peak_mib()
    float(step(real)["gradient_norm"])
    start = time.process_time()
    for _ in range(FLAGS.steps):
        float(step(real)["gradient_norm"])
    milliseconds = 1000 * (time.process_time() - start) / FLAGS.steps
    print(json.dumps({"ms": milliseconds, "mib": peak_mib() - before}))


def measure_apart(row):
    """`measure` in a process of its own."""
    keys = ("network", "batch_size", "filters", "steps")
    command = [__file__, f"--row={row}", *(f"--{key}={FLAGS[key].value}" for key in keys)]
    return run_apart(command)


def main(argv):
    """Measures all rows and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if FLAGS.row:
        measure(FLAGS.row)
        return
    found = {row: [] for row in ROWS}
    for _ in range(FLAGS.rounds):
        for row, results in found.items():
            results.append(measure_apart(row))
    best = {row: {key: min(r[key] for r in found[row]) for key in ("ms", "mib")} for row in ROWS}
    print("| method, fraction | CPU ms per step | over alternating | memory, MiB |")
    print("| --- | --- | --- | --- |")
    for row, numbers in best.items():
        ratio = numbers["ms"] / best["alternating"]["ms"]
        print(f"| {row} | {numbers['ms']:.1f} | {ratio:.2f} | {numbers['mib']:.0f} |")


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    app.run(main)

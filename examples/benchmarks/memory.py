"""Peak memory and time of a step: whole, in micro-batches, in bfloat16, recomputing activations.

It uses the convolutional GAN (dcgan4_nobn) in graph mode. Each row is measured in processes of its
own, the rows in turn. The table has the best time and the least memory of each row: the memory
above the built networks, and the whole process's.

    python examples/benchmarks/memory.py
    python examples/benchmarks/memory.py --batch_sizes=2048 --rounds=1 --rows=consensus
"""

import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By default TensorFlow uses oneDNN's convolutions on the newest CPUs only; its own are up to five
# times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from fresh_process import peak_mib, run_apart
from recomputed import Recomputed

import tf_consensus as tfc

FLAGS = flags.FLAGS
flags.DEFINE_list("batch_sizes", ["64", "256", "512"], "Examples in a whole batch.")
flags.DEFINE_integer("microbatch_size", 64, "Examples in a part; divides the batches.", 1)
flags.DEFINE_integer("filters", 32, "Filters of the networks.", 1)
flags.DEFINE_integer("rounds", 3, "Processes per row.", 1)
flags.DEFINE_integer("steps", 2, "Steps per timing, after a first one.", 1)
flags.DEFINE_string("rows", "", "Measure only the rows whose names begin with this.")
flags.DEFINE_string("row", None, "Used by the script itself: measure this row.")
LATENT = 256
WAYS = ("whole", "in parts", "recomputed", "recomputed, in parts", "bfloat16", "bfloat16, in parts")
METHODS = {"simultaneous": tfc.SimultaneousOptimizer, "consensus": tfc.ConsensusOptimizer}
ROWS = [f"{method}, {way}" for method in METHODS for way in WAYS] + ["consensus, unbiased in parts"]


def make_gan(row, parts):
    """The GAN that a row trains, compiled."""
    method, way = row.split(", ", 1)
    options = {"microbatches": parts} if "in parts" in way else {}
    if "unbiased" in way:
        options["debias"] = "groups"
    networks = tfc.networks.build(
        "dcgan4_nobn",
        dtype="mixed_bfloat16" if "bfloat16" in way else None,
        filters=FLAGS.filters,
        latent_dim=LATENT,
        seed=0,
        image_size=32,
    )
    make = RecomputingGAN if "recomputed" in way else tfc.GAN
    gan = make(*networks, latent_dim=LATENT, seed=0)
    gan.compile(optimizer=METHODS[method](keras.optimizers.RMSprop(1e-4), **options))
    gan.optimizer.build(gan.trainable_variables)
    return gan


class RecomputingGAN(tfc.GAN):
    """A GAN whose game does not keep the networks' activations."""

    def game(self, real, training=True):
        """The game on both networks, recomputed, with nested tapes."""
        game = super().game(real, training)
        return tfc.Game(self._player_losses, game.players, game.batch[:2])

    def _player_losses(self, real, latents):
        generator, discriminator = Recomputed(self.generator), Recomputed(self.discriminator)
        fake = generator(latents, training=True)
        logits = discriminator(real, training=True), discriminator(fake, training=True)
        return self.objective.generator_loss(*logits), self.objective.discriminator_loss(*logits)


def measure(row, size):
    """Seconds per step, the memory that the steps add, and all memory, as JSON on the last line."""
    gan = make_gan(row, size // FLAGS.microbatch_size)
    images = np.random.default_rng(0).uniform(-1, 1, size=(size, 32, 32, 3))
    real = tf.constant(images, tf.float32)
    step = tf.function(gan.train_step, autograph=False)
    before = peak_mib()
    float(step(real)["gradient_norm"])
    start = time.perf_counter()
    for _ in range(FLAGS.steps):
        float(step(real)["gradient_norm"])
    seconds = (time.perf_counter() - start) / FLAGS.steps
    peak = peak_mib()
    print(json.dumps({"seconds": seconds, "added": peak - before, "process": peak}))


def measure_apart(row, size):
    """`measure` in a process of its own."""
    keys = ("microbatch_size", "filters", "steps")
    command = [__file__, f"--row={row}", f"--batch_sizes={size}"]
    command += [f"--{key}={FLAGS[key].value}" for key in keys]
    return run_apart(command)


def check_sizes(sizes):
    """Raises unless the batches can be divided."""
    odd = [size for size in sizes if size % FLAGS.microbatch_size]
    if odd:
        raise app.UsageError(
            "--microbatch_size must divide all --batch_sizes. Received: "
            f"{FLAGS.microbatch_size} and {odd}. Take a divisor."
        )


def main(argv):
    """Measures all rows and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    sizes = [int(size) for size in FLAGS.batch_sizes]
    check_sizes(sizes)
    if FLAGS.row:
        measure(FLAGS.row, *sizes)
        return
    rows = [(size, row) for size in sizes for row in ROWS if row.startswith(FLAGS.rows)]
    # A batch with only one part is whole.
    rows = [(n, row) for n, row in rows if n > FLAGS.microbatch_size or "parts" not in row]
    results = {row: [] for row in rows}
    for _ in range(FLAGS.rounds):
        for size, row in rows:
            results[size, row].append(measure_apart(row, size))
    print(f"tensorflow {tf.__version__}, {os.cpu_count()} cores, F {FLAGS.filters}, ", end="")
    print(f"parts of {FLAGS.microbatch_size}")
    print(f"{'batch':>5}  {'row':34}{'ms / step':>10}{'MiB added':>10}{'process':>9}")
    for (size, row), runs in results.items():
        seconds, added, process = (min(run[key] for run in runs) for key in runs[0])
        print(f"{size:5}  {row:34}{1e3 * seconds:10.0f}{added:10.0f}{process:9.0f}", flush=True)


if __name__ == "__main__":
    app.run(main)

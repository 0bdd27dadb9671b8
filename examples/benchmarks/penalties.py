"""Cost of gradient penalties: the discriminator's update with R1, R1 + R2 and without.

It uses the convolutional GAN (dcgan4_nobn) in graph mode and prints one table: milliseconds per
update with this package, with nested tapes written by hand (one forward pass of the discriminator
per batch, whose tape loss and penalty share) and, if the Python of an environment with PyTorch is
given, with PyTorch eager. It also has the ratio to the same implementation without a penalty, and
the peak memory of a fresh process. The runs of all variants are interleaved, and the best of each
is compared.

    python examples/benchmarks/penalties.py
    python examples/benchmarks/penalties.py --torch_python=/path/to/venv/bin/python
"""

import functools
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
from torch_process import TorchProcess

import tf_consensus as tfc
from tf_consensus.games.game import tf_variables
from tf_consensus.optimizers import apply_direction

FLAGS = flags.FLAGS
flags.DEFINE_integer("rounds", 5, "Interleaved timings of each variant.", 1)
flags.DEFINE_integer("steps", 4, "Updates per timing.", 1)
flags.DEFINE_integer("filters", 64, "Filters of the convolutional networks.", 1)
flags.DEFINE_integer("batch_size", 64, "Real and generated images in an update.", 1)
flags.DEFINE_string("torch_python", None, "Python that can import torch; none: no such rows.")
flags.DEFINE_bool("whole_step", False, "Time simultaneous and consensus steps of both players.")
flags.DEFINE_string("memory_of", None, "Used by the script itself: print the memory of a variant.")

PENALTIES = {"none": (False, False), "R1": (True, False), "R1 + R2": (True, True)}
GAMMA = 10.0
RATE = 1e-4
LATENT = 256


def build_gan(r1, r2):
    """The model and a batch of images."""
    networks = tfc.networks.build(
        "dcgan4_nobn", image_size=32, channels=3, filters=FLAGS.filters, latent_dim=LATENT, seed=0
    )
    penalties = [tfc.penalties.R1(GAMMA)] * r1 + [tfc.penalties.R2(GAMMA)] * r2
    gan = tfc.GAN(*networks, latent_dim=LATENT, penalties=penalties, seed=0)
    images = np.random.default_rng(0).normal(size=(FLAGS.batch_size, 32, 32, 3)).clip(-1, 1)
    return gan, tf.constant(images, tf.float32)


def ours(r1, r2):
    """The discriminator's update by the package, as in AlternatingOptimizer."""
    gan, real = build_gan(r1, r2)
    optimizer = keras.optimizers.RMSprop(RATE)
    optimizer.build(gan.discriminator.trainable_variables)

    @tf.function(autograph=False)
    def step():
        game = gan.game(real)
        losses, v = game.player_gradient(1)
        apply_direction(optimizer, v, game.players[1])
        return losses[1]

    return step


def by_hand(r1, r2):
    """The same update by nested tapes."""
    gan, real = build_gan(r1, r2)
    generator, discriminator = gan.generator, gan.discriminator
    variables = discriminator.trainable_variables
    optimizer = keras.optimizers.RMSprop(RATE)
    optimizer.build(variables)

    @tf.function(autograph=False)
    def step():
        fake = generator(gan.game(real).batch[1], training=True)
        with tf.GradientTape() as outer:
            with tf.GradientTape(persistent=True) as inner:
                inner.watch([real, fake])
                d_real, d_fake = (discriminator(x, training=True) for x in (real, fake))
            loss = tf.reduce_mean(tf.nn.softplus(-d_real)) + tf.reduce_mean(tf.nn.softplus(d_fake))
            for use, logits, x in ((r1, d_real, real), (r2, d_fake, fake)):
                if use:
                    squares = tf.reduce_sum(inner.gradient(logits, x) ** 2, axis=[1, 2, 3])
                    loss += GAMMA / 2 * tf.reduce_mean(squares)
        gradients = outer.gradient(loss, tf_variables(variables))
        optimizer.apply(gradients, variables)
        return loss

    return step


def whole(optimizer_class):
    """Function that makes a step of both players."""

    def make(r1, r2):
        gan, real = build_gan(r1, r2)
        optimizer = optimizer_class("rmsprop", learning_rate=RATE)
        optimizer.build(gan.trainable_variables)
        return tf.function(lambda: optimizer.step(gan.game(real)).losses[1], autograph=False)

    return make


def makers():
    """Functions that make an update, by the implementation's name."""
    if FLAGS.whole_step:
        return {
            "simultaneous": whole(tfc.SimultaneousOptimizer),
            "consensus": whole(tfc.ConsensusOptimizer),
        }
    return {"ours": ours, "by hand": by_hand}


def timed(step):
    """Function that times some updates and returns the seconds per update."""

    def run():
        start = time.perf_counter()
        for _ in range(FLAGS.steps):
            loss = step()
        loss.numpy()
        return (time.perf_counter() - start) / FLAGS.steps

    return run


def measure_memory(variant):
    """Peak memory of a variant, measured in a process of its own."""
    command = [__file__, f"--memory_of={variant}"]
    command += [f"--{key}={FLAGS[key].value}" for key in ("filters", "batch_size", "whole_step")]
    return run_apart(command)


def print_memory(variant):
    """Peak memory of three updates, as JSON on the last line."""
    implementation, penalty = variant.split("/")
    step = makers()[implementation](*PENALTIES[penalty])
    for _ in range(3):
        step()
    print(json.dumps(peak_mib()))


def measure_times(runs):
    """Least seconds per update for every variant, over interleaved rounds after a warm-up."""
    for run in runs.values():
        run()
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(FLAGS.rounds):
        for variant, run in runs.items():
            best[variant] = min(best[variant], run())
    return best


def main(argv):
    """Times all variants and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if FLAGS.memory_of:
        print_memory(FLAGS.memory_of)
        return
    print(f"tensorflow {tf.__version__}, keras {keras.__version__}, {os.cpu_count()} cores")
    names = [f"{name}/{penalty}" for name in makers() for penalty in PENALTIES]
    memory = {name: measure_memory(name) for name in names}
    runs = {
        f"{name}/{penalty}": timed(make(*options))
        for name, make in makers().items()
        for penalty, options in PENALTIES.items()
    }
    if FLAGS.torch_python and not FLAGS.whole_step:
        settings = FLAGS.filters, FLAGS.batch_size, FLAGS.steps, RATE, GAMMA
        torch = TorchProcess(FLAGS.torch_python, "penalties_torch.py", settings)
        runs.update({f"PyTorch/{p}": functools.partial(torch.seconds, p) for p in PENALTIES})
    best = measure_times(runs)
    print(f"{'variant':24}{'ms':>9}{'/ none':>9}{'peak MiB':>10}{'/ none':>9}")
    for name, seconds in best.items():
        base = name.split("/")[0] + "/none"
        line = f"{name:24}{1e3 * seconds:9.1f}{seconds / best[base]:9.2f}"
        if name in memory:
            line += f"{memory[name]:10.0f}{memory[name] / memory[base]:9.2f}"
        print(line)


if __name__ == "__main__":
    app.run(main)

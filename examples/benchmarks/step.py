"""Time and memory of one training step, ours beside a hand-written loop.

It prints one table. The mixture-of-Gaussians GAN is timed in `gan.fit` and in a hand-written fused
loop with nested tapes, in graph mode and with XLA. The convolutional GAN (dcgan4_nobn) is timed in
`gan.fit`, in the bare compiled `gan.train_step` and in a hand-written step, in graph mode, with the
peak memory of a fresh process. If the Python of an environment with PyTorch is given, it is timed
in PyTorch eager too. The runs of all variants are interleaved; the best of each is compared.

    python examples/benchmarks/step.py
    python examples/benchmarks/step.py --game=mixture --rounds=9
    python examples/benchmarks/step.py --game=images --torch_python=/path/to/venv/bin/python
"""

import functools
import json
import math
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
from tf_consensus.data.stream import without_autotuning
from tf_consensus.support.random import normal

FLAGS = flags.FLAGS
flags.DEFINE_enum("game", "all", ["all", "mixture", "images"], "Which game to time.")
flags.DEFINE_string("only", "", "Time the variants whose names contain this, e.g. consensus/XLA.")
flags.DEFINE_integer("rounds", 5, "Interleaved timings of each variant.", 1)
flags.DEFINE_integer("steps", 2000, "Steps per timing of the mixture of Gaussians.", 100)
flags.DEFINE_integer("image_steps", 5, "Steps per timing of the convolutional game.", 1)
flags.DEFINE_integer("filters", 64, "Filters of the convolutional networks.", 1)
flags.DEFINE_integer("image_batch_size", 64, "Batch size of the convolutional game.", 1)
flags.DEFINE_bool("xla_convolutions", False, "Time the convolutions under XLA too (slow on CPU).")
flags.DEFINE_string("torch_python", None, "Python that can import torch; none: no such rows.")
flags.DEFINE_integer("threads", 0, "Threads per operation of the mixture game; 0: TensorFlow's.")
flags.DEFINE_string("memory_of", None, "Used by the script itself: print the memory of a variant.")
flags.register_validator(
    "steps", lambda n: n % 100 == 0, "must be a multiple of 100, the steps of one execution"
)

GAMMA = 10.0
RATE = 1e-4


def losses(generator, discriminator, real, latents):
    """The standard objective, written out."""
    fake = discriminator(generator(latents, training=True), training=True)
    true = discriminator(real, training=True)
    generator_loss = tf.reduce_mean(tf.nn.softplus(-fake))
    return generator_loss, tf.reduce_mean(tf.nn.softplus(-true)) + tf.reduce_mean(
        tf.nn.softplus(fake)
    )


def plain_step(generator, discriminator, optimizer, gamma, real, latents):
    """One update by nested tapes, as a user would write it by hand."""
    players = [generator.trainable_variables, discriminator.trainable_variables]
    variables = players[0] + players[1]
    with tf.GradientTape() as outer:
        with tf.GradientTape(persistent=True) as inner:
            pair = losses(generator, discriminator, real, latents)
        gradients = [
            g for loss, x in zip(pair, players, strict=True) for g in inner.gradient(loss, x)
        ]
        energy = 0.5 * tf.add_n([tf.reduce_sum(g**2) for g in gradients])
    if gamma:
        second = outer.gradient(energy, variables)
        gradients = [g + gamma * h for g, h in zip(gradients, second, strict=True)]
    optimizer.apply(gradients, variables)


def networks(game):
    """Generator, discriminator, latent size and batch shape of a game."""
    if game == "mixture":
        return *tfc.networks.build("mlp", seed=0), 16, (512, 2)
    pair = tfc.networks.build(
        "dcgan4_nobn", image_size=32, channels=3, filters=FLAGS.filters, latent_dim=256, seed=0
    )
    return *pair, 256, (FLAGS.image_batch_size, 32, 32, 3)


def compiled_gan(game, gamma, jit, fused):
    """The compiled model and a batch."""
    generator, discriminator, latent_dim, shape = networks(game)
    gan = tfc.GAN(generator, discriminator, latent_dim=latent_dim, seed=0)
    inner = keras.optimizers.RMSprop(RATE)
    optimizer = tfc.ConsensusOptimizer(inner, gamma=gamma)
    gan.compile(optimizer=optimizer, jit_compile=jit, steps_per_execution=100 if fused else 1)
    return gan, np.random.default_rng(0).normal(size=shape).astype("float32").clip(-1, 1)


def ours(*settings):
    """Function of a number of steps that trains so long with `gan.fit`."""
    gan, batch = compiled_gan(*settings)
    data = tf.data.Dataset.from_tensors(batch).repeat().with_options(without_autotuning())
    return lambda steps: gan.fit(data, steps_per_epoch=steps, verbose=0, shuffle=False)


def bare(game, gamma, jit, fused):
    """The same with the bare compiled train step, without data, callbacks and logs."""
    gan, batch = compiled_gan(game, gamma, jit, fused)
    gan.optimizer.build(gan.trainable_variables)
    step, real = tf.function(gan.train_step, jit_compile=jit), tf.constant(batch)

    def run(steps):
        for _ in range(steps):
            logs = step(real)
        return float(logs["gradient_norm"])  # waits for a device that is still at work

    return run


def plain(game, gamma, jit, fused):
    """The same with a hand-written loop of compiled steps; a fused loop is compiled too."""
    generator, discriminator, latent_dim, shape = networks(game)
    optimizer = keras.optimizers.RMSprop(RATE)
    optimizer.build(generator.trainable_variables + discriminator.trainable_variables)
    real = tf.constant(np.random.default_rng(0).normal(size=shape).clip(-1, 1), tf.float32)

    def step(index):
        latents = normal((shape[0], latent_dim), seed=0, draw=index)
        plain_step(generator, discriminator, optimizer, gamma, real, latents)

    if not fused:
        compiled = tf.function(step, jit_compile=jit)
        return lambda steps: [compiled(tf.constant(i)) for i in range(steps)]

    @tf.function(jit_compile=jit)
    def loop(steps):
        for index in tf.range(steps):
            step(index)

    return lambda steps: [loop(tf.constant(100)) for _ in range(steps // 100)]


def variants(game):
    """(implementation, method, mode, maker) by the variant's name."""
    rows = {}
    modes = [("graph", False, False)]
    if game == "mixture":
        modes = [("graph", False, True), ("XLA", True, True)]
    elif FLAGS.xla_convolutions:
        modes.append(("XLA", True, False))
    for mode, jit, fused in modes:
        for method, gamma in (("simultaneous", 0.0), ("consensus", GAMMA)):
            makers = {"by hand": plain, "gan.fit": ours}
            for name, make in (makers if fused else makers | {"bare step": bare}).items():
                rows[f"{game}/{method}/{mode}/{name}"] = (make, game, gamma, jit, fused)
    return {name: row for name, row in rows.items() if FLAGS.only in name}


def measure_times(game, steps):
    """Least seconds per step for every variant, over interleaved rounds after a warm-up."""
    runs = {
        name: timed(make(*arguments), steps) for name, (make, *arguments) in variants(game).items()
    }
    if FLAGS.torch_python and game == "images":
        settings = FLAGS.filters, FLAGS.image_batch_size, steps, RATE, GAMMA
        torch = TorchProcess(FLAGS.torch_python, "step_torch.py", settings)
        for method in ("simultaneous", "consensus"):
            runs[f"images/{method}/eager/PyTorch"] = functools.partial(torch.seconds, method)
    for run in runs.values():
        run()
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(FLAGS.rounds):
        for name, run in runs.items():
            best[name] = min(best[name], run())
    return best


def timed(run, steps):
    """Function that takes a number of steps and returns the seconds per step."""

    def measure():
        start = time.perf_counter()
        run(steps)
        return (time.perf_counter() - start) / steps

    return measure


def print_memory(variant):
    """Peak memory that three steps add to the built networks, as JSON on the last line."""
    make, *arguments = variants(variant.split("/")[0])[variant]
    run = make(*arguments)
    before = peak_mib()
    run(3)
    print(json.dumps({"before": before, "peak": peak_mib()}))


def measure_memory(variant):
    """Peak memory of a variant, measured in a process of its own."""
    command = [__file__, f"--memory_of={variant}"]
    command += [f"--filters={FLAGS.filters}", f"--image_batch_size={FLAGS.image_batch_size}"]
    return run_apart(command)


def print_table(best, memory):
    """One line per variant, with ratios to the step by hand and to the simultaneous step."""
    head = f"{'variant':40}{'ms / step':>11}{'/ by hand':>11}{'/ simult.':>11}"
    print("\n" + head + (f"{'peak MiB':>10}{'/ simult.':>11}" if memory else ""))
    for name, seconds in best.items():
        game, method, mode, _ = name.split("/")
        by_hand = best.get(f"{game}/{method}/{mode}/by hand", math.nan)
        base = name.replace("consensus", "simultaneous")
        simultaneous = best.get(base, math.nan)
        line = (
            f"{name:40}{1e3 * seconds:11.3f}{seconds / by_hand:11.2f}{seconds / simultaneous:11.2f}"
        )
        if name in memory:
            peak = memory[name]["peak"]
            line += f"{peak:10.0f}{peak / memory.get(base, {'peak': math.nan})['peak']:11.2f}"
        print(line)


def main(argv):
    """Times both games."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if FLAGS.memory_of:
        print_memory(FLAGS.memory_of)
        return
    if FLAGS.threads:
        tf.config.threading.set_intra_op_parallelism_threads(FLAGS.threads)
    print(f"tensorflow {tf.__version__}, keras {keras.__version__}, {os.cpu_count()} cores")
    memory = {}
    if FLAGS.game != "mixture":
        # Memory comes first: a new process inherits the peak of the process that starts it.
        memory = {name: measure_memory(name) for name in variants("images") if "graph" in name}
    if FLAGS.game != "images":
        print_table(measure_times("mixture", FLAGS.steps), {})
    if FLAGS.game != "mixture":
        print_table(measure_times("images", FLAGS.image_steps), memory)


if __name__ == "__main__":
    app.run(main)

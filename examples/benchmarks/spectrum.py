"""Time and memory of the spectrum of two GANs, each task in a process of its own.

    python examples/benchmarks/spectrum.py --game=mog
    python examples/benchmarks/spectrum.py --game=dcgan --repeats=3

For each task it prints the time of the first call (with compilation), the best of the following
calls, and the peak memory above that of the built game, alone and relative to one gradient step.
"""

import json
import os
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from fresh_process import peak_mib, run_apart

import tf_consensus as tfc
from tf_consensus import spectrum

_GAME = flags.DEFINE_enum("game", "mog", ["mog", "dcgan"], "Which networks.")
_TASKS = flags.DEFINE_list("tasks", None, "Which tasks; default: all that fit the game.")
_REPEATS = flags.DEFINE_integer("repeats", 3, "Calls after the first.")
_EIGENVALUES = flags.DEFINE_integer("eigenvalues", 2, "How many ARPACK looks for.")
_SUBSPACE = flags.DEFINE_integer("subspace", None, "ARPACK's vectors; default: its own.")
_TOLERANCE = flags.DEFINE_float("tolerance", 1e-3, "Relative accuracy of ARPACK and Lanczos.")
_CHILD = flags.DEFINE_bool("child", False, "Run the one task here and print JSON.")

MATRIX_FREE = ["step", "matvec", "rmatvec", "numerical_range", "arpack"]
DENSE = ["jacobian", "eigenvalues"]
# Freed blocks go back to the system at once, so the peak is what was in use.
CHILD_ENVIRONMENT = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}


def mlp(inputs, outputs):
    """Four hidden layers of 16 ReLU units."""
    hidden = [keras.layers.Dense(16, "relu") for _ in range(4)]
    return keras.Sequential([keras.Input((inputs,)), *hidden, keras.layers.Dense(outputs)])


def mog(rng):
    """Networks, data and latents of the mixture of Gaussians: 2,003 parameters, batch 512."""
    angles = 2 * np.pi * np.arange(512) / 8
    real = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    real += 0.01 * rng.standard_normal(real.shape)
    return mlp(16, 2), mlp(2, 1), real, rng.standard_normal((512, 16))


def dcgan(rng, filters=64):
    """Four 5×5 convolutions of stride 2, 32×32×3: 9.1M parameters, batch 64."""
    conv = {"kernel_size": 5, "strides": 2, "padding": "same"}
    generator = [keras.Input((256,)), keras.layers.Dense(4 * 8 * filters, "relu")]
    generator.append(keras.layers.Reshape((2, 2, 8 * filters)))
    for width in (4, 2, 1):
        generator.append(keras.layers.Conv2DTranspose(width * filters, activation="relu", **conv))
    generator.append(keras.layers.Conv2DTranspose(3, activation="tanh", **conv))
    discriminator = [keras.Input((32, 32, 3))]
    for width in (1, 2, 4, 8):
        discriminator.append(keras.layers.Conv2D(width * filters, **conv))
        discriminator.append(keras.layers.LeakyReLU(0.2))
    discriminator += [keras.layers.Flatten(), keras.layers.Dense(1)]
    real = np.tanh(rng.standard_normal((64, 32, 32, 3)))
    return (
        keras.Sequential(generator),
        keras.Sequential(discriminator),
        real,
        rng.standard_normal((64, 256)),
    )


def build_game():
    """The game of the flags, with the standard losses."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    generator, discriminator, real, z = {"mog": mog, "dcgan": dcgan}[_GAME.value](rng)
    objective = tfc.objectives.get("standard")

    def losses(real, z):
        logits = discriminator(real), discriminator(generator(z))
        return objective.generator_loss(*logits), objective.discriminator_loss(*logits)

    players = [generator.trainable_variables, discriminator.trainable_variables]
    return tfc.Game(losses, players, (tf.constant(real, "float32"), tf.constant(z, "float32")))


def make_task(name, game):
    """A function of no arguments that runs the task once."""
    tolerance = _TOLERANCE.value
    if name == "step":
        optimizer = tfc.SimultaneousOptimizer("sgd", learning_rate=1e-4)
        optimizer.build(game.variables)
        return tf.function(lambda: optimizer.step(game).losses)
    if name == "jacobian":
        return spectrum.compile_jacobian(game)
    if name == "eigenvalues":
        matrix = spectrum.jacobian(game)
        return lambda: spectrum.eigenvalues(matrix)
    operator = spectrum.linear_operator(game)
    u = np.random.default_rng(1).standard_normal(operator.shape[0]).astype("float32")
    return {
        "matvec": lambda: operator.matvec(u),
        "rmatvec": lambda: operator.rmatvec(u),
        "numerical_range": lambda: spectrum.numerical_range(operator, tolerance=tolerance),
        "arpack": lambda: spectrum.extreme_eigenvalues(
            operator, _EIGENVALUES.value, tolerance=tolerance, subspace=_SUBSPACE.value
        ),
    }[name]


def run_task(name):
    """Runs one task in this process and returns its measurements."""
    game = build_game()
    baseline = peak_mib()
    seconds = []
    start = time.perf_counter()
    task = make_task(name, game)
    for _ in range(1 + _REPEATS.value):
        task()
        seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
    best = min(seconds[1:], default=seconds[0])
    return {"first": seconds[0], "best": best, "memory": peak_mib() - baseline}


def main(argv):
    """Runs every task in a fresh process, or with --child the given one in this process."""
    tasks = _TASKS.value or MATRIX_FREE + (DENSE if _GAME.value == "mog" else [])
    if _CHILD.value:
        print(json.dumps(run_task(tasks[0])))
        return
    print(f"{'task':16} {'first s':>9} {'then s':>9} {'MiB':>7} {'of a step':>9}")
    step = None
    for name in tasks:
        command = [*sys.argv, "--child", f"--tasks={name}"]
        result = run_apart(command, env=CHILD_ENVIRONMENT)
        step = result["memory"] if name == "step" else step
        ratio = f"{result['memory'] / step:9.2f}" if step else f"{'-':>9}"
        numbers = f"{result['first']:9.3f} {result['best']:9.4f} {result['memory']:7.0f}"
        print(f"{name:16} {numbers} {ratio}", flush=True)


if __name__ == "__main__":
    app.run(main)

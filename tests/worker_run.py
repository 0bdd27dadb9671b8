"""A small run in double precision that several processes share; `test_workers` starts them.

worker_run.py FOLDER [--kill_at=STEP]; TF_CONFIG says which of the machines this process is.
"""

import os
import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf
from resume_run import KillAt

import tf_consensus as tfc

EPOCHS, STEPS = 3, 3


def make_gan():
    keras.utils.set_random_seed(3)
    layers = keras.layers
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(6, "tanh"), layers.Dense(2)])
    discriminator = keras.Sequential(
        [keras.Input((2,)), layers.Dense(6), layers.LeakyReLU(0.2), layers.Dense(1)]
    )
    gan = tfc.GAN(generator, discriminator, 3, penalties=[tfc.penalties.R1(0.5)], seed=5)
    inner = keras.optimizers.RMSprop(1e-2, global_clipnorm=0.5)
    gan.compile(optimizer=tfc.ConsensusOptimizer(inner, gamma=1.0), steps_per_execution=3)
    gan.optimizer.build(gan.trainable_variables)
    return gan


def main(folder, kill_at=None):
    folder = pathlib.Path(folder)
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    name = "multi_worker" if "TF_CONFIG" in os.environ else "none"
    strategy = tfc.strategies.make(name)
    with strategy.scope():
        gan = make_gan()
    stream = tfc.data.mixture_of_gaussians(12, seed=3, start=gan.optimizer.iterations)
    data = stream.map(lambda x: tf.cast(x, tf.float64))
    callbacks = [tfc.callbacks.SafeBackup(folder / "backup")]
    if kill_at:
        callbacks.append(KillAt(int(kill_at.removeprefix("--kill_at="))))
    history = gan.fit(
        data, epochs=EPOCHS, steps_per_epoch=STEPS, shuffle=False, callbacks=callbacks, verbose=0
    ).history
    print("epochs run:", len(history["gradient_norm"]))
    # All machines evaluate; one alone may generate and save.
    evaluated = gan.evaluate(data, steps=1, verbose=0, return_dict=True)
    if tfc.strategies.is_chief(strategy):
        state = [x.numpy() for x in gan.variables + gan.optimizer.variables]
        last = [history[key][-1] for key in sorted(history)]
        logs = [*last, *evaluated.values()]
        np.savez(folder / "weights.npz", gan.generate(5, seed=1), *state, *logs)
        gan.save(folder / "gan.keras")


if __name__ == "__main__":
    main(*sys.argv[1:])

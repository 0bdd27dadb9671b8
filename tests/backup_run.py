"""A small run with SafeBackup that saves its model; `test_backup` kills it at each of its writes.

backup_run.py FOLDER [--kill_at=N]: it prints how many times it has changed its folder.
"""

import pathlib
import sys

import keras
import numpy as np
from faults import KillAtWrite

import tf_consensus as tfc
from tf_consensus.support.files import replacing

EPOCHS, STEPS = 3, 2


def make_gan():
    keras.utils.set_random_seed(3)
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    gan = tfc.GAN(generator, discriminator, 3, seed=5)
    gan.compile(optimizer=tfc.ConsensusOptimizer("rmsprop", 1e-2, gamma=1.0))
    return gan


def main(folder, kill_at="--kill_at=0"):
    folder = pathlib.Path(folder)
    with KillAtWrite(folder, int(kill_at.removeprefix("--kill_at="))) as writes:
        folder.mkdir(exist_ok=True)
        gan = make_gan()
        data = tfc.data.mixture_of_gaussians(4, seed=3, start=gan.optimizer.iterations)
        backup = tfc.callbacks.SafeBackup(folder / "backup", delete_checkpoint=False)
        options = {"epochs": EPOCHS, "steps_per_epoch": STEPS, "shuffle": False, "verbose": 0}
        gan.fit(data, callbacks=[backup], **options)
        with replacing(folder / "model.keras") as partial:
            gan.save(partial)
        with replacing(folder / "weights.npz") as partial:
            state = gan.variables + gan.optimizer.variables
            np.savez(partial, **{f"{i}": x.numpy() for i, x in enumerate(state)})
        backup.delete()
    print("writes:", writes.count)


if __name__ == "__main__":
    main(*sys.argv[1:])

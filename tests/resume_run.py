"""A small run with BackupAndRestore that may kill itself; `test_resume` starts it as a process."""

import os
import pathlib
import signal
import sys

import keras
import numpy as np
from test_gan import OPTIMIZERS, fit, make_gan

import tf_consensus as tfc

EPOCHS, STEPS = 4, 4


class KillAt(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations.numpy()) >= self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder, mode, kill_at=None):
    folder = pathlib.Path(folder)
    options = {"jit_compile": True, "steps_per_execution": 2} if mode == "fused" else {}
    gan = make_gan(OPTIMIZERS["consensus"](), **options)
    data = tfc.data.mixture_of_gaussians(32, seed=3, start=gan.optimizer.iterations)
    callbacks = [keras.callbacks.BackupAndRestore(folder / "backup", double_checkpoint=True)]
    if kill_at:
        callbacks.append(KillAt(int(kill_at.removeprefix("--kill_at="))))
    history = fit(gan, data, epochs=EPOCHS, steps_per_epoch=STEPS, callbacks=callbacks)
    print("epochs run:", len(history["gradient_norm"]))
    state = [x.numpy() for x in gan.variables + gan.optimizer.variables]
    np.savez(folder / "weights.npz", *state)


if __name__ == "__main__":
    main(*sys.argv[1:])

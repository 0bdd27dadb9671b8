"""Run folders as `tf-consensus train` leaves them, of tiny GANs trained for two steps."""

import json
import pathlib
import sys

import numpy as np
from PIL import Image

from tf_consensus.averaging import averaged_weights
from tf_consensus.callbacks import SafeBackup
from tf_consensus.experiments.image_runs import make_gan
from tf_consensus.experiments.presets import EXPERIMENTS
from tf_consensus.experiments.resolving import resolve
from tf_consensus.experiments.result import write_result

TINY = {"filters": 2, "latent_dim": 4, "batch_size": 8, "steps": 2, "network": "dcgan4_nobn"}


def settings_of(**overrides):
    """All settings of a tiny run."""
    base = EXPERIMENTS["fashion_mnist_recommended"]
    (run,) = resolve(base, {**TINY, "image_size": 16, **overrides})
    return run


def batches(run):
    """Endless batches of noise, and labels where the run has classes."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    size, side = run["batch_size"], run["image_size"]
    images = rng.uniform(-1, 1, (size, side, side, run["channels"])).astype(np.float32)
    data = tf.data.Dataset.from_tensors(images)
    if run["num_classes"]:
        labels = (np.arange(size) % run["num_classes"]).astype(np.int32)
        data = tf.data.Dataset.from_tensors((images, labels))
    return data.repeat()


def save_run(folder, finished=True, **overrides):
    """Train a GAN for two steps and leave what a run leaves; returns the GAN."""
    run, folder = settings_of(**overrides), pathlib.Path(folder)
    folder.mkdir(parents=True)
    write(folder / "settings.json", run)
    write(folder / "run.json", {"command": ["tf-consensus", "train", "x"], "started": "now"})
    gan = make_gan(run, 0, jit=False)
    settings = {key: value for key, value in run.items() if key != "steps"}
    backup = SafeBackup(folder / "backup", delete_checkpoint=False, settings=settings)
    options = {"epochs": 2, "steps_per_epoch": 1, "verbose": 0, "shuffle": False}
    gan.fit(batches(run), callbacks=[backup], **options)
    rows = ["epoch,step,seconds,generator_loss,discriminator_loss,gradient_norm"]
    rows += [f"{k},{k + 1},{k + 1}.0,0.7,1.4,0.1" for k in range(2)]
    (folder / "log.csv").write_text("\n".join(rows) + "\n")
    if finished:
        backup.delete()
        gan.save(folder / "model.keras")
        with averaged_weights(gan):
            gan.generator.save(folder / "generator.keras")
        result = {"name": run["name"], "steps": 2, "diverged": None, "metrics": {}}
        write_result(folder, result, ["model.keras", "generator.keras"])
    return gan


def write(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")


def write_pictures(folder, number=24, side=16, classes=2, channels=1, seed=0):
    """Squares of one brightness a class, sorted by class into sub-folders."""
    rng = np.random.default_rng(seed)
    for kind in range(classes):
        inner = pathlib.Path(folder) / f"kind{kind}"
        inner.mkdir(parents=True)
        for k in range(number // classes):
            shape = (side, side) if channels == 1 else (side, side, 3)
            noise = rng.integers(0, 60, shape)
            pixels = (noise + 190 * kind // max(1, classes - 1)).astype(np.uint8)
            Image.fromarray(pixels).save(inner / f"{k:03}.png")
    return pathlib.Path(folder)


def told(capsys, *arguments):
    """The exit status of a command, and what it printed and said of errors."""
    from tf_consensus.cli.main import main

    capsys.readouterr()
    try:
        status = main([str(word) for word in arguments])
    except SystemExit as stop:
        status = 1
        print(stop.code, file=sys.stderr)
    said = capsys.readouterr()
    return status, said.out, said.err

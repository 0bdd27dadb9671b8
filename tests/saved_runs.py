"""Run folders as `tf-consensus train` leaves them, of tiny GANs trained for two steps."""

import json
import pathlib
import shutil
import sys

import numpy as np
from PIL import Image

from tf_consensus.callbacks import SafeBackup
from tf_consensus.experiments.image_runs import make_gan
from tf_consensus.experiments.presets import EXPERIMENTS
from tf_consensus.experiments.resolving import resolve
from tf_consensus.experiments.result import write_result
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.support.layers import walk

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


def save_run(folder, finished=True, contrast=True, **overrides):
    """Train a GAN for two steps and leave what a run leaves; returns the GAN."""
    run, folder = settings_of(**overrides), pathlib.Path(folder)
    folder.mkdir(parents=True)
    write(folder / "settings.json", run)
    write(folder / "run.json", {"command": ["tf-consensus", "train", "x"], "started": "now"})
    gan = make_gan(run, 0, jit=False)
    if contrast:
        raise_contrast(gan)
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


def make_runs(root):
    """Output folders of runs that are whole, and of others that are not; the GANs of the first."""
    gans = {
        "plain": save_run(root / "plain/a-seed0", ema=0.5),
        "stopped": save_run(root / "stopped/a-seed0", finished=False),
        "classes": save_run(root / "classes/a-seed0", network="residual", num_classes=3),
    }
    for name in ("two/a-seed0", "two/b-seed0", "damaged/a-seed0", "early/a-seed0"):
        shutil.copytree(root / "plain/a-seed0", root / name)
    path = root / "damaged/a-seed0/model.keras"
    path.write_bytes(path.read_bytes()[:-50])
    for name in ("model.keras", "generator.keras", "result.json", "log.csv"):
        (root / "early/a-seed0" / name).unlink()
    (root / "empty").mkdir()
    (root / "notes.txt").write_text("x")
    shutil.copytree(root / "plain/a-seed0", root / "broken/a-seed0")
    write(root / "broken/a-seed0/settings.json", [1])
    return gans


def raise_contrast(gan):
    """Have the images differ, which of a new generator are grey."""
    layer = [x for x in walk(gan.generator) if hasattr(x, "kernel")][-1]
    layer.kernel.assign(layer.kernel * 0.5 / gan.generate(16, seed=0, averaged=False).std())
    assert gan.generate(16, seed=0, averaged=False).std() > 0.2


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

"""The code blocks of the pages, and a small world in which they run as they are pasted.

The text of a block is never changed. What is small is the world around it:

- `fit` takes at most EPOCHS epochs of STEPS steps, and `EvaluateGAN` at most SAMPLES samples;
- the home folder holds stand-ins of Fashion-MNIST, CelebA and a folder of pictures;
- the working folder is a repository of links, so that what a block writes is thrown away;
- `python`, `pip` and `tf-consensus` of a shell are scripts that note their arguments and make the
  folders that later commands look for; the notes are then checked by the program's own flags.

A block that cannot run has `<!-- not run: REASON -->` in the line above it.
"""

import functools
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from small_images import write_fashion_mnist

import tf_consensus as tfc

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
EPOCHS, STEPS, SAMPLES = 2, 2, 24
FENCE = re.compile(r"^```(\w*)$")
EXCUSE = re.compile(r"^<!-- not run: (\S.*) -->$")
PROGRAMS = ("python", "python3", "pip", "tf-consensus")
LINKED = ("docs", "examples", "setup.py", "tf_consensus")


class Block(NamedTuple):
    """A block of code of a page, and why it does not run, if it does not."""

    language: str
    code: str
    line: int
    excuse: str | None


def blocks(path):
    """The blocks of a page, in order."""
    found, lines, start = [], path.read_text(encoding="utf-8").splitlines(), None
    for index, line in enumerate(lines):
        if not (fence := FENCE.match(line)):
            continue
        if start is None:
            start, language = index, fence[1]
            continue
        excuse = EXCUSE.match(lines[start - 1]) if start else None
        code = "\n".join(lines[start + 1 : index]) + "\n"
        found.append(Block(language, code, start + 1, excuse and excuse[1]))
        start = None
    return found


def run_python(block, page, namespace):
    """Runs a block as a part of its page: errors name the page's own lines."""
    exec(compile("\n" * block.line + block.code, str(page), "exec"), namespace)


def cap(monkeypatch):
    """Makes trainings short, whatever their blocks say."""
    for model in (tfc.GAN, keras.Model):
        monkeypatch.setattr(model, "fit", _short(model.fit))
    init = tfc.callbacks.EvaluateGAN.__init__

    @functools.wraps(init)
    def few(self, *arguments, samples, every=1, **options):
        init(self, *arguments, samples=min(samples, SAMPLES), every=min(every, EPOCHS), **options)

    monkeypatch.setattr(tfc.callbacks.EvaluateGAN, "__init__", few)
    mirrored = tf.distribute.MirroredStrategy
    made = mirrored.__init__

    def reducing(self, devices=None, cross_device_ops=None):
        # TensorFlow's collectives know but one number of CPU devices in a process.
        made(self, devices, cross_device_ops or tf.distribute.ReductionToOneDevice())

    monkeypatch.setattr(mirrored, "__init__", reducing)


def _short(fit):
    # The signature stays, by which `GAN.fit` finds its data.
    @functools.wraps(fit)
    def short(self, *arguments, epochs=1, steps_per_epoch=STEPS, **options):
        options |= {"epochs": min(epochs, EPOCHS), "steps_per_epoch": min(steps_per_epoch, STEPS)}
        return fit(self, *arguments, **options | {"verbose": 0})

    return short


def repository(folder):
    """A folder with links to what the blocks use of the repository."""
    folder.mkdir()
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def home(folder):
    """A home folder with small data sets."""
    write_fashion_mnist(folder / ".keras" / "datasets" / "fashion-mnist")
    random = np.random.default_rng(0)
    for index in range(8):
        path = folder / "pictures" / ("cats", "dogs")[index % 2] / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (72, 80, 3), np.uint8)).save(path)
    return folder


def write_celeb_a(folder):
    """Two pictures in the layout of TensorFlow Datasets."""
    import tensorflow_datasets as tfds

    builder = tfds.builder("celeb_a", data_dir=folder)
    features = builder.info.features
    example = {"image": np.zeros((218, 178, 3), np.uint8)}
    for group in ("attributes", "landmarks", "identity"):
        example[group] = dict.fromkeys(features[group], 0)
    tfds.dataset_builders.store_as_tfds_dataset(
        name=builder.name,
        config=builder.builder_config,
        version=str(builder.version),
        features=features,
        split_datasets={"train": enumerate([example, example])},
        data_dir=folder,
    )


STUB = """#!{python} -IS
import json, os, sys

name, arguments = sys.argv[0], sys.argv[1:]
with open({notes!r}, "a") as file:
    print(json.dumps([name, arguments, dict(os.environ)]), file=file)
if arguments[:2] == ["-m", "venv"]:
    place = arguments[2] + "/bin/"
    os.makedirs(place, exist_ok=True)
    for program in {{"python", "pip", "tf-consensus"}}.difference(os.listdir(place)):
        os.symlink({stub!r}, place + program)
flags = dict(part[2:].split("=", 1) for part in arguments if part[:2] == "--" and "=" in part)
if "output_dir" in flags or "experiment" in flags:
    folder = flags.get("output_dir", "output/" + flags.get("experiment", ""))
    os.makedirs(folder, exist_ok=True)
"""


class Command(NamedTuple):
    """A call of one of `PROGRAMS` by a shell."""

    program: str
    arguments: list[str]
    environment: dict[str, str]


def run_shell(block, folder):
    """Runs a block by bash in a folder; returns the calls of `PROGRAMS`."""
    programs = folder / ".programs"
    programs.mkdir(exist_ok=True)
    stub, notes = programs / "stub", programs / "notes"
    notes.write_text("", encoding="utf-8")
    code = STUB.format(python=sys.executable, notes=str(notes), stub=str(stub))
    stub.write_text(code, encoding="utf-8")
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    for name in PROGRAMS:
        (programs / name).unlink(missing_ok=True)
        (programs / name).symlink_to(stub)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.code],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, f"line {block.line}: {done.stderr}"
    lines = notes.read_text(encoding="utf-8").splitlines()
    return [Command(pathlib.Path(n).name, a, e) for n, a, e in map(json.loads, lines)]

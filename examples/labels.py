r"""Images of a class: four ways for a GAN to learn from labels, and one to find classes itself.

    python examples/labels.py --model=logits,projection,acgan,infogan

logits: the discriminator has one logit per class (`tfc.GAN`). projection: it takes the label too.
acgan: it also classifies (`tfc.models.ACGAN`). infogan: it sees no labels; a code of as many values
as there are classes is recognized in the samples (`tfc.models.InfoGAN`).
`tf-consensus train --model=acgan` trains one of them on pictures of your own.

The script writes into --output_dir, for each model, <model>.png (one row per class or value of the
code), a folder with its log.csv, model.keras and report.html, and results.json: the share of
samples that a classifier finds in the class they were made for, and seconds. For infogan each value
of the code stands for a class of its own, by the assignment with the largest share.

A run that was stopped goes on with --resume.
"""

import os
import pathlib
import shutil
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By default TensorFlow uses oneDNN's convolutions on the newest CPUs only; its own are up to five
# times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

from tf_consensus.experiments.errors import RunError, plain_errors
from tf_consensus.experiments.families.game import FamilyRequest
from tf_consensus.experiments.families.labels import HEADS
from tf_consensus.experiments.families.presets import FAMILIES
from tf_consensus.experiments.families.session import train_all
from tf_consensus.experiments.lock import locked
from tf_consensus.experiments.log import read_rows
from tf_consensus.experiments.result import numbers_of, read_result
from tf_consensus.experiments.sizes import between_evaluations
from tf_consensus.support.files import write_json

FLAGS = flags.FLAGS
flags.DEFINE_list("model", list(HEADS), f"One or more of {', '.join(HEADS)}.")
flags.DEFINE_string("dataset", "fashion_mnist", "Name for tfc.data.images, or folder:PATH.")
flags.DEFINE_string("data_dir", None, "Folder of the data set, if not the usual one.")
flags.DEFINE_integer("num_classes", 10, "Number of labels.", 2)
flags.DEFINE_integer("image_size", 32, "Side of the images in pixels; a multiple of 8.", 8)
flags.DEFINE_integer("channels", 1, "Colour channels, 1 or 3.", 1, 3)
flags.DEFINE_integer("filters", 16, "Filters of the networks' first level.", 1)
flags.DEFINE_integer("latent_dim", 64, "Latent dimensions.", 1)
flags.DEFINE_integer("batch_size", 32, "Images in a batch.", 1)
flags.DEFINE_integer("steps", 2000, "Training steps.", 1)
flags.DEFINE_float("learning_rate", 2e-4, "Adam's step size, with β₁ = 0.5.", 0.0)
flags.DEFINE_integer("seed", 0, "Seed of weights, data and noise.", 0, 2**31 - 1)
flags.DEFINE_integer("samples", 1000, "Images to classify.", 10)
flags.DEFINE_string("classifier", None, "A .keras classifier of the images; none: no agreement.")
flags.DEFINE_string("output_dir", "output/labels", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Continue the runs in --output_dir.")


def settings_of(model):
    """All settings of a model's run: those of the flags, and the family's own for the rest."""
    usual = FAMILIES["acgan"].settings
    given = {key: FLAGS[key].value for key in usual if key in FLAGS}
    run = {"name": model, "model": model, "seed": FLAGS.seed, "dataset": FLAGS.dataset}
    method = {"method": "alternating", "optimizer": "alternating"}
    return {**usual, **given, **run, **method, "eval_every": between_samples(FLAGS.steps)}


def between_samples(steps):
    """Steps between samples and backups: a divisor of the steps, or all of them."""
    try:
        return between_evaluations(steps)
    except RunError:
        return steps


def numbers(folder):
    """The numbers of a finished run, with its last losses; `None` if it has not finished."""
    result = read_result(folder)
    if result is None or result["diverged"]:
        return None
    return numbers_of(result) | read_rows(folder / "log.csv")[-1]


def run(output):
    """Trains, draws and scores each model; returns the exit status."""
    folders = {model: output / model for model in FLAGS.model}
    request = FamilyRequest(
        runs=[(folder, settings_of(model)) for model, folder in folders.items()],
        output=output,
        command=[sys.executable, *sys.argv],
        resume=FLAGS.resume,
        data_dir=FLAGS.data_dir,
        classifier=FLAGS.classifier,
        verbose=0,
    )
    with locked(output):
        status = train_all(request)
        found = {model: numbers(folder) for model, folder in folders.items()}
        found = {model: result for model, result in found.items() if result is not None}
        for model, result in found.items():
            shutil.copy(max((folders[model] / "samples").glob("*.png")), output / f"{model}.png")
            print(model, result, flush=True)
        write_json(output / "results.json", found)
    return status


def main(argv):
    """Trains, draws and scores each model."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if unknown := set(FLAGS.model) - set(HEADS):
        raise app.UsageError(
            f"--model lists names of models. Received: {', '.join(sorted(unknown))}. Choose from "
            f"{', '.join(HEADS)}."
        )
    with plain_errors():
        status = run(pathlib.Path(FLAGS.output_dir))
    if status:
        sys.exit(status)


if __name__ == "__main__":
    app.run(main)

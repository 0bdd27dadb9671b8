r"""Images from images: Pix2Pix from pairs, CycleGAN without them.

    python examples/image_to_image.py --target=fashion_mnist --make=edges
    python examples/image_to_image.py --target=folder:photos --source=folder:drawings
    python examples/image_to_image.py --model=cycle_gan --target=folder:new --source=folder:old

The sources are a second set of images, or are made from the targets. Pix2Pix takes two folders
whose files have the same names. CycleGAN takes any two sets, or other images of one set.
`tf-consensus train --model=pix2pix` does the same and chooses sizes by itself.

The script writes into --output_dir: samples/<steps>.png (source, made image and target, side by
side, of images that were not trained on), log.csv, model.keras, generator.keras, report.html and
results.json. CycleGAN's pictures go on with target, made source and source.

A run that was stopped by Ctrl-C, a kill, a full disk or a power cut goes on with --resume, and ends
as if nothing had happened.
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By default TensorFlow uses oneDNN's convolutions on the newest CPUs only; its own are up to five
# times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

import tf_consensus as tfc
from tf_consensus.cli import validators
from tf_consensus.experiments.errors import plain_errors
from tf_consensus.experiments.families.game import FamilyRequest
from tf_consensus.experiments.families.pair_source import settled
from tf_consensus.experiments.families.presets import FAMILIES
from tf_consensus.experiments.families.session import train_all
from tf_consensus.experiments.lock import locked
from tf_consensus.experiments.log import read_rows
from tf_consensus.experiments.result import read_result
from tf_consensus.support.files import write_json

MODELS = ("pix2pix", "cycle_gan")
METHODS = ("alternating", "consensus", "simultaneous")
STEPS = ("steps", "eval_every")
FLAGS = flags.FLAGS
flags.DEFINE_enum("model", "pix2pix", MODELS, "Pairs of images, or two sets without partners.")
flags.DEFINE_string("target", "fashion_mnist", "Images to make: a data set, or folder:PATH.")
flags.DEFINE_string("source", None, "Images to begin from, likewise; none: made by --make.")
flags.DEFINE_enum(
    "make",
    None,
    ["edges", "grey", "masked", "low_resolution"],
    "How sources are made from targets.",
)
flags.DEFINE_string("split", None, "Images to train on; none: train, or rest of a folder.")
flags.DEFINE_string("test_split", None, "Images to show; none: test, or held_out of a folder.")
flags.DEFINE_string("data_dir", None, "Folder of the data sets, if not the usual one.")
flags.DEFINE_integer("image_size", 32, "Side of the images in pixels.", 2)
flags.DEFINE_integer("channels", None, "1 or 3 channels of both; none: as the images are.", 1, 3)
flags.DEFINE_integer("batch_size", 16, "Pairs in a batch.", 1)
flags.DEFINE_integer("filters", 16, "Filters of the networks' first level.", 1)
flags.DEFINE_enum("optimizer", "alternating", METHODS, "Method.")
flags.DEFINE_float("learning_rate", 2e-4, "Adam's step size, with β₁ = 0.5 as in the papers.", 0.0)
flags.DEFINE_float("gamma", 1.0, "Weight γ of consensus optimization.", 0.0)
flags.DEFINE_enum("objective", None, tfc.objectives.names(), "None: the papers'.")
flags.DEFINE_float("r1", 0.0, "Weight γ of the penalty R1 on the discriminators; 0: none.", 0.0)
flags.DEFINE_float("reconstruction", 100.0, "Pix2Pix's weight of the distance to the target.", 0.0)
flags.DEFINE_float("cycle", 5.0, "CycleGAN's weight of the round trips.", 0.0)
flags.DEFINE_float("identity", 0.0, "CycleGAN's weight of the identity loss.", 0.0)
flags.DEFINE_integer("pool_size", 50, "CycleGAN's pool of made images.", 0)
flags.DEFINE_integer("steps", 2000, "Training steps.", 1)
flags.DEFINE_integer("eval_every", 500, "Steps between samples and backups.", 1)
flags.DEFINE_integer("samples", 8, "Rows of a picture.", 1)
flags.DEFINE_integer("seed", 0, "Seed of weights, data and noise.", 0, 2**31 - 1)
flags.DEFINE_string("output_dir", "output/image_to_image", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Continue the run in --output_dir.")


def resolve_settings():
    """All settings of the run: those of the flags, and the family's own for the rest."""
    usual = FAMILIES[FLAGS.model].settings
    given = {key: FLAGS[key].value for key in usual if key in FLAGS}
    run = {"name": FLAGS.model, "method": FLAGS.optimizer, "seed": FLAGS.seed}
    return {
        **usual,
        **given,
        **run,
        "model": FLAGS.model,
        "dataset": FLAGS.target,
        "optimizer": FLAGS.optimizer,
        "objective": FLAGS.objective or usual["objective"],
        "penalty": ["r1"] if FLAGS.r1 else [],
        "penalty_weight": FLAGS.r1 or None,
        "eval_every": FLAGS.eval_every,
    }


def run(output):
    """Trains and saves; returns the exit status."""
    settings = settled(resolve_settings(), FLAGS.data_dir)
    request = FamilyRequest(
        runs=[(output, settings)],
        output=output,
        command=[sys.executable, *sys.argv],
        resume=FLAGS.resume,
        data_dir=FLAGS.data_dir,
        verbose=2,
    )
    with locked(output):
        status = train_all(request)
        result = read_result(output)
        if not status and result is not None:
            report = {"settings": settings, "steps": FLAGS.steps, "seconds": result["seconds"]}
            last = read_rows(output / "log.csv")[-1]
            write_json(output / "results.json", {**report, "last": last})
            print(f"samples, log.csv, model.keras and generator.keras in {output}/")
    return status


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    validators.check_multiple({key: FLAGS[key].value for key in STEPS}, *STEPS)
    with plain_errors():
        status = run(pathlib.Path(FLAGS.output_dir))
    if status:
        sys.exit(status)


if __name__ == "__main__":
    app.run(main)

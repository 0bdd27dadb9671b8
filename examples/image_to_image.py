r"""Images from images: Pix2Pix from pairs, CycleGAN without them.

    python examples/image_to_image.py --target=fashion_mnist --make=edges
    python examples/image_to_image.py --target=folder:photos --source=folder:drawings
    python examples/image_to_image.py --model=cycle_gan --target=folder:new --source=folder:old

The sources are a second set of images, or are made from the targets. Pix2Pix takes two folders
whose files have the same names. CycleGAN takes any two sets, or other images of one set.

The script writes into --output_dir: samples/<steps>.png (source, made image and target, side by
side, of images that were not trained on), log.csv, model.keras, generator.keras and results.json.
CycleGAN's pictures go on with target, made source and source.

A run that was stopped by Ctrl-C, a kill, a full disk or a power cut goes on with --resume, and ends
as if nothing had happened.
"""

import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By default TensorFlow uses oneDNN's convolutions on the newest CPUs only; its own are up to five
# times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
from absl import app, flags

import tf_consensus as tfc
from tf_consensus.experiments.errors import RunError, of_the_user, plain_errors
from tf_consensus.experiments.files import read_json
from tf_consensus.experiments.log import RunLog, write_rows
from tf_consensus.experiments.pair_pictures import PairPictures
from tf_consensus.support.files import write_json

MODELS = ("pix2pix", "cycle_gan")
METHODS = ("alternating", "consensus", "simultaneous")
OBJECTIVES = {"pix2pix": "standard", "cycle_gan": "least_squares"}
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
NO_SETTINGS = ("output_dir", "resume", "steps", "data_dir")


def pairs(split, **options):
    """Batches of (sources, targets)."""
    return tfc.data.image_pairs(
        FLAGS.target,
        FLAGS.source,
        make=FLAGS.make,
        unpaired=FLAGS.model == "cycle_gan",
        split=split,
        image_size=FLAGS.image_size,
        channels=FLAGS.channels,
        source_channels=FLAGS.channels if FLAGS.source else None,
        data_dir=FLAGS.data_dir,
        seed=FLAGS.seed,
        **options,
    )


def make_optimizer():
    """The method, with Adam inside."""
    adam = [keras.optimizers.Adam(FLAGS.learning_rate, beta_1=0.5) for _ in range(2)]
    if FLAGS.optimizer == "alternating":
        return tfc.AlternatingOptimizer(*adam)
    if FLAGS.optimizer == "simultaneous":
        return tfc.SimultaneousOptimizer(adam[0])
    return tfc.ConsensusOptimizer(adam[0], gamma=FLAGS.gamma)


def make_model(channels, source_channels):
    """The compiled model for images of these channels."""
    size = {"image_size": FLAGS.image_size, "filters": FLAGS.filters}
    build, seed = tfc.networks.build, FLAGS.seed
    shared = {
        "objective": FLAGS.objective or OBJECTIVES[FLAGS.model],
        "penalties": [tfc.penalties.R1(FLAGS.r1)] if FLAGS.r1 else (),
        "seed": seed,
    }
    there = {"channels": channels, "source_channels": source_channels, "seed": seed, **size}
    if FLAGS.model == "pix2pix":
        networks = build("image_to_image", **there)
        model = tfc.models.Pix2Pix(*networks, reconstruction=FLAGS.reconstruction, **shared)
    else:
        back = {"channels": source_channels, "source_channels": channels, "seed": seed + 1, **size}
        (g, d), (f, e) = (build("image_to_image", conditional=False, **x) for x in (there, back))
        weights = {key: FLAGS[key].value for key in ("cycle", "identity", "pool_size")}
        model = tfc.models.CycleGAN(g, f, d, e, **weights, **shared)
    model.compile(optimizer=make_optimizer())
    return model


def resolve_settings():
    """The flags that determine the run."""
    flagged = FLAGS.get_key_flags_for_module(sys.argv[0])
    return {flag.name: flag.value for flag in flagged if flag.name not in NO_SETTINGS}


def check_settings(path, settings):
    """Writes the settings of a new run; a run that goes on must have the same ones."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, settings)
        return
    known = read_json(path, "Delete the folder to train from the start.")
    other = [key for key in settings if known.get(key) != settings[key]]
    if other:
        named = ", ".join(f"--{key}" for key in other)
        raise RunError(
            f"A run goes on with its own settings. Received: {named} other than in {path}. Repeat "
            "the first command with --resume."
        )


def train(output, settings):
    """Trains the model, or goes on; returns it, its backup and the seconds of this process."""
    folder = (FLAGS.source or FLAGS.target).startswith("folder:")
    split = FLAGS.split or ("rest" if folder else "train")
    shown = FLAGS.test_split or ("held_out" if folder else "test")
    with of_the_user("--target, --source, --make"):
        batch = next(iter(pairs(shown, batch_size=FLAGS.samples, repeat=False)))
    keras.utils.set_random_seed(FLAGS.seed)
    with of_the_user("--image_size, --model"):
        model = make_model(batch[1].shape[-1], batch[0].shape[-1])
    check_settings(output / "settings.json", settings)
    stream = pairs(split, batch_size=FLAGS.batch_size, start=model.optimizer.iterations)
    backup = tfc.callbacks.SafeBackup(output / "backup", delete_checkpoint=False, settings=settings)
    back = FLAGS.model == "cycle_gan"
    pictures = PairPictures(output / "samples", *batch, back=back)
    log = RunLog(output / "log.csv", backup)
    begun = time.perf_counter()
    model.fit(
        stream,
        epochs=FLAGS.steps // FLAGS.eval_every,
        steps_per_epoch=FLAGS.eval_every,
        shuffle=False,
        verbose=2,
        callbacks=[pictures, log, backup],
    )
    write_rows(output / "log.csv", backup.history)
    return model, backup, time.perf_counter() - begun


def run(output):
    """Trains and saves; what was finished before stays as it is."""
    if (output / "results.json").exists() and FLAGS.resume:
        print(f"finished before: {output}")
        return
    if output.exists() and any(output.iterdir()) and not FLAGS.resume:
        raise RunError(
            f"A new run has an empty folder. Received: --output_dir={output} with files. Pass "
            "--resume to continue that run, or another folder."
        )
    settings = resolve_settings()
    model, backup, seconds = train(output, settings)
    model.save(output / "model.keras")
    with tfc.averaged_weights(model):
        model.generator.save(output / "generator.keras")
    report = {"settings": settings, "steps": FLAGS.steps, "seconds": seconds}
    write_json(output / "results.json", {**report, "last": backup.history[-1]})
    backup.delete()
    print(f"samples, log.csv, model.keras and generator.keras in {output}/")


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if FLAGS.steps % FLAGS.eval_every:
        raise app.UsageError("--steps must be a multiple of --eval_every.")
    try:
        with plain_errors():
            run(pathlib.Path(FLAGS.output_dir))
    except KeyboardInterrupt:
        sys.exit(f"stopped; go on with {' '.join(['python', *sys.argv])} --resume")


if __name__ == "__main__":
    app.run(main)

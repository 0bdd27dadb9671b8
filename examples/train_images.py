r"""GANs on images: every image experiment of the papers, and Fashion-MNIST on two CPU cores.

    scores="--classifier=examples/fashion_mnist_classifier.keras"
    python examples/train_images.py --experiment=fashion_mnist_recommended $scores
    python examples/train_images.py --experiment=inception_score_conv4 --inception=inception.pb

`image_experiments.py` lists the experiments; every other flag overrides one of their settings.
Each run has a folder `<method>-<network>-seed<seed>` in --output_dir, with its log.csv, its samples
over training, result.json, the trained model (model.keras) and the generator to sample from, with
averaged weights if there are averages (generator.keras). results.json, curves_steps.png,
curves_seconds.png and losses.png put them together; `plot_runs.py` compares several such folders.

A run that was stopped, by Ctrl-C, SIGTERM, a full disk or a power cut, goes on with --resume, and
ends as if nothing had happened. With --resume and more --steps a finished run goes on too.
"""

import importlib.util
import os
import pathlib
import signal
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Unasked, TensorFlow takes oneDNN's convolutions on the newest CPUs only; elsewhere its own are
# up to five times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import image_report
import image_results
import image_runs
from absl import app, flags
from image_experiments import EXPERIMENTS, METHODS, SWEPT, resolve
from strategy_flags import make_strategy, own_folder

import tf_consensus as tfc
from tf_consensus.experiments import settings
from tf_consensus.experiments.errors import RunError, of_the_user, plain_errors
from tf_consensus.experiments.lock import locked
from tf_consensus.experiments.result import (
    damaged_files,
    mend_log,
    numbers_of,
    read_result,
    write_result,
)
from tf_consensus.experiments.settings import versions
from tf_consensus.support.files import write_json

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "experiment", "fashion_mnist_recommended", "What to run; a wrong name lists them all."
)
flags.DEFINE_list("optimizer", [], f"Methods to run, of {', '.join(METHODS)}; none: all of it.")
flags.DEFINE_list("seeds", ["0"], "Seeds; every run is done once with each.")
flags.DEFINE_list("learning_rate", [], "Step size of the inner optimizer; several: a sweep.")
flags.DEFINE_list("gamma", [], "Weight of consensus, smoothing and penalties; several: a sweep.")
flags.DEFINE_string("dataset", None, "Name for tfc.data.images, or folder:PATH.")
flags.DEFINE_integer("image_size", None, "Side of the images in pixels.", 1)
flags.DEFINE_integer("channels", None, "Colour channels, 1 or 3.", 1, 3)
flags.DEFINE_integer("crop", None, "Side of the centre crop, if not the data set's usual one.", 1)
flags.DEFINE_bool("flip", None, "Mirror half of the images.")
flags.DEFINE_bool("dequantise", None, "Add noise within a step of the images' 8 bits.")
flags.DEFINE_integer("num_classes", None, "Classes of a conditional GAN; 0: unconditional.", 0)
flags.DEFINE_integer("batch_size", None, "Images in a batch.", 1)
flags.DEFINE_string("network", None, f"One of {', '.join(tfc.networks.names())}.")
flags.DEFINE_integer("latent_dim", None, "Size of a latent.", 1)
flags.DEFINE_integer("filters", None, "Filters of the networks' level next to the image.", 1)
flags.DEFINE_enum(
    "precision", None, ["float32", "mixed_bfloat16"], "Keras' dtype policy of the networks."
)
flags.DEFINE_string("objective", None, f"One of {', '.join(tfc.objectives.names())}.")
flags.DEFINE_list("penalty", None, f"Penalties, of {', '.join(tfc.penalties.names())}.")
flags.DEFINE_float("penalty_weight", None, "Weight of each penalty, if it is not gamma.", 0.0)
flags.DEFINE_integer("penalty_every", None, "Take penalties each so many steps only.", 1)
flags.DEFINE_enum("inner", None, ["rmsprop", "adam"], "The Keras optimizer that takes the step.")
flags.DEFINE_float("beta_1", None, "Adam's momentum.", 0.0, 1.0)
flags.DEFINE_float("beta_2", None, "Adam's memory of squares.", 0.0, 1.0)
flags.DEFINE_float("decay", None, "RMSProp's memory of squares.", 0.0, 1.0)
flags.DEFINE_float("epsilon", None, "Epsilon of the inner optimizer.", 0.0)
flags.DEFINE_float("initial_accumulator", None, "Start of RMSProp's mean of squares.", 0.0)
flags.DEFINE_float("clip_norm", None, "Largest norm of a player's gradient (clipped).", 0.0)
flags.DEFINE_integer("microbatches", None, "Equal parts to go through a batch in.", 1)
flags.DEFINE_enum(
    "debias",
    None,
    ["groups", "per_example"],
    "Consensus and smoothing without the bias of batches: over micro-batches or examples.",
)
flags.DEFINE_float("ema", None, "Decay of the weights' average; 0: none.", 0.0, 1.0)
flags.DEFINE_integer("steps", None, "Training steps of a run.", 1)
flags.DEFINE_integer("eval_every", None, "Steps between evaluations and samples.", 1)
flags.DEFINE_integer("backup_every", None, "Steps between backups, if not eval_every.", 1)
flags.DEFINE_integer("eval_samples", None, "Generated images an evaluation.", 1)
flags.DEFINE_string("classifier", None, "Keras classifier to score by (train_classifier.py).")
flags.DEFINE_string("inception", None, "Graph of the reference Inception network to score by.")
flags.DEFINE_string(
    "reference", None, "Statistics of the real images; none: taken before training."
)
flags.DEFINE_string("test_split", "test", "Split of the real images, if there is no --reference.")
flags.DEFINE_integer("interpolations", 8, "Strips of interpolated images at the end.", 0)
flags.DEFINE_string("data_dir", None, "Folder of the data set, if not the usual one.")
flags.DEFINE_string("cache", None, "Folder to keep decoded images in, if they exceed 2 GiB.")
flags.DEFINE_enum("jit", "auto", ["auto", "on", "off"], "XLA; auto: on a GPU or TPU.")
flags.DEFINE_bool("tensorboard", False, "Write TensorBoard logs into the runs' folders.")
flags.DEFINE_enum("verbose", "auto", ["auto", "0", "1", "2"], "Keras' progress.")
flags.DEFINE_string("output_dir", None, "Folder for all results; none: output/<experiment>.")
flags.DEFINE_bool("resume", False, "Go on with the runs in --output_dir.")
# Everything else that determines a run is settled by its experiment and these flags.
OVERRIDES = [
    *("dataset", "image_size", "channels", "crop", "flip", "dequantise", "num_classes"),
    *("batch_size", "network", "latent_dim", "filters", "objective", "penalty", "penalty_weight"),
    *("penalty_every", "inner", "beta_1", "beta_2", "decay", "epsilon", "initial_accumulator"),
    *("clip_norm", "microbatches", "debias", "ema"),
    *("steps", "eval_every", "eval_samples", "backup_every", "precision"),
]


def one_of(names, optional=True):
    """A validator for a name, and the message of what it must be."""
    names = list(names)
    return lambda name: (optional and name is None) or name in names, f"must be one of {names}"


def list_of(names):
    """A validator for a list of different names."""
    names = list(names)
    good = lambda given: not given or (set(given) <= set(names) and len(set(given)) == len(given))  # noqa: E731
    return good, f"must be a comma list of different names out of {names}"


def is_positive(text):
    """Whether the text is a finite number above 0."""
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


flags.register_validator("experiment", *one_of(sorted(EXPERIMENTS)))
flags.register_validator("network", *one_of(tfc.networks.names()))
flags.register_validator("objective", *one_of(tfc.objectives.names()))
flags.register_validator("optimizer", *list_of(METHODS))
flags.register_validator("penalty", *list_of(tfc.penalties.names()))
flags.register_validator(
    "seeds",
    lambda seeds: seeds and all(s.isdigit() for s in seeds) and len(set(seeds)) == len(seeds),
    "must be a comma list of different integers of at least 0",
)
for swept in SWEPT:
    flags.register_validator(
        swept,
        lambda values: all(map(is_positive, values)) and len(set(values)) == len(values),
        "must be a comma list of different positive numbers",
    )
flags.register_validator(
    "tensorboard",
    lambda asked: not asked or importlib.util.find_spec("tensorboard") is not None,
    "needs the package tensorboard: pip install tensorboard",
)
for named in ("classifier", "inception", "reference", "data_dir", "cache"):
    flags.register_validator(named, lambda path: path is None or path != "", "must name a path")
flags.register_multi_flags_validator(
    ["classifier", "inception"],
    lambda given: None in given.values(),
    "Images are scored by --classifier or by --inception, not by both",
)


def resolve_runs():
    """The runs that the flags ask for, each with all of its settings."""
    overrides = {key: FLAGS[key].value for key in OVERRIDES if FLAGS[key].value is not None}
    sweeps = {key: [float(x) for x in FLAGS[key].value] for key in SWEPT if FLAGS[key].value}
    runs = resolve(EXPERIMENTS[FLAGS.experiment], overrides, FLAGS.optimizer, sweeps)
    for run in runs:
        run["experiment"] = FLAGS.experiment
        if FLAGS.dataset is not None and FLAGS.channels is None:
            # Another data set than the experiment's has its own colours.
            with of_the_user("--dataset"):
                run["channels"] = tfc.data.image_info(FLAGS.dataset, FLAGS.data_dir).channels
        check_multiple(run, "steps", "eval_every")
        if run["backup_every"] is not None:
            check_multiple(run, "eval_every", "backup_every")
    return runs


def check_multiple(run, whole, part):
    """Raises unless one number of steps is a multiple of the other, or less."""
    if run[whole] > run[part] and run[whole] % run[part]:
        raise app.UsageError(
            f"--{whole} must be a multiple of --{part}. Received: "
            f"--{whole}={run[whole]} --{part}={run[part]}. Round one of them."
        )


def print_settings(runs):
    """What all runs have in common, and what sets each apart."""
    common = {k: v for k, v in runs[0].items() if all(run[k] == v for run in runs)}
    print("settings:")
    for key, value in sorted(common.items()):
        print(f"  {key}: {value}")
    for run in runs:
        own = {key: value for key, value in run.items() if key not in {*common, "name"}}
        print(f"run {run['name']}: " + ", ".join(f"{k}={v}" for k, v in own.items()))


def run_folder(output, run, seed):
    """The folder of one run."""
    return output / f"{run['name']}-seed{seed}"


def going_on(found, run):
    """The settings that a run may change when it goes on: to more steps, from whole epochs."""
    before = found.get("steps", 0)
    goes_on = isinstance(before, int) and before < run.get("steps", 0)
    return ["steps"] if goes_on and before % run["eval_every"] == 0 else []


def is_finished(folder, run):
    """Whether the run has a result of all its steps, or has diverged, and its files are whole."""
    found = read_result(folder)
    if found is None or (found["diverged"] is None and found["steps"] < run["steps"]):
        return False
    mend_log(folder, found)
    damaged = damaged_files(folder, found)
    if damaged:
        print(f"{folder}: {', '.join(damaged)} damaged", file=sys.stderr)
    return not damaged


def make_scores(run, output):
    """The metrics of generated images that the flags ask for, in a list."""
    if FLAGS.classifier is None and FLAGS.inception is None:
        print("no scores: give --classifier (made by train_classifier.py) or --inception")
        return []
    if FLAGS.inception is not None:
        with of_the_user("--inception"):
            extractor = tfc.metrics.inception.frozen_inception(FLAGS.inception)
    else:
        shape = (run["image_size"], run["image_size"], run["channels"])
        with of_the_user("--classifier"):
            extractor = tfc.metrics.Extractor(
                tfc.metrics.load_classifier(FLAGS.classifier, shape),
                name=f"classifier of {run['dataset']}",
                weights="train_classifier.py",
            )
    with of_the_user("--reference, --dataset and --test_split"):
        return [tfc.metrics.ImageScores(extractor, load_reference(run, extractor, output))]


def load_reference(run, extractor, output):
    """Statistics of the real images: those of the flag or of the run before, or new ones."""
    path = output / "reference.npz"
    if FLAGS.reference is not None:
        return tfc.metrics.Reference.load(FLAGS.reference)
    if FLAGS.resume and path.exists():
        try:
            return tfc.metrics.Reference.load(path)
        except (ValueError, OSError):
            print(f"{path} is damaged: its statistics are taken again", file=sys.stderr)
    print(f"statistics of the {FLAGS.test_split} images of {run['dataset']} ...", flush=True)
    real = image_runs.make_test_data(run, FLAGS.test_split, FLAGS.data_dir, FLAGS.cache)
    reference = tfc.metrics.Reference.of(extractor, real, split=FLAGS.test_split)
    reference.save(path)
    return reference


def train_all(runs, output, options, scores):
    """Every run that has no result yet; returns the messages of those that failed."""
    failed = {}
    for seed in map(int, FLAGS.seeds):
        for run in runs:
            folder = run_folder(output, run, seed)
            try:
                if is_finished(options["shared"] / folder.name, run):
                    print(f"{run['name']}, seed {seed}: finished before")
                    continue
                print(f"{run['name']}, seed {seed}: {run['steps']} steps", flush=True)
                image_runs.train(run, seed, folder, options, scores)
            except (RunError, tfc.callbacks.BackupError) as error:
                print(f"{run['name']}, seed {seed}: {error}", file=sys.stderr)
                failed[folder.name] = str(error)
            except tfc.callbacks.DivergedError as error:
                print(f"{run['name']}, seed {seed}: {error}", file=sys.stderr)
                failed[folder.name] = str(error)
                write_result(folder, image_results.result_of(run, seed, folder, scores, str(error)))
    return failed


def finished_runs(runs, output):
    """The results of all finished runs."""
    folders = [run_folder(output, run, seed) for run in runs for seed in FLAGS.seeds]
    return [numbers_of(result) for result in map(read_result, folders) if result is not None]


def write_report(runs, output):
    """results.json and the pictures, from whatever is finished; returns the results."""
    finished = finished_runs(runs, output)
    found = {"python": sys.version.split()[0], **versions()}
    write_json(output / "results.json", {"runs": finished, "settings": runs, "versions": found})
    image_report.draw(image_report.load_runs([output], [run["name"] for run in runs]), output)
    return finished


def print_table(finished):
    """One line a run."""
    for run in finished:
        scores = "  ".join(
            f"{key} {value['final']:.2f} (best {value['best']:.2f} at {value['best_step']})"
            for key, value in run["metrics"].items()
            if value is not None
        )
        end = "  diverged" if run["diverged"] else ""
        print(f"{run['name']}, seed {run['seed']}: {run['seconds']:.0f} s  {scores}{end}")


class Terminated(KeyboardInterrupt):
    """SIGTERM, which stops training as Ctrl-C does."""


def terminate(number, frame):
    """Handler of SIGTERM."""
    del number, frame
    raise Terminated


def claim_folders(runs, output, scores):
    """Refuses folders of other runs than those asked for; without scores, as far as is known."""
    more = {"versions": versions()}
    if FLAGS.reference is None and (FLAGS.classifier or FLAGS.inception):
        more["test_split"] = FLAGS.test_split
    if scores is not None:
        more["scores"] = [
            {"extractor": x.extractor.fingerprint, "reference": x.reference.fingerprint}
            for x in scores
        ]
        with of_the_user("--dataset"):
            more["data"] = tfc.data.fingerprint(runs[0]["dataset"], data_dir=FLAGS.data_dir)
    for seed in FLAGS.seeds:
        for run in runs:
            folder = run_folder(output, run, seed)
            options = {"resume": FLAGS.resume, "backups": [folder / "backup"]}
            act = settings.check if scores is None else settings.claim
            act(folder, {**run, **more}, may_change=going_on, **options)
    return more


def train_and_report(runs, output, options):
    """Everything in the folder of results, which this process holds; returns the exit status."""
    settings.check_example(output, "train_images")
    claim_folders(runs, output, None)
    print_settings(runs)
    try:
        scores = make_scores(runs[0], output)
        more = claim_folders(runs, output, scores)
        options["settings"] = lambda run: {k: v for k, v in run.items() if k != "steps"} | more
        failed = train_all(runs, output, options, scores)
    except KeyboardInterrupt as stop:
        write_report(runs, output)
        command = " ".join([sys.executable, *sys.argv, *([] if FLAGS.resume else ["--resume"])])
        print(f"\ninterrupted; this goes on from the last backup:\n  {command}", file=sys.stderr)
        return 143 if isinstance(stop, Terminated) else 130
    print_table(write_report(runs, output))
    print(f"results in {output}/")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    with plain_errors():
        runs = resolve_runs()
    strategy = make_strategy()
    shared = pathlib.Path(FLAGS.output_dir or f"output/{FLAGS.experiment}")
    output = own_folder(strategy, shared)
    signal.signal(signal.SIGTERM, terminate)
    options = {
        "jit": {"auto": "auto", "on": True, "off": False}[FLAGS.jit],
        "cache": FLAGS.cache,
        "data_dir": FLAGS.data_dir,
        "verbose": FLAGS.verbose if FLAGS.verbose == "auto" else int(FLAGS.verbose),
        "tensorboard": FLAGS.tensorboard,
        "interpolations": FLAGS.interpolations,
        "strategy": strategy,
        "shared": shared,
    }
    with plain_errors(), locked(output):
        status = train_and_report(runs, output, options)
    if status:
        sys.exit(status)


if __name__ == "__main__":
    app.run(main)

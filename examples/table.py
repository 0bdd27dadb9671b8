"""Learns a table of mixed columns, and scores the rows that it makes.

The script writes into --output_dir: generated.csv (made rows of the first run), results.json (the
scores of all runs), marginals.png (each column, real and made), and one folder per run with its
model.keras, its log, its report.html and its own generated.csv.

    python examples/table.py
    python examples/table.py --table=people.csv --target=job --method=consensus,alternating
    python examples/table.py --table=wine --seeds=0,1,2

The table is a CSV file with a line of names; "made", of 6,000 people that the script makes up; or
"iris" or "wine", if scikit-learn is installed. A fifth of the rows is held out. The scores compare
the generated rows with these: marginals (total variation and Kolmogorov-Smirnov), correlations, and
the accuracy of a classifier of --target that was trained on generated rows. The same scores of the
training rows show how small they can get. `tf-consensus train --model=table people.csv` trains the
same game.
"""

import os
import pathlib
import shutil
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from absl import app, flags

from tf_consensus.cli import validators
from tf_consensus.experiments.errors import plain_errors
from tf_consensus.experiments.families.game import FamilyRequest
from tf_consensus.experiments.families.presets import FAMILIES, run_settings, usual_settings
from tf_consensus.experiments.families.session import train_all
from tf_consensus.experiments.families.table_look import look_at_table
from tf_consensus.experiments.families.table_source import read_rows
from tf_consensus.experiments.families.tables import ACCURACIES, GENERATED, MARGINALS, scores
from tf_consensus.experiments.lock import locked
from tf_consensus.experiments.result import numbers_of, read_result
from tf_consensus.support.files import write_json

METHODS = ("simultaneous", "alternating", "consensus")
EPOCHS = 10

FLAGS = flags.FLAGS
flags.DEFINE_string("table", "made", 'A CSV file, "made", "iris" or "wine".')
flags.DEFINE_list("columns", None, "The columns to keep; none: all.")
flags.DEFINE_list("categorical", [], "Columns of numbers that are categories.")
hint = "Texts that stand for missing values, beside empty fields, NA, NaN, nan and null."
flags.DEFINE_list("missing", None, hint)
hint = "Column of classes for the classifier; none takes the last column of categories."
flags.DEFINE_string("target", None, hint)
flags.DEFINE_list("method", ["consensus"], f"Methods to compare, of {', '.join(METHODS)}.")
flags.DEFINE_list("seeds", ["0"], "Seeds; every method runs once with each.")
flags.DEFINE_integer("steps", 5000, f"Steps of a run, a multiple of {EPOCHS}.", EPOCHS)
flags.DEFINE_integer("batch_size", 256, "Rows in a batch.", 1)
flags.DEFINE_integer("width", 128, "Units in each of the networks' hidden layers.", 1)
flags.DEFINE_integer("depth", 2, "Hidden layers of each network.", 1)
flags.DEFINE_float("learning_rate", 1e-3, "First step size of the inner optimizer, Adam.", 0.0)
flags.DEFINE_float("gamma", 0.1, "Weight γ of consensus optimization.", 0.0)
flags.DEFINE_float("penalty_gamma", 0.1, "Weight γ of R1; 0 leaves it out.", 0.0)
hint = "Rows that the discriminator judges together; if not given 8, and 1 with --conditional."
flags.DEFINE_integer("pack", None, hint, 1)
flags.DEFINE_float("temperature", 0.7, "Temperature τ of the softmax.", 1e-3)
hint = "Whether to train by sampling, as CTGAN: rare categories come more often."
flags.DEFINE_bool("conditional", False, hint)
flags.DEFINE_integer("max_modes", 10, "The most modes of a column of numbers.", 1, 100)
flags.DEFINE_string("output_dir", "output/table", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Continue the runs in --output_dir.")
flags.register_validator("method", validators.list_of(METHODS, least=1))
flags.register_validator("seeds", validators.seeds(below=2**31))


def pack_of(given, conditional):
    """How many rows are judged together."""
    return given or usual_settings("table", conditional)["pack"]


flags.register_multi_flags_validator(
    ["batch_size", "pack", "conditional"],
    lambda values: values["batch_size"] % pack_of(values["pack"], values["conditional"]) == 0,
    "--batch_size must be a multiple of --pack",
)
flags.register_validator("steps", lambda n: n % EPOCHS == 0, f"must be a multiple of {EPOCHS}")


def settings_of(method, seed, target):
    """All settings of a run: those of the flags, and the family's own for the rest."""
    given = {key: FLAGS[key].value for key in FAMILIES["table"].settings if key in FLAGS}
    own = {
        **given,
        "pack": pack_of(FLAGS.pack, FLAGS.conditional),
        "dataset": FLAGS.table,
        "target": target,
        "penalty": ["r1"] if FLAGS.penalty_gamma else [],
        "penalty_weight": FLAGS.penalty_gamma or None,
        "eval_every": FLAGS.steps // EPOCHS,
    }
    return run_settings("table", method, seed, own)


def report(output, folders, settings):
    """Writes what all finished runs have in common, and prints their scores."""
    rows = read_rows(settings)
    results = {"real rows": scores(rows.trained, rows)}
    for folder in folders:
        result = read_result(folder)
        if result is not None and not result["diverged"]:
            known = {new: old for old, new in ACCURACIES.items()}
            numbers = {known.get(key, key): value for key, value in numbers_of(result).items()}
            results[folder.name] = numbers
    write_json(output / "results.json", results)
    for name in (GENERATED, MARGINALS):
        if (folders[0] / name).exists():
            shutil.copy(folders[0] / name, output / name)
    print(f"{'run':22} marginals  correlations  accuracy (real rows', majority's)")
    for name, x in results.items():
        accuracy = "none"
        if "generated" in x:
            accuracy = f"{x['generated']:.3f} ({x['real']:.3f}, {x['majority']:.3f})"
        correlations = x.get("correlation_difference", float("nan"))
        print(f"{name:22} {x['mean_marginal']:9.3f}  {correlations:12.3f}  {accuracy}")


def run(output):
    """Trains and scores; returns the exit status."""
    named = FLAGS.columns, FLAGS.categorical, FLAGS.target
    look = look_at_table(FLAGS.table, *named, FLAGS.conditional, FLAGS.missing)
    for sentence in look.remarks:
        print(sentence)
    asked = [(method, int(seed)) for method in FLAGS.method for seed in FLAGS.seeds]
    settings = [settings_of(method, seed, look.target) for method, seed in asked]
    folders = [output / f"{x['method']}-seed{x['seed']}" for x in settings]
    request = FamilyRequest(
        runs=list(zip(folders, settings, strict=True)),
        output=output,
        command=[sys.executable, *sys.argv],
        resume=FLAGS.resume,
        verbose=2,
    )
    with locked(output):
        status = train_all(request)
        if status in (0, 1):
            report(output, folders, settings[0])
    return status


def main(argv):
    """Trains, scores, draws."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    tf.get_logger().setLevel("ERROR")
    with plain_errors():
        status = run(pathlib.Path(FLAGS.output_dir).expanduser())
    if status:
        sys.exit(status)


if __name__ == "__main__":
    app.run(main)

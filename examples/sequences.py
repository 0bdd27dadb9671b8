r"""Learns sequences, and scores those that it makes: sine waves, or those of a file.

    python examples/sequences.py --network=sequence_conv
    python examples/sequences.py --network=sequence_gru --length=16 --unroll
    python examples/sequences.py --with_numbers --optimizer=consensus,alternating --seeds=0,1,2
    python examples/sequences.py --sequences=motion.npy

With --with_numbers a sample has two parts, a wave and two numbers, its frequency and amplitude.
Then the generator has two outputs, and the discriminator judges whether the parts belong together.

The script writes into --output_dir: results.json (the scores of all runs), sequences.png (true and
made sequences of the first run), and one folder per run with its model.keras, its log, its
report.html and its own made sequences. `tf-consensus train --model=sequences motion.npy` trains the
same game. docs/sequences.md says what is scored.

A run that was stopped goes on with --resume, and ends as if nothing had happened.
"""

import os
import pathlib
import shutil
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import tensorflow as tf
from absl import app, flags

from tf_consensus.cli import validators
from tf_consensus.experiments.errors import plain_errors
from tf_consensus.experiments.families.game import FamilyRequest
from tf_consensus.experiments.families.presets import (
    FAMILIES,
    SEQUENCE_NETWORKS,
    WAVES,
    run_settings,
)
from tf_consensus.experiments.families.sequence_source import look_at_sequences
from tf_consensus.experiments.families.sequences import PICTURE
from tf_consensus.experiments.families.session import train_all
from tf_consensus.experiments.finished import results_of, write_results
from tf_consensus.experiments.lock import locked
from tf_consensus.experiments.unused import check_used

METHODS = ("alternating", "consensus", "simultaneous")
FLAGS = flags.FLAGS
hint = f'An .npy or .npz file (samples, times, channels), or "{WAVES}".'
flags.DEFINE_string("sequences", WAVES, hint)
flags.DEFINE_enum("network", "sequence_conv", SEQUENCE_NETWORKS, "Networks of both players.")
flags.DEFINE_bool("with_numbers", False, "Whether a sample has its two numbers too.")
flags.DEFINE_integer("length", 32, "Times of a wave.", 4)
flags.DEFINE_integer("latent_dim", 16, "Size of a latent.", 1)
flags.DEFINE_integer("width", 32, "Units of a recurrent layer, or filters next to the wave.", 1)
flags.DEFINE_list("optimizer", ["consensus"], f"Methods to compare, of {', '.join(METHODS)}.")
flags.DEFINE_list("seeds", ["0"], "Seeds; every method runs once with each.")
flags.DEFINE_float("learning_rate", 1e-3, "First step size of Adam, which falls to 0.", 0.0)
flags.DEFINE_float("gamma", 0.1, "Weight γ of consensus optimization.", 0.0)
flags.DEFINE_float("r1", 0.1, "Weight γ of the penalty R1; 0: none.", 0.0)
flags.DEFINE_integer("batch_size", 64, "Sequences in a batch.", 1)
flags.DEFINE_integer("steps", 2000, "Training steps.", 1)
flags.DEFINE_integer("eval_every", 500, "Steps between scores and backups.", 1)
flags.DEFINE_integer("samples", 2000, "Made sequences that are scored.", 1)
flags.DEFINE_bool("unroll", False, "Whether recurrent layers are written out, as XLA needs.")
flags.DEFINE_bool("xla", None, "Whether XLA compiles the step; none: where there is a GPU.")
flags.DEFINE_string("output_dir", "output/sequences", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Continue the runs in --output_dir.")
flags.register_validator("optimizer", validators.list_of(METHODS, least=1))
flags.register_validator("seeds", validators.seeds(below=2**31))
flags.register_multi_flags_validator(
    ["steps", "eval_every"],
    lambda values: values["steps"] % values["eval_every"] == 0,
    "--steps must be a multiple of --eval_every",
)


def settings_of(method, seed, found):
    """All settings of a run: those of the flags and the data, and the family's own for the rest."""
    given = {key: FLAGS[key].value for key in FAMILIES["sequences"].settings if key in FLAGS}
    own = {
        **given,
        **found,
        "dataset": FLAGS.sequences,
        "penalty": ["r1"] if FLAGS.r1 else [],
        "penalty_weight": FLAGS.r1 or None,
        "eval_every": FLAGS.eval_every,
    }
    return run_settings("sequences", method, seed, own)


def run(output):
    """Trains and reports; returns the exit status."""
    line, found = look_at_sequences(FLAGS.sequences)
    print(line)
    asked = [(method, int(seed)) for method in FLAGS.optimizer for seed in FLAGS.seeds]
    settings = [settings_of(method, seed, found) for method, seed in asked]
    given = {key for key in ("length", "with_numbers", "unroll", "gamma") if FLAGS[key].present}
    check_used(settings, given)
    folders = [output / f"{x['method']}-seed{x['seed']}" for x in settings]
    request = FamilyRequest(
        runs=list(zip(folders, settings, strict=True)),
        output=output,
        command=[sys.executable, *sys.argv],
        resume=FLAGS.resume,
        jit=FLAGS.xla,
        verbose=2,
    )
    with locked(output):
        status = train_all(request)
        if status in (0, 1):
            write_results(output, results_of(folders), settings)
            if (folders[0] / PICTURE).exists():
                shutil.copy(folders[0] / PICTURE, output / PICTURE)
    return status


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    tf.get_logger().setLevel("ERROR")
    with plain_errors():
        status = run(pathlib.Path(FLAGS.output_dir).expanduser())
    if status:
        sys.exit(status)


if __name__ == "__main__":
    app.run(main)

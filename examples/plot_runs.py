"""Compares runs of `train_images.py`, of one output folder or of several.

    python examples/plot_runs.py --folders=output/fashion_mnist_grid,output/fashion_mnist_adam
    python examples/plot_runs.py --folders="consensus=output/a,consensus=output/b,R1=output/c"

It writes into --output_dir: metrics over training (curves_steps.png, curves_seconds.png and
curves_cpu_seconds.png, as figures 5, 7, 8 and 11 of "The Numerics of GANs"), losses.png,
sweep_learning_rate.png and sweep_gamma.png if a method was run with several values (figures 12,
13 and 14), and table.md with best and final results.

The seeds of one run become one line, their mean, with a band around it from the smallest to the
largest. Labels have the runs' names and, if these are the same, the settings that differ;
LABEL=FOLDER calls the runs of a folder LABEL instead. With --within all runs end after the same
time on a --clock.
"""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags

from tf_consensus.experiments import comparison
from tf_consensus.support.files import write_text

FLAGS = flags.FLAGS
flags.DEFINE_list("folders", [], "Output folders of train_images.py, or LABEL=FOLDER.")
flags.DEFINE_list("runs", [], "Names of the runs to compare, such as consensus-dcgan4; none: all.")
flags.DEFINE_float("within", None, "Time on the --clock after which all is left out.", 0.0)
flags.DEFINE_enum("clock", "seconds", ["step", "seconds", "cpu_seconds"], "What --within counts.")
flags.DEFINE_string("output_dir", "output/plots", "Folder for the pictures and the table.")
flags.register_validator("folders", bool, "must name one output folder or more, with commas")


def find_runs():
    """The runs that the flags ask for."""
    for folder in FLAGS.folders:
        if not list(comparison.split_label(folder)[1].glob("*/result.json")):
            raise app.UsageError(
                f"--folders must hold finished runs. Received: {folder}, which has none. Name the "
                "--output_dir of train_images.py."
            )
    known = {run["name"] for run in comparison.load_runs(FLAGS.folders)}
    if unknown := sorted(set(FLAGS.runs) - known):
        raise app.UsageError(
            f"--runs must be in the folders. Received: {', '.join(unknown)}. "
            f"Choose from {', '.join(sorted(known))}."
        )
    runs = comparison.load_runs(FLAGS.folders, FLAGS.runs)
    if FLAGS.within is None:
        return runs
    try:
        return [comparison.within(run, FLAGS.clock, FLAGS.within) for run in runs]
    except ValueError as error:
        raise app.UsageError(f"--within: {error}") from error


def main(argv):
    """Draws, and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    runs = find_runs()
    output = pathlib.Path(FLAGS.output_dir)
    output.mkdir(parents=True, exist_ok=True)
    drawn = comparison.draw(runs, output)
    table = comparison.table(runs)
    write_text(output / "table.md", table)
    print(table)
    print(f"{', '.join([*drawn, 'table.md'])} in {output}/")


if __name__ == "__main__":
    app.run(main)

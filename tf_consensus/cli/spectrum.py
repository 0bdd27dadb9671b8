"""`tf-consensus spectrum`: what the eigenvalues of a run's game say of its steps."""

from typing import Any

from absl import flags

from tf_consensus.cli.finding import find_run
from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.opening import only, open_found
from tf_consensus.cli.paths import take_data_dir
from tf_consensus.cli.telling import failures_told

HELP = """\
usage: tf-consensus spectrum RUN [flags]

Takes the eigenvalues of the game of a run, its folder or the output folder if it holds
one run, as the networks are now: whether directions grow, how much they rotate, and the
largest stable step, of the gradient field and of the one that the optimizer follows. It
says so in a sentence, and leaves spectrum.json and spectrum.png in the run's folder, and
in its report.html. Bounds are those of plain steps near an equilibrium.

Up to --dense_limit parameters all eigenvalues are taken; above, a few at each end of the
spectrum. How long that takes is said beforehand.

examples:
  tf-consensus spectrum output/pictures
  tf-consensus spectrum output/pictures --batch_size=256
  tf-consensus spectrum output/mixture_of_gaussians/consensus-seed0

flags most used (--helpfull shows all):
  --batch_size=64    samples of the batch that it is taken on
  --eigenvalues=4    how many at each end
  --tolerance=0.01   their relative accuracy
  --products=80      bounds the time: less is faster, and finds fewer
  --data_dir=FOLDER  of the data set, if not the usual one
"""


def define(values: flags.FlagValues) -> None:
    """Define the command's flags."""
    integer = flags.DEFINE_integer
    by: dict[str, Any] = {"flag_values": values}
    integer("batch_size", 64, "Samples of the batch that it is taken on.", 1, **by)
    integer("eigenvalues", 4, "How many at each end of a large spectrum.", 1, **by)
    flags.DEFINE_float("tolerance", 0.01, "Their relative accuracy.", 0.0, 1.0, **by)
    integer("products", 80, "Products with the derivative of each field, at most.", 2, **by)
    limit = "Parameters up to which all eigenvalues are taken, from a matrix."
    integer("dense_limit", 3000, limit, 1, 20_000, **by)
    integer("seed", 0, "Which batch.", 0, **by)
    flags.DEFINE_string("data_dir", None, "Folder of the data set, if not the usual one.", **by)


def main(values: flags.FlagValues, words: list[str], command: list[str]) -> int:
    """Measure; returns the exit status."""
    del command
    run = find_run(only(words, "run", "tf-consensus spectrum output/pictures"))
    if run.kind == "file":
        raise UsageError(
            "A spectrum needs the settings of a run. Received: a file, "
            f"{run.path}. Name the run's folder: {run.path.parent}."
        )
    if not 0.0 <= values.tolerance <= 1.0:  # not a number, which absl lets through
        raise UsageError(
            f"--tolerance must be from 0 to 1. Received: {values.tolerance}. For example 0.01."
        )
    take_data_dir(values)
    with failures_told():
        _measure(values, run)
    return 0


def _measure(values, run):
    from tf_consensus.experiments.measured_spectrum import Options, measure
    from tf_consensus.experiments.report.page import REPORT, write_report
    from tf_consensus.experiments.spectrum_picture import draw_spectra
    from tf_consensus.support.files import write_json

    opened = open_found(run)
    real = _batch(values, run)
    keys = ("eigenvalues", "tolerance", "products", "dense_limit")
    found = measure(opened.model, real, Options(**{key: values[key].value for key in keys}))
    folder = run.path
    write_json(folder / "spectrum.json", found.numbers)
    draw_spectra(folder / "spectrum.png", found.spectra, found.numbers["step"])
    write_report([folder], folder / REPORT)
    print(f"at step {found.numbers['step']:,}: {found.numbers['sentence']}")
    for key, value in found.numbers.items():
        if isinstance(value, float):
            print(f"  {key.replace('_', ' '):24} {value:.4g}")
    print(f"written to {folder / 'spectrum.json'}, spectrum.png and {REPORT}")


def _batch(values, run):
    """A batch of what the run trained on."""
    from tf_consensus.experiments.image_runs import make_data
    from tf_consensus.experiments.measured_spectrum import points_batch

    if run.kind == "points":
        return points_batch(run.settings, values.batch_size, values.seed)
    settings = {**run.settings, "batch_size": values.batch_size}
    return next(iter(make_data(settings, values.seed, 0, values.data_dir, False)))

"""`tf-consensus spectrum`: what the eigenvalues of a run's game say about its steps."""

from typing import Any

from absl import flags

from tf_consensus.cli.finding import find_run
from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.opening import only, open_found
from tf_consensus.cli.paths import take_data_dir
from tf_consensus.cli.telling import failures_told

HELP = """\
usage: tf-consensus spectrum RUN [flags]

Computes the eigenvalues of a run's game at its present weights. RUN is its folder, or
the output folder if it holds one run. The eigenvalues show whether directions grow, how
much they rotate, and the largest stable step, for the gradient field and for the field
that the optimizer follows. The command prints a sentence, writes spectrum.json and
spectrum.png into the run's folder, and adds them to its report.html. Bounds hold for
plain steps near an equilibrium.

Up to --dense_limit parameters all eigenvalues are computed; above that, a few at each
end of the spectrum. The command first says how long that takes.

examples:
  tf-consensus spectrum output/pictures
  tf-consensus spectrum output/pictures --batch_size=256
  tf-consensus spectrum output/mixture_of_gaussians/consensus-seed0

flags most used (--helpfull shows all):
  --batch_size=64    samples in the batch
  --eigenvalues=4    how many at each end
  --tolerance=0.01   their relative accuracy
  --products=80      bounds the time: fewer are faster, and find fewer eigenvalues
  --data_dir=FOLDER  folder of the data set, if not the usual one
"""


def define(values: flags.FlagValues) -> None:
    """Define the command's flags."""
    integer = flags.DEFINE_integer
    by: dict[str, Any] = {"flag_values": values}
    integer("batch_size", 64, "Samples in the batch.", 1, **by)
    integer("eigenvalues", 4, "Eigenvalues at each end of a large spectrum.", 1, **by)
    flags.DEFINE_float("tolerance", 0.01, "Their relative accuracy.", 0.0, 1.0, **by)
    integer("products", 80, "Largest number of products with each field's derivative.", 2, **by)
    limit = "Largest number of parameters for all eigenvalues, which need a matrix."
    integer("dense_limit", 3000, limit, 1, 20_000, **by)
    integer("seed", 0, "Seed of the batch.", 0, **by)
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
    if run.family is not None:
        raise UsageError(
            f"This command measures runs of a GAN. Received: {run.path}, a run of "
            f"{run.settings['model']}. From Python, callbacks.SpectrumMonitor measures any game "
            "while it trains."
        )
    if not 0.0 <= values.tolerance <= 1.0:  # absl lets NaN through
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
    """A batch of the data that the run trained on."""
    from tf_consensus.experiments.image_runs import make_data
    from tf_consensus.experiments.measured_spectrum import points_batch

    if run.kind == "points":
        return points_batch(run.settings, values.batch_size, values.seed)
    settings = {**run.settings, "batch_size": values.batch_size}
    return next(iter(make_data(settings, values.seed, 0, values.data_dir, False)))

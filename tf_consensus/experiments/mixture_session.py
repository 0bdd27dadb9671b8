"""Claims the folder of all runs of `mixture_of_gaussians.py`, trains them, and reports."""

import pathlib
import sys
from typing import Any

from tf_consensus.callbacks import DivergedError
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.finished import finished, results_of, train_rest, write_results
from tf_consensus.experiments.mixture_pictures import draw
from tf_consensus.experiments.mixture_runs import EXAMPLE, modes
from tf_consensus.experiments.mixture_training import EXTENSIBLE, run_folder, train
from tf_consensus.experiments.pages import write_pages
from tf_consensus.experiments.point_request import PointRequest
from tf_consensus.experiments.settings import claim, versions


def train_and_report(request: PointRequest) -> bool:
    """Train all runs in the folder of results, which this process locks.

    Returns:
        Whether all are finished: `False` after Ctrl-C.

    Raises:
        RunError: If the folder holds other runs, or a file of a run is damaged.
        SystemExit: If a run has diverged.
    """
    settings, output = request.settings, request.output
    claim(
        output,
        settings | {"example": EXAMPLE, "versions": versions()},
        resume=request.resume,
        backups=list(output.glob("*/backup")),
        may_change=lambda before, now: EXTENSIBLE,
    )
    complete = _train_all(request)
    _print_table(_write_report(request), len(modes(settings)))
    print(f"results in {output}/")
    return complete


def _train_all(request):
    def is_finished(run):
        return _is_finished(run_folder(request.shared, *run))

    def begin(title, run):
        print(f"{title}: {request.settings['steps']} steps", flush=True)
        try:
            method, seed = run
            train(method, seed, request)
        except DivergedError as error:
            sys.exit(f"{title}: {error}")

    titled = [(f"{method}, seed {seed}", (method, seed)) for seed, method in _order(request)]
    return train_rest(titled, is_finished, begin)


def _order(request):
    """The runs seed by seed, so that those finished early are comparable."""
    settings = request.settings
    return [(seed, method) for seed in settings["seeds"] for method in settings["optimizer"]]


def _is_finished(folder: pathlib.Path) -> bool:
    """Whether the run has a result, and its model is whole."""
    found = finished(folder)
    if found is not None and found.damaged:
        raise RunError(
            f"The files of a finished run must be those that were written. Received: {folder} with "
            f"{', '.join(found.damaged)}, damaged. Restore them, or delete the folder to train "
            "again."
        )
    return found is not None


def _write_report(request) -> list[dict[str, Any]]:
    """Write results.json, pictures and pages from what is finished; returns the results."""
    settings, output = request.settings, request.output
    methods, seeds = settings["optimizer"], settings["seeds"]
    runs = results_of(run_folder(output, method, seed) for method in methods for seed in seeds)
    write_results(output, runs, settings)
    if runs:
        draw(settings, output, {run["method"]: run["seed"] for run in reversed(runs)})
    write_pages(
        output,
        {f"seed{seed}": [run_folder(output, method, seed) for method in methods] for seed in seeds},
    )
    return runs


def _print_table(runs, number):
    """Print one line per run; the target has `number` modes."""
    print(f"\n{'method':14}{'seed':>5}{'modes':>7}{'3 sigma':>9}{'0.05':>8}{'seconds':>9}")
    for run in runs:
        print(
            f"{run['method']:14}{run['seed']:5}{run['modes_covered']:4}/{number:<2}"
            f"{run['within_3_sigma']:9.1%}{run['within_0.05']:8.1%}{run['train_seconds']:9.1f}"
        )

"""Claims the folder of all runs of `toy_2d.py`, trains them, and reports."""

import pathlib

from tf_consensus.experiments.finished import finished, results_of, train_rest, write_results
from tf_consensus.experiments.pages import write_pages
from tf_consensus.experiments.point_request import PointRequest
from tf_consensus.experiments.result import read_result
from tf_consensus.experiments.settings import claim, versions
from tf_consensus.experiments.toy_pictures import draw
from tf_consensus.experiments.toy_results import floors, print_table, summarize
from tf_consensus.experiments.toy_runs import (
    EXAMPLE,
    EXTENSIBLE,
    METHODS,
    Trainer,
    make_trainer,
    runs_of,
)
from tf_consensus.experiments.toy_training import train


def train_and_report(request: PointRequest) -> bool:
    """Train all runs in the folder of results, which this process locks.

    Returns:
        Whether all are finished: `False` after Ctrl-C.

    Raises:
        RunError: If the folder holds other runs, or a file of a run is damaged.
    """
    claim(
        request.output,
        request.settings | {"example": EXAMPLE, "versions": versions()},
        resume=request.resume,
        may_change=lambda before, now: EXTENSIBLE,
    )
    complete = _train_all(request)
    _write_report(request)
    print(f"results in {request.output}/")
    return complete


def _train_all(request):
    runs, trainers = runs_of(request.settings), _Trainers(request)
    titled = [
        (f"[{number}/{len(runs)}] {run.method}, {run.target}, seed {run.seed}", run)
        for number, run in enumerate(runs, 1)
    ]

    def begin(title, run):
        result = train(trainers.of(run.method), run, request)
        distance, seconds = float(result["final"]), result["seconds"]
        print(f"{title}: distance {distance:.3f}, {seconds:.1f} s", flush=True)

    return train_rest(titled, lambda run: _is_finished(run.folder(request.shared)), begin)


class _Trainers:
    """The models of the methods, each made when it is first asked for."""

    def __init__(self, request):
        self.request = request
        self.made: dict[str, Trainer] = {}

    def of(self, method):
        if method not in self.made:
            with self.request.strategy.scope():
                self.made[method] = make_trainer(METHODS[method], self.request.settings)
        return self.made[method]


def _is_finished(folder: pathlib.Path) -> bool:
    """Whether the run has a result, and its files are whole; else it is trained again."""
    found = finished(folder)
    return found is not None and not found.damaged and (folder / "samples.npy").exists()


def _write_report(request):
    """Write results.json, the pictures, the table and the pages from what is finished."""
    settings, output = request.settings, request.output
    runs = [run for run in runs_of(settings) if read_result(run.folder(output)) is not None]
    results = results_of(run.folder(output) for run in runs)
    floor, summary = floors(settings["target"]), summarize(results, settings)
    write_results(output, results, settings, summary=summary, floor=floor)
    if runs:
        draw(runs, floor, settings, output)
        print_table(summary, floor)
    groups: dict[str, list[pathlib.Path]] = {}
    for run in runs_of(settings):
        groups.setdefault(f"{run.target}-seed{run.seed}", []).append(run.folder(output))
    write_pages(output, groups)

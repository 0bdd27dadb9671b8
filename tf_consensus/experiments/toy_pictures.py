"""The pictures of `toy_2d.py`, and the distances of all runs as a table of numbers."""

import csv
import io
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_consensus import plotting
from tf_consensus.experiments.toy_runs import METHODS, Run, steps_per_epoch, target_sample
from tf_consensus.experiments.toy_training import read_distances
from tf_consensus.plotting.style import words
from tf_consensus.support.files import write_text


def draw(
    runs: Sequence[Run],
    floor: Mapping[str, Mapping[str, float]],
    settings: dict[str, Any],
    output: pathlib.Path,
) -> None:
    """Write wasserstein.csv, wasserstein.png and densities.png.

    Args:
        runs: The runs that are finished.
        floor: The distance of a perfect sample, by target.
        settings: Settings of all runs.
        output: The folder of all results.
    """
    distances = {run: read_distances(run.folder(output)) for run in runs}
    _write_distances(distances, settings, output)
    _draw_distances(distances, floor, settings, output)
    _draw_densities(runs, settings, output)


def _write_distances(distances, settings, output):
    """Write wasserstein.csv, one row per evaluation."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*Run._fields, "step", "wasserstein1"])
    for run, values in distances.items():
        for index, value in enumerate(values, 1):
            writer.writerow([*run, index * steps_per_epoch(settings), value])
    write_text(output / "wasserstein.csv", text.getvalue())


def _draw_distances(distances, floor, settings, output):
    """Draw wasserstein.png, one panel per target."""
    epoch = steps_per_epoch(settings)
    steps = np.arange(epoch, settings["steps"] + 1, epoch)
    panels: dict[str, dict] = {}
    for target in settings["target"]:
        for method in settings["method"]:
            curves = [d for run, d in distances.items() if run[:2] == (method, target)]
            if curves:
                panels.setdefault(words(target), {})[METHODS[method].label] = (steps, curves)
    plotting.seed_curves(
        panels,
        "Wasserstein-1 distance",
        references={
            words(target): floor[target]["mean"]
            for target in settings["target"]
            if words(target) in panels
        },
        reference_label="floor: two samples of the target",
        path=output / "wasserstein.png",
    )


def _draw_densities(runs, settings, output):
    """Draw densities.png for the first seed that is finished."""
    rows: dict[str, dict] = {}
    for run in reversed(runs):
        row = rows.setdefault(METHODS[run.method].label, {})
        row[words(run.target)] = np.load(run.folder(output) / "samples.npy")
    labels = [METHODS[method].label for method in settings["method"]]
    plotting.density_table(
        {label: rows[label] for label in labels if label in rows},
        {words(target): target_sample(target, 0) for target in settings["target"]},
        path=output / "densities.png",
    )

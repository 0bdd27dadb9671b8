"""The pictures of `mixture_of_gaussians.py`: for each method the first seed that is finished."""

import pathlib
from typing import Any

import numpy as np

from tf_consensus import plotting
from tf_consensus.experiments.log import read_log
from tf_consensus.experiments.mixture_runs import steps_per_epoch, target_sample
from tf_consensus.experiments.mixture_training import SAMPLES, run_folder

QUANTITIES = ("discriminator_loss", "generator_loss", "gradient_norm")


def draw(settings: dict[str, Any], output: pathlib.Path, shown: dict[str, int]) -> None:
    """Write figure_2.png, densities.gif and curves.png.

    Args:
        settings: Settings of all runs.
        output: The folder of all results.
        shown: For each method that has one, the seed to show.
    """
    folders = {
        method: run_folder(output, method, shown[method])
        for method in settings["optimizer"]
        if method in shown
    }
    frames = {
        method: {int(path.stem): np.load(path) for path in sorted(folder.glob("samples/*.npy"))}
        for method, folder in folders.items()
    }
    target = target_sample(settings, SAMPLES)
    last, epoch = settings["steps"], steps_per_epoch(settings)
    columns = sorted({0, *(round(last * part / epoch) * epoch for part in (0.25, 0.5, 1.0))})
    plotting.density_grid(
        {method: [samples.get(step) for step in columns] for method, samples in frames.items()},
        [f"{step:,} steps" for step in columns],
        target,
        path=output / "figure_2.png",
    )
    steps = range(0, last + 1, epoch)
    plotting.density_animation(
        {method: [samples.get(step) for step in steps] for method, samples in frames.items()},
        output / "densities.gif",
        [f"{step:,} steps" for step in steps],
        target,
    )
    _draw_curves(settings, output, folders)


def _draw_curves(settings, output, folders):
    """Losses and gradient norm of the runs in `folders`, with the losses at equilibrium."""
    histories = {}
    for method, folder in folders.items():
        log = read_log(folder / "log.csv")
        steps = (log["epoch"] + 1) * steps_per_epoch(settings)
        histories[method] = {quantity: (steps, log[quantity]) for quantity in QUANTITIES}
    references = {"discriminator_loss": 2 * np.log(2), "generator_loss": np.log(2)}
    plotting.training_curves(
        histories,
        list(QUANTITIES),
        step_unit="steps",
        references=references if settings["objective"] == "standard" else None,
        path=output / "curves.png",
    )

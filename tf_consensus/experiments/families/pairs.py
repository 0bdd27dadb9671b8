"""Runs of `Pix2Pix` and `CycleGAN`: their data, networks, pictures and scores."""

from functools import partial

import keras
import numpy as np

from tf_consensus import networks
from tf_consensus.experiments.captions import columns
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.families.game import FamilyRequest, Game, Settings
from tf_consensus.experiments.families.pair_pictures import PairGrid
from tf_consensus.experiments.families.pair_source import (
    SHOWN,
    TRAINED,
    fingerprints,
    settled,
    stream,
)
from tf_consensus.experiments.families.presets import CYCLE
from tf_consensus.experiments.families.step_pictures import StepPictures
from tf_consensus.experiments.image_runs import make_optimizer, make_penalties
from tf_consensus.models.cycle_gan import CycleGAN
from tf_consensus.models.pix2pix import Pix2Pix

__all__ = ["fingerprints", "make_model", "prepare"]

# Images that are not trained on, from which the distance of a trained `Pix2Pix` is taken.
MEASURED = 2000


def prepare(settings: Settings, request: FamilyRequest) -> Game:
    """The game of a run on pairs of images.

    Raises:
        RunError: If the images are not there or have no partners, or fit no networks.
    """
    settings = settled(settings, request.data_dir)
    with of_the_user("--source, --make and the images to make"):
        rows = stream(settings, request, SHOWN, batch_size=settings["samples"], repeat=False)
        sources, targets = next(iter(rows))
    with of_the_user("--image_size, --model, --identity"):
        model = make_model(settings, targets.shape[-1], sources.shape[-1], request.jit)
    grid = PairGrid(sources, targets, back=settings["model"] == CYCLE)
    batches = partial(stream, settings, request, TRAINED, batch_size=settings["batch_size"])
    return Game(
        model,
        lambda start: batches(start=start, flip=settings["flip"]),
        lambda folder: [StepPictures(folder / "samples", grid)],
        lambda trained_model, folder: _scores(trained_model, settings, request),
        captions={"samples": columns(grid.columns)},
    )


def make_model(
    settings: Settings, channels: int, source_channels: int, jit: bool | str | None
) -> keras.Model:
    """The compiled model for images of these channels."""
    size = {"image_size": settings["image_size"], "filters": settings["filters"]}
    seed = settings["seed"]
    there = {"channels": channels, "source_channels": source_channels, "seed": seed, **size}
    back = {"channels": source_channels, "source_channels": channels, "seed": seed + 1, **size}
    shared = {
        "objective": settings["objective"],
        "penalties": make_penalties(settings),
        "seed": seed,
    }
    model: keras.Model
    if settings["model"] == CYCLE:
        (g, d), (f, e) = (
            networks.build("image_to_image", conditional=False, **x) for x in (there, back)
        )
        weights = {key: settings[key] for key in ("cycle", "identity", "pool_size")}
        model = CycleGAN(g, f, d, e, **weights, **shared)
    else:
        generator, discriminator = networks.build("image_to_image", **there)
        weight = settings["reconstruction"]
        model = Pix2Pix(generator, discriminator, reconstruction=weight, **shared)
    model.compile(optimizer=make_optimizer(settings), jit_compile="auto" if jit is None else jit)
    return model


def _scores(model, settings, request):
    """The mean absolute error to images that were not trained on; of `CycleGAN` that of rounds."""
    rows = stream(settings, request, SHOWN, batch_size=settings["batch_size"], repeat=False)
    errors: list[np.ndarray] = []
    for sources, targets in rows.as_numpy_iterator():
        if settings["model"] == CYCLE:
            made = model.translate(model.translate(targets, back=True))
        else:
            made = model.translate(sources)
        errors += list(np.abs(made - targets).mean(axis=(1, 2, 3)))
        if len(errors) >= MEASURED:
            break
    name = "round_trip_error" if settings["model"] == CYCLE else "mean_absolute_error"
    return {name: float(np.mean(errors)), "measured_images": len(errors)}

"""Runs of `Pix2Pix` and `CycleGAN`: their data, networks, pictures and scores."""

from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus import data, networks
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.families.game import FamilyRequest, Game, Settings
from tf_consensus.experiments.families.pair_pictures import PairGrid
from tf_consensus.experiments.families.step_pictures import StepPictures
from tf_consensus.experiments.held_out import FOLDER
from tf_consensus.experiments.image_runs import make_optimizer, make_penalties
from tf_consensus.models.cycle_gan import CycleGAN
from tf_consensus.models.pix2pix import Pix2Pix

# Images that are not trained on, from which the distance of a trained `Pix2Pix` is taken.
MEASURED = 2000
CYCLE = "cycle_gan"


def prepare(settings: Settings, request: FamilyRequest) -> Game:
    """The game of a run on pairs of images.

    Raises:
        RunError: If the images are not there or have no partners, or fit no networks.
    """
    trained, shown = splits(settings)
    with of_the_user("--source, --make and the images to make"):
        rows = _pairs(settings, request, shown, batch_size=settings["samples"], repeat=False)
        sources, targets = next(iter(rows))
    with of_the_user("--image_size, --model, --identity"):
        model = make_model(settings, targets.shape[-1], sources.shape[-1], request.jit)
    grid = PairGrid(sources, targets, back=settings["model"] == CYCLE)
    batches = partial(_pairs, settings, request, trained, batch_size=settings["batch_size"])
    return Game(
        model,
        lambda start: batches(start=start, flip=settings["flip"]),
        lambda folder: [StepPictures(folder / "samples", grid)],
        lambda trained_model, folder: _scores(trained_model, settings, request, shown),
    )


def splits(settings: Settings) -> tuple[str, str]:
    """The splits to train on, and to take pictures and scores of; a folder holds out a tenth."""
    folder = (settings["source"] or settings["dataset"]).startswith(FOLDER)
    trained = settings["split"] or ("rest" if folder else "train")
    return trained, settings["test_split"] or ("held_out" if folder else "test")


def fingerprints(settings: Settings, request: FamilyRequest) -> dict[str, Any]:
    """What tells the images that a run is trained on from others."""
    split, names = splits(settings)[0], {"data": settings["dataset"]}
    if settings["source"]:
        names["source_data"] = settings["source"]
    with of_the_user("--source and the images to make"):
        return {
            key: data.fingerprint(
                name, split, data_dir=None if name.startswith(FOLDER) else request.data_dir
            )
            for key, name in names.items()
        }


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


def _pairs(
    settings: Settings, request: FamilyRequest, split: str, **options: Any
) -> tf.data.Dataset:
    """Batches of (sources, targets)."""
    source = settings["source"]
    return data.image_pairs(
        settings["dataset"],
        source,
        make=settings["make"],
        unpaired=settings["model"] == CYCLE,
        split=split,
        image_size=settings["image_size"],
        channels=settings["channels"],
        source_channels=settings["channels"] if source else None,
        data_dir=request.data_dir,
        cache=request.cache,
        seed=settings["seed"],
        **options,
    )


def _scores(model, settings, request, split):
    """The mean absolute error to images that were not trained on; of `CycleGAN` that of rounds."""
    rows = _pairs(settings, request, split, batch_size=settings["batch_size"], repeat=False)
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

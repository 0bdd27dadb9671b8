"""Pairs of images to train on: the splits and the colours of either side, and their streams."""

from typing import Any

import tensorflow as tf

from tf_consensus import data
from tf_consensus.data.partners import check_kinds, own_dirs
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.families.game import FamilyRequest, Settings
from tf_consensus.experiments.families.presets import CYCLE
from tf_consensus.experiments.held_out import FOLDER
from tf_consensus.experiments.recommended import Pictures, look_at

# The settings that name a split, with what it is of a folder and of a data set if they name none.
TRAINED, SHOWN = "split", "test_split"
_USUAL = {TRAINED: ("rest", "train"), SHOWN: ("held_out", "test")}


def look_at_sides(
    dataset: str, source: str | None, data_dir: str | None
) -> tuple[Pictures | None, Pictures]:
    """What is known about the sources, if they are images of their own, and the images to make.

    Raises:
        RunError: If they are not there.
    """
    of_source, of_target = own_dirs(source, dataset, data_dir)
    with of_the_user("the images to make"):
        targets = look_at(dataset, of_target)
    with of_the_user("--source"):
        return None if source is None else look_at(source, of_source), targets


def check_sides(model: str, dataset: str, source: str | None) -> None:
    """Raise if pairs are asked for of a folder and a data set.

    Raises:
        RunError: If so.
    """
    if source is None or model == CYCLE:
        return
    try:
        check_kinds(source, dataset)
    except ValueError as error:
        raise RunError(
            "Pairs are files of the same names in two folders. Received: "
            f"--source={source} for {dataset}. Name two folders, or train --model={CYCLE}, which "
            "needs no pairs."
        ) from error


def settled(settings: Settings, data_dir: str | None) -> Settings:
    """The settings with the channels of either side, which are those of all of its images.

    Each part of a folder might have other colours than the whole.

    Raises:
        RunError: If the images are not there.
    """
    source, wanted = settings["source"], settings["channels"]
    if wanted is not None:
        own = None if source is None else settings["source_channels"] or wanted
        return settings | {"source_channels": own}
    sources, targets = look_at_sides(settings["dataset"], source, data_dir)
    own = None if sources is None else sources.channels
    return settings | {"channels": targets.channels, "source_channels": own}


def side_splits(settings: Settings, part: str) -> tuple[str, str | None]:
    """The splits of the images to make and, if they have one of their own, of the sources.

    A split that is named is that of the images to make, and of sources of the same kind.

    Args:
        settings: Settings of the run.
        part: `TRAINED` or `SHOWN`.
    """
    target, source = settings["dataset"], settings["source"]
    folder = target.startswith(FOLDER)
    split = settings[part] or _usual(part, folder)
    if source is None or source.startswith(FOLDER) == folder:
        return split, None
    return split, _usual(part, not folder)


def _usual(part, folder):
    of_folder, of_data_set = _USUAL[part]
    return of_folder if folder else of_data_set


def stream(
    settings: Settings, request: FamilyRequest, part: str, **options: Any
) -> tf.data.Dataset:
    """Batches of (sources, targets).

    Args:
        settings: Settings of the run, `settled`.
        request: How it is trained.
        part: `TRAINED` or `SHOWN`.
        **options: Further arguments of `data.image_pairs`.

    Raises:
        ValueError, OSError: As `data.image_pairs`.
    """
    split, source_split = side_splits(settings, part)
    keys = ("make", "image_size", "channels", "source_channels", "seed")
    return data.image_pairs(
        settings["dataset"],
        settings["source"],
        unpaired=settings["model"] == CYCLE,
        split=split,
        source_split=source_split,
        data_dir=request.data_dir,
        cache=request.cache,
        **{key: settings[key] for key in keys},
        **options,
    )


def fingerprints(settings: Settings, request: FamilyRequest) -> dict[str, Any]:
    """What tells the images that a run is trained on from others."""
    split, source_split = side_splits(settings, TRAINED)
    names = {"data": (settings["dataset"], split)}
    if settings["source"]:
        names["source_data"] = settings["source"], source_split or split
    dirs = own_dirs(settings["source"], settings["dataset"], request.data_dir)[::-1]
    with of_the_user("--source and the images to make"):
        return {
            key: data.fingerprint(*named, data_dir=place)
            for (key, named), place in zip(names.items(), dirs, strict=False)
        }

"""Files that the runs of an image task read: pictures, a classifier, statistics of real images."""

import os
import pathlib
import shutil
from typing import Any

import keras

from tf_consensus import data
from tf_consensus.experiments import image_classifier, image_runs
from tf_consensus.experiments.drawn_shapes import SHAPES as KINDS
from tf_consensus.experiments.drawn_shapes import shapes, write
from tf_consensus.experiments.leaderboard.image_parts import (
    classifier_path,
    data_of,
    extractor_of,
    prepared,
    reference_path,
)
from tf_consensus.experiments.leaderboard.jobs import Place
from tf_consensus.experiments.leaderboard.tasks import SHAPES, Task
from tf_consensus.metrics import Reference

# Pictures per part: those to train on, and those to measure by, drawn with another seed.
NUMBERS = {"train": 6000, "test": 2000}
FILTERS, EPOCHS, RATE = 16, 8, 2e-3


def prepare(task: Task, place: Place) -> None:
    """Write the files that are not there yet."""
    if task.kind != "images":
        return
    settings = task.settings
    prepared(place).mkdir(parents=True, exist_ok=True)
    if settings["dataset"] == SHAPES:
        _draw(settings["image_size"], prepared(place) / SHAPES)
    if not classifier_path(settings, place).exists():
        _train_classifier(settings, place)
    path = reference_path(settings, place)
    if not path.exists():
        drawn = settings["dataset"] == SHAPES
        name, split = data_of(settings, place, "test"), "train" if drawn else "test"
        real = image_runs.make_test_data(settings, name, split, place.data_dir, None)
        Reference.of(extractor_of(settings, place), real, split="test").save(path)


def _draw(side: int, folder: pathlib.Path) -> None:
    """Draw the shapes; their folder appears when the last of them is drawn."""
    if folder.exists():
        return
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for seed, (part, number) in enumerate(NUMBERS.items()):
        write(shapes(number, side, seed), partial / part)
    os.replace(partial, folder)


def _train_classifier(settings: dict[str, Any], place: Place) -> None:
    """Train the classifier of the task's training images."""
    name, side = data_of(settings, place), settings["image_size"]
    keras.utils.set_random_seed(0)
    shape = (side, side, settings["channels"])
    classes = data.image_info(name, place.data_dir).num_classes or len(KINDS)
    classifier = image_classifier.make(shape, classes, FILTERS, seed=0)
    options: dict[str, Any] = {"image_size": side, "channels": settings["channels"], "labels": True}
    options |= {"batch_size": 128, "data_dir": place.data_dir}
    steps = int(data.images(name, repeat=False, **options).cardinality())
    batches = data.images(name, seed=0, **options)
    image_classifier.fit(classifier, batches, EPOCHS, steps, RATE, verbose=0)
    image_classifier.save(classifier, classifier_path(settings, place))

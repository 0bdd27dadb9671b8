"""Models, data and metrics of the image tasks."""

import pathlib
from typing import Any

import tensorflow as tf

from tf_consensus.experiments import image_runs
from tf_consensus.experiments.leaderboard.jobs import Job, Place
from tf_consensus.experiments.leaderboard.tasks import SHAPES
from tf_consensus.metrics import Extractor, ImageScores, Reference, load_classifier
from tf_consensus.models.gan import GAN


def images(job: Job, place: Place) -> tuple[GAN, tf.data.Dataset, list[Any]]:
    """The parts of a run on images: model, data, metrics. `image_files` must have prepared them."""
    settings = job.settings() | {"steps": job.task.epoch}
    settings["dataset"] = data_of(settings, place)
    # On a CPU the graph's convolutions are about 20 times as fast as XLA's.
    gan = image_runs.make_gan(settings, job.seed, jit=False)
    data = image_runs.make_data(settings, job.seed, 0, place.data_dir, None)
    reference = Reference.load(reference_path(job.task.settings, place))
    return gan, data, [ImageScores(extractor_of(job.task.settings, place), reference)]


def data_of(settings: dict[str, Any], place: Place, part: str = "train") -> str:
    """The name of a task's data for `data.images`."""
    if settings["dataset"] != SHAPES:
        return settings["dataset"]
    return f"folder:{prepared(place) / SHAPES / part}"


def prepared(place: Place) -> pathlib.Path:
    """The folder of the files that all runs read."""
    return place.output / "prepared"


def reference_path(settings: dict[str, Any], place: Place) -> pathlib.Path:
    """The statistics of a task's test images."""
    return prepared(place) / f"{settings['dataset']}_reference.npz"


def classifier_path(settings: dict[str, Any], place: Place) -> pathlib.Path:
    """The classifier of a task's images."""
    if settings["dataset"] == SHAPES or place.classifier is None:
        return prepared(place) / f"{settings['dataset']}_classifier.keras"
    return pathlib.Path(place.classifier)


def extractor_of(settings: dict[str, Any], place: Place) -> Extractor:
    """The network that scores a task's images."""
    side = settings["image_size"]
    return Extractor(
        load_classifier(classifier_path(settings, place), (side, side, settings["channels"])),
        name=f"classifier of {settings['dataset']}",
        weights="train_classifier.py",
    )

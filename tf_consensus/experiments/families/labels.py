"""Runs of GANs with labels, and of `InfoGAN`: their networks, pictures and scores."""

import pathlib
from functools import partial
from typing import Any

import keras
import numpy as np

from tf_consensus import data, networks
from tf_consensus.experiments.captions import rows, rows_of_classes
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.families.agreement import classifier_of, one_to_one, share_found
from tf_consensus.experiments.families.game import FamilyRequest, Game, Settings
from tf_consensus.experiments.families.step_pictures import StepPictures
from tf_consensus.experiments.image_runs import make_optimizer, make_penalties
from tf_consensus.models.acgan import ACGAN
from tf_consensus.models.gan import GAN
from tf_consensus.models.info_gan import InfoGAN
from tf_consensus.plotting import image_grid

# What the discriminator of each model has; "logits" is `GAN`'s one logit per class.
HEADS = {"logits": None, "projection": "projection", "acgan": "auxiliary", "infogan": "features"}
CODES = "infogan"
# The continuous codes of an `InfoGAN`, beside the categorical one.
CONTINUOUS = 1
# Rows of a picture, one per class, and images in each.
_ROWS, _COLUMNS = 20, 8


def prepare(settings: Settings, request: FamilyRequest) -> Game:
    """The game of a run on images, with labels or with codes.

    Raises:
        RunError: If the images or their labels are not there, or fit no networks; or the classifier
            is one of other images or classes.
    """
    classifier = None
    if request.classifier is not None:
        shape = (settings["image_size"], settings["image_size"], settings["channels"])
        known = None if settings["model"] == CODES else settings["num_classes"]
        classifier = classifier_of(request.classifier, shape, known)
    with of_the_user("--network and the sizes"):
        model = make_model(settings, request.jit)
    size = {key: settings[key] for key in ("image_size", "channels", "batch_size", "flip", "seed")}
    place: dict[str, Any] = {"data_dir": request.data_dir, "cache": request.cache}
    labels = settings["model"] != CODES
    draw = partial(_draw, settings)

    def stream(start):
        with of_the_user("the images, --data_dir and --cache"):
            return data.images(settings["dataset"], labels=labels, start=start, **size, **place)

    return Game(
        model,
        stream,
        lambda folder: [StepPictures(folder / "samples", draw)],
        partial(_scores, settings, classifier),
        captions={"samples": _rows_of(settings)},
    )


def fingerprints(settings: Settings, request: FamilyRequest) -> dict[str, Any]:
    """What tells the images that a run is trained on from others."""
    with of_the_user("the images and --data_dir"):
        return {"data": data.fingerprint(settings["dataset"], data_dir=request.data_dir)}


def make_model(settings: Settings, jit: bool | str | None) -> keras.Model:
    """The compiled model."""
    name, seed, classes = settings["model"], settings["seed"], settings["num_classes"]
    codes = classes + CONTINUOUS if name == CODES else 0
    size = {key: settings[key] for key in ("image_size", "channels", "filters")}
    generator, discriminator = networks.build(
        settings["network"],
        latent_dim=settings["latent_dim"] + codes,
        num_classes=None if codes else classes,
        head=HEADS[name],
        seed=seed,
        **size,
    )
    shared = {
        "objective": settings["objective"],
        "penalties": make_penalties(settings),
        "seed": seed,
    }
    model: keras.Model
    if name == CODES:
        recognizer = _recognizer(discriminator, classes, seed)
        sizes: dict[str, Any] = {"categorical": [classes], "continuous": CONTINUOUS}
        model = InfoGAN(generator, discriminator, recognizer, **sizes, **shared)
    elif name == "acgan":
        model = ACGAN(generator, discriminator, **shared)
    else:
        model = GAN(generator, discriminator, num_classes=classes, **shared)
    model.compile(optimizer=make_optimizer(settings), jit_compile="auto" if jit is None else jit)
    return model


def make_images(model: keras.Model, classes: np.ndarray, seed: int) -> np.ndarray:
    """Images of these classes, or of these values of an `InfoGAN`'s categorical code."""
    if model.num_classes is not None:
        return model.generate(len(classes), seed=seed, labels=classes)
    uniform = np.random.default_rng(seed).uniform(-1.0, 1.0, len(classes))
    return model.generate(len(classes), seed=seed, codes=np.stack([classes, uniform], axis=1))


def _recognizer(discriminator, classes, seed):
    """A head on the discriminator's body."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    (_, width) = discriminator.output_shape[1]
    return keras.Sequential(
        [
            keras.Input((width,)),
            layers.Dense(64),
            layers.LeakyReLU(0.2),
            layers.Dense(classes + CONTINUOUS),
        ]
    )


def _rows_of(settings):
    """The names of the rows of a picture."""
    classes, number = settings["num_classes"], min(settings["num_classes"], _ROWS)
    if settings["model"] == CODES:
        return rows([f"value {k} of the code" for k in range(number)])
    return rows_of_classes(settings["dataset"], classes, number)


def _draw(settings: Settings, model: keras.Model, path: pathlib.Path) -> None:
    """One row of images per class."""
    classes = np.repeat(np.arange(min(settings["num_classes"], _ROWS)), _COLUMNS)
    image_grid(make_images(model, classes, settings["seed"]), path, columns=_COLUMNS)


def _scores(settings, classifier, model, folder):
    """The share of images in their class; for a code that of the best one-to-one assignment."""
    del folder
    if classifier is None:
        return {}
    number = settings["num_classes"]
    classes = np.arange(settings["samples"]) % number
    images = make_images(model, classes, settings["seed"])
    with of_the_user("--classifier"):
        found = classifier.predict(images, verbose=0).argmax(axis=1)
    if settings["model"] != CODES:
        return {"agreement": share_found(classes, found)}
    share, kinds = one_to_one(classes, found, number, classifier.output_shape[-1])
    return {"agreement": share, "classes_of_the_code": kinds}

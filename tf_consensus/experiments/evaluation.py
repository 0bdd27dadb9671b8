"""Scores a run, or a folder of images, against real images."""

import dataclasses
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from tf_consensus.data import image_info
from tf_consensus.data.image_folder import folder_sides
from tf_consensus.experiments import generation
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.progress import with_progress
from tf_consensus.experiments.saved_run import Opened
from tf_consensus.experiments.shuffled_images import ShuffledImages
from tf_consensus.metrics import Extractor, ImageScores, Reference, inception, load_classifier
from tf_consensus.metrics.image_network import ImageNetwork

_INCEPTION_SIDE = 299
# The default number of images to evaluate.
_USUAL = 10_000


@dataclasses.dataclass(frozen=True)
class Images:
    """Existing images: a split of a data set or of a folder.

    Attributes:
        name: As for `data.images`.
        split: As for `data.images`.
        crop: Side of the centre crop; `None` for the usual one.
        data_dir: Folder of the data set; `None` for the usual place.
        cache: As for `data.images`.
    """

    name: str
    split: str = "train"
    crop: int | None = None
    data_dir: str | None = None
    cache: str | None = None

    def open(self, side: int, channels: int) -> ShuffledImages:
        """The images in a shuffled order."""
        place: dict[str, Any] = {"crop": self.crop, "data_dir": self.data_dir, "cache": self.cache}
        return ShuffledImages(self.name, self.split, side, channels, **place)

    def side(self) -> int | None:
        """The side of all images, as far as is looked; `None` unless they are squares of one size.

        Raises:
            ValueError, OSError: If there are none.
        """
        if self.name.startswith("folder:"):
            found = {tuple(x) for x in folder_sides(self.name.removeprefix("folder:")).tolist()}
        else:
            found = {image_info(self.name, self.data_dir).image_size}
        size = found.pop() if len(found) == 1 else None
        return size[0] if size is not None and size[0] == size[1] else None


@dataclasses.dataclass(frozen=True)
class Options:
    """How to score.

    Attributes:
        classifier: A Keras classifier's file, or `None`.
        inception: The reference Inception network's file, or `None`.
        n: Number of images to evaluate; `None`: 10,000, or as many as there are.
        image_size: Side to compare images at; `None`: their own, else the network's.
        batch_size: Number of images at a time.
        splits: Parts of the images whose scores are averaged.
        kid: Whether to measure the kernel distance too.
        precision_recall: Whether to measure precision and recall too.
        seed: Seed of generated images.
        averaged: Whether generated images are of the averaged weights.
    """

    classifier: str | None
    inception: str | None
    n: int | None = None
    image_size: int | None = None
    batch_size: int = 64
    splits: int = 10
    kid: bool = False
    precision_recall: bool = False
    seed: int = 0
    averaged: bool = True


def evaluate(target: Opened | Images, real: Images, options: Options) -> dict[str, Any]:
    """Score a run, or images, against real images.

    Returns:
        "scores", numbers by name; "directions", the better end of each; "evaluated" and "real",
        how many images; "side", at which they were compared; and the network's description.

    Raises:
        RunError: If images, network and numbers do not fit each other.
        ValueError, OSError: If images or a file cannot be read.
    """
    classifier = None
    if options.inception is None:
        with of_the_user("--classifier"):
            classifier = load_classifier(options.classifier)  # type: ignore[arg-type]
    network_side, channels = _input_of(classifier, options)
    side, channels = _compared_at(target, options, network_side, channels)
    extractor = _extractor(classifier, options, side, network_side)
    n, batches = _evaluated(target, options, side, channels)
    _check_number(n, options)
    with of_the_user("--against"):
        reals = real.open(side, channels)
    print(f"{len(reals):,} real images of {real.name}, {real.split}, at {side}² pixels", flush=True)
    seen = with_progress(reals.batches(None, options.batch_size), len(reals), "real images")
    reference = Reference.of(extractor, seen, split=real.split)
    scores = ImageScores(
        extractor, reference, options.splits, options.kid, options.precision_recall
    )
    for batch in with_progress(batches, n, "evaluated images"):
        scores.update_state(batch)
    found = {key: float(value) for key, value in scores.result().items()}
    about = {"evaluated": n, "real": len(reals), "side": side, "description": scores.description()}
    return {"scores": found, "directions": scores.directions, **about}


def _input_of(classifier, options):
    """Side (`None` for any) and channels of the network's images."""
    if classifier is None:
        return _INCEPTION_SIDE, 3
    with of_the_user("--classifier"):
        height, width, channels = classifier.input_shape[1:]
    if height != width or channels not in (1, 3):
        raise RunError(
            "--classifier must take square images of 1 or 3 channels. Received: "
            f"{options.classifier}, which takes {(height, width, channels)}. Train another."
        )
    return height, channels


def _compared_at(target, options, network_side, channels):
    """The side and the channels to which both kinds of images are converted."""
    if isinstance(target, Images):
        side = options.image_size or target.side() or network_side
        if side is None:
            raise RunError(
                "Images of several sizes need one size for the comparison. Received: a classifier "
                f"of any size, and {target.name}. Pass --image_size."
            )
        return side, channels
    shape = tuple(target.generator.output_shape[1:])
    if len(shape) != 3 or shape[0] != shape[1] or shape[2] not in (1, 3):
        raise RunError(
            "Scores of images need a generator of square images of 1 or 3 channels. Received: "
            f"samples of shape {shape}. Name a run on images."
        )
    if options.image_size not in (None, shape[0]):
        raise RunError(
            "--image_size is for folders; generated images have their own. Received: "
            f"--image_size={options.image_size} for images of side {shape[0]}. Leave it out."
        )
    if channels < shape[2]:
        raise RunError(
            "A network of grey images cannot score colours. Received: generated images of "
            f"{shape[2]} channels, and {options.classifier}, which takes 1. Train a classifier of "
            "colour images."
        )
    return shape[0], shape[2]


def _extractor(classifier, options, side, network_side) -> ImageNetwork:
    if classifier is None:
        with of_the_user("--inception"):
            return inception.frozen_inception(options.inception)
    name = pathlib.Path(options.classifier).name
    resize = None if network_side in (None, side) else network_side
    with of_the_user("--classifier"):
        return Extractor(classifier, name=f"classifier {name}", weights=name, image_size=resize)


def _evaluated(target, options, side, channels) -> tuple[int, Iterable[np.ndarray]]:
    """The number of images to evaluate, and their batches."""
    if isinstance(target, Images):
        images = target.open(side, channels)
        n = min(len(images), _USUAL) if options.n is None else options.n
        if n > len(images):
            raise RunError(
                f"--n must be at most the number of images. Received: --n={n} for "
                f"{len(images)} in {target.name}. Leave it out to take all."
            )
        print(f"{n:,} of {len(images):,} images of {target.name}", flush=True)
        return n, images.batches(n, options.batch_size)
    n = options.n or _USUAL
    latents = generation.draw_latents(target, n, options.seed)
    labels = None
    if target.num_classes is not None:
        labels = generation.draw_labels(target, n, options.seed, None)
    print(f"{n:,} images of {target.source}, seed {options.seed}", flush=True)
    return n, generation.batches_of_samples(
        target, latents, labels, options.batch_size, options.averaged
    )


def _check_number(n, options):
    least = max(2, options.splits, 4 if options.precision_recall else 2)
    if n < least:
        raise RunError(
            f"Scores of {options.splits} splits need at least {least} images. Received: {n}. Take "
            "more images, or pass --splits=1."
        )


def table(found: dict[str, Any]) -> str:
    """The scores, one per line: name, value with its deviation, and which end is better."""
    lines, ends = [], {"up": "higher is better", "down": "lower is better"}
    for key, value in found["scores"].items():
        if key.endswith("_std") and key.removesuffix("_std") in found["scores"]:
            continue
        std = found["scores"].get(f"{key}_std")
        number = f"{value:.4g}" + (f" ± {std:.2g}" if std is not None else "")
        lines.append(f"{key:18} {number:18} {ends[found['directions'][key]]}")
    return "\n".join(lines)

"""Scores a run, or a folder of images, against real images."""

import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from tf_consensus.experiments import generation
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.evaluated import Images, Options
from tf_consensus.experiments.progress import with_progress
from tf_consensus.experiments.reference_files import load_inception, load_reference_file
from tf_consensus.experiments.saved_run import Opened
from tf_consensus.metrics import Extractor, ImageScores, Reference, load_classifier
from tf_consensus.metrics.image_network import ImageNetwork

_INCEPTION_SIDE = 299
# The default number of images to evaluate.
_USUAL = 10_000


def evaluate(target: Opened | Images, real: Images | str, options: Options) -> dict[str, Any]:
    """Score a run, or images, against real images.

    Args:
        target: The run, or images.
        real: The real images, or the file of their statistics.
        options: How to score.

    Returns:
        "scores", numbers by name; "directions", the better end of each; "evaluated" and "real",
        how many images, "real" `None` if the file does not say; "side", at which they were
        compared; "fid_tool", the tool that the Inception's treatment of images follows; and the
        network's description.

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
    reference = _reference(real, extractor, options, side, channels)
    asked = ("splits", "kid", "precision_recall", "density_coverage")
    scores = ImageScores(extractor, reference, **{key: getattr(options, key) for key in asked})
    for batch in with_progress(batches, n, "evaluated images"):
        scores.update_state(batch)
    found = {key: float(value) for key, value in scores.result().items()}
    about = {"evaluated": n, "real": reference.n_real, "side": side, "fid_tool": extractor.tool}
    about["description"] = scores.description()
    return {"scores": found, "directions": scores.directions, **about}


def _reference(real, extractor, options, side, channels) -> Reference:
    """The statistics of the real images."""
    if isinstance(real, str):
        with of_the_user("--reference"):
            return load_reference_file(real, extractor, options.fid_tool)
    with of_the_user("--against"):
        reals = real.open(side, channels)
    print(f"{len(reals):,} real images of {real.name}, {real.split}, at {side}² pixels", flush=True)
    seen = with_progress(reals.batches(None, options.batch_size), len(reals), "real images")
    return Reference.of(extractor, seen, split=real.split)


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
            return load_inception(options.inception, options.fid_tool)
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
    if found["fid_tool"] is not None and "frechet_distance" in found["scores"]:
        lines.append(f"frechet_distance is comparable with the FIDs of {found['fid_tool']} alone")
    return "\n".join(lines)

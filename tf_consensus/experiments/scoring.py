"""The scores of generated images that a request asks for."""

import sys
from typing import Any

from tf_consensus.data.stacked_images import is_stacked
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.image_runs import make_test_data
from tf_consensus.experiments.reference_files import load_inception, load_reference_file
from tf_consensus.experiments.request import Request
from tf_consensus.metrics import Extractor, ImageScores, Reference, StackedModes, load_classifier
from tf_consensus.metrics.image_network import ImageNetwork


def make_scores(request: Request) -> list[Any]:
    """The metrics of generated images; an empty list if the request names no network to score by.

    A classifier counts the modes of stacked images, which are of grey ones.

    Raises:
        RunError: If a file that it names is not of the right kind.
    """
    if not request.scored:
        print("no scores: pass --classifier or --inception to get some")
        return []
    run = request.runs[0]
    extractor = make_extractor(request, run)
    if _counts_modes(request, run):
        with of_the_user("--classifier"):
            return [StackedModes(extractor)]
    with of_the_user("--reference, --dataset and --test_split"):
        return [ImageScores(extractor, load_reference(request, run, extractor))]


def make_extractor(request: Request, run: dict[str, Any]) -> ImageNetwork:
    """The network whose features and classes give the scores.

    Raises:
        RunError: If its file is not of the right kind.
    """
    if request.inception is not None:
        with of_the_user("--inception"):
            return load_inception(request.inception, request.fid_tool)
    channels = 1 if _counts_modes(request, run) else run["channels"]
    shape = (run["image_size"], run["image_size"], channels)
    with of_the_user("--classifier"):
        return Extractor(
            load_classifier(request.classifier, shape),  # type: ignore[arg-type]
            name=f"classifier of {run['dataset']}",
            weights="train_classifier.py",
        )


def _counts_modes(request, run):
    return request.inception is None and is_stacked(run["dataset"])


def load_reference(request: Request, run: dict[str, Any], extractor: ImageNetwork) -> Reference:
    """Statistics of the real images: from the flag's file, from an earlier run, or new ones."""
    path = request.output / "reference.npz"
    if request.reference is not None:
        return load_reference_file(request.reference, extractor, request.fid_tool)
    if request.resume and path.exists():
        try:
            return Reference.load(path)
        except (ValueError, OSError):
            print(f"{path} is damaged: its statistics are computed again", file=sys.stderr)
    dataset, split = request.test
    print(f"computing statistics of the {split} images of {dataset}", flush=True)
    real = make_test_data(run, dataset, split, request.data_dir, request.cache)
    reference = Reference.of(extractor, real, split=split)
    reference.save(path)
    return reference

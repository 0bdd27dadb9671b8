"""How well a classifier finds again what images were made for: a class, or a value of a code."""

import pathlib

import keras
import numpy as np
import scipy

from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.metrics import load_classifier


def classifier_of(
    path: str, image_shape: tuple[int, int, int], num_classes: int | None
) -> keras.Model:
    """The classifier in a file, if it takes these images and knows these classes.

    Args:
        path: A .keras file.
        image_shape: (height, width, channels) of the images.
        num_classes: How many classes they have; `None` if any will do.

    Raises:
        RunError: If it is no classifier of them.
        OSError: If there is no such file.
    """
    with of_the_user("--classifier"):
        classifier = load_classifier(path, image_shape)
    known = classifier.output_shape[-1]
    if num_classes not in (None, known):
        raise RunError(
            "--classifier must know the classes of the images. Received: "
            f"{pathlib.Path(path).name} of {known} classes, for images of {num_classes}. Train one "
            "on these classes, or leave it out."
        )
    return classifier


def share_found(made: np.ndarray, found: np.ndarray) -> float:
    """The share of images in which the class that they were made for is found."""
    return float((found == made).mean())


def one_to_one(
    codes: np.ndarray, found: np.ndarray, values: int, classes: int
) -> tuple[float, list[int | None]]:
    """The share of images in the class that stands for their value of a code.

    The share is the largest that any assignment of values to classes has in which no two values
    stand for one class: max_π Σ_k n(k, π(k))/N, with n(k, c) images of value k in class c. If all
    images are in one class, it is the share of the most frequent value, 1/K for K values, not 1.

    Args:
        codes: (N,) the value that each image was made for, from 0 to values - 1.
        found: (N,) the class that is found in it, from 0 to classes - 1.
        values: How many values there are.
        classes: How many classes there are.

    Returns:
        The share, and the class of each value; `None` for values that no class is left for.
    """
    counts = np.zeros((values, classes), int)
    np.add.at(counts, (codes, found), 1)
    pairs = dict(
        zip(*map(np.ndarray.tolist, scipy.optimize.linear_sum_assignment(-counts)), strict=True)
    )
    share = sum(counts[pair] for pair in pairs.items()) / len(codes)
    return float(share), [pairs.get(value) for value in range(values)]

"""Directional derivatives by central differences, and when they say something."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

Arrays = list[np.ndarray]  # one per variable


class Precision(NamedTuple):
    """How finite differences are taken in a floating type.

    Attributes:
        steps: the steps h: the first for all, the others where it does not agree.
        tolerance: largest error of a directional derivative, relative to its expected size.
        floor: the least that counts as that size, relative to losses and field themselves.
        repeatable: largest relative difference between two evaluations at one point.
    """

    steps: tuple[float, ...]
    tolerance: float
    floor: float
    repeatable: float


# Measured over the networks of this package, right derivatives differ by up to 1e-6 at the first
# step in float64, and by up to 2e-3 in float32 with smooth rectifiers. Steps of float64 are small
# since the field of a network of rectifiers jumps.
PRECISIONS = {
    tf.float64: Precision((1e-8, 1e-7, 3e-9, 1e-9), 3e-5, 1e-4, 1e-9),
    tf.float32: Precision((3e-3, 5e-3, 2e-3, 1e-3), 5e-3, 1e-2, 1e-4),
}


class Expected(NamedTuple):
    """Directional derivatives along z: of u·v for every player's u, and of the mover's loss.

    Attributes:
        player: who moves.
        z: the direction.
        values: what TensorFlow's derivatives say, one for each u, the loss's last.
        sizes: how large they would be for a typical z.
        least: what counts as 0 in them.
    """

    player: int
    z: Arrays
    values: np.ndarray
    sizes: np.ndarray
    least: np.ndarray


class Found(NamedTuple):
    """A derivative that differs from its central differences; the largest is reported.

    Attributes:
        is_first: whether it is the gradient of a loss, which is wrong before all else.
        error: the relative error.
        target: which of the derivatives it is, as in `Expected`.
        player: who moved.
        h: the step that it was seen with.
    """

    is_first: bool
    error: float
    target: int
    player: int
    h: float


def errors_of(row: np.ndarray, expected: Expected) -> np.ndarray:
    """Relative errors of what TensorFlow says, against measured derivatives.

    Args:
        row: the derivatives by differences, in the order of `expected.values`.
        expected: what TensorFlow says.

    Returns:
        Array of the shape of `row`.
    """
    return np.abs(row - expected.values) / np.maximum(expected.sizes, np.abs(row))


def converged(values: Sequence[float], expected: Expected, target: int) -> int | None:
    """Number of the middle of three neighbouring steps that agree far better than with TensorFlow.

    Differences of a field that jumps, or in too low a precision, scatter, and say nothing.

    Args:
        values: one derivative by differences with each step, in the order of the steps.
        expected: what TensorFlow says.
        target: which of the derivatives it is.
    """
    found = []
    for middle in range(1, len(values) - 1):
        spread = np.ptp(values[middle - 1 : middle + 2])
        gap = abs(values[middle] - expected.values[target])
        scatter = max(0.1 * abs(values[middle]), expected.least[target])
        if spread <= min(0.1 * gap, scatter):
            found.append((spread, middle))
    return min(found)[1] if found else None

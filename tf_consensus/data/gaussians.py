"""Mixtures of Gaussians in the plane: a ring of modes and a square grid of modes."""

import math

import numpy as np
import tensorflow as tf

from tf_consensus.data.arguments import (
    MOST_MODES,
    check_below,
    check_length,
    check_points,
)
from tf_consensus.data.stream import BLOCK, draw_seed, resumable
from tf_consensus.support.checks import check_bool


def ring_modes(modes: int = 8, radius: float = 1.0) -> np.ndarray:
    """Return the centres radius · (cos 2πj/k, sin 2πj/k), j = 0 … k - 1.

    Args:
        modes: Number k of centres.
        radius: Their distance from the origin.

    Returns:
        Array of shape (modes, 2), float32, counter-clockwise from (radius, 0).

    Raises:
        ValueError: If `modes` is not an integer from 1 to 2²⁰, or `radius` is not finite and
            positive, or not within 1e-18 to 1e18.

    Example:
        >>> ring_modes(modes=8).shape
        (8, 2)
    """
    modes = check_below("modes", modes, 1, MOST_MODES)
    radius = check_length("radius", radius, zero=False)
    angles = 2 * np.pi * np.arange(modes) / modes
    return (radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(np.float32)


def grid_modes(side: int = 5, spacing: float = 0.5) -> np.ndarray:
    """Return the centres spacing · (i, j), i and j in -(side - 1)/2 … (side - 1)/2.

    The grid reaches from -spacing · (side - 1)/2 to its negative: exactly [-1, 1]² by default.

    Args:
        side: Centres along each axis.
        spacing: Distance between neighbours.

    Returns:
        Array of shape (side², 2), float32, row by row from the lower left corner.

    Raises:
        ValueError: If `side` is not an integer from 1 to 2¹⁰, or `spacing` is not finite and
            positive, or not within 1e-18 to 1e18.

    Example:
        >>> grid_modes(side=2, spacing=2.0).tolist()
        [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]
    """
    side = check_below("side", side, 1, math.isqrt(MOST_MODES))
    axis = (np.arange(side) - (side - 1) / 2) * check_length("spacing", spacing, zero=False)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype(np.float32)


def mixture_of_gaussians(
    batch_size: int = 512,
    modes: int = 8,
    radius: float = 1.0,
    stddev: float = 0.01,
    seed: int | None = None,
    start: int | tf.Variable = 0,
    balanced: bool = True,
) -> tf.data.Dataset:
    """Stream batches of N(c, stddev² I), with the centres c on a circle: `ring_modes`.

    Point i of batch b belongs to mode (b · batch_size + i) mod k: counts in a batch differ by at
    most one and even out over batches. With `balanced=False` each point's mode is drawn instead, so
    the points are independent, as Lemma 15 (`debias=` of the optimizers) requires.

    Batch b is a function of the seed and b alone (and of the other arguments), so a run resumes
    where it stopped: `mixture_of_gaussians(seed=0, start=gan.optimizer.iterations)`.

    Args:
        batch_size: Points in a batch.
        modes: Number k of modes.
        radius: Distance of the modes from the origin.
        stddev: Standard deviation of a mode along each axis; 0 gives the centres themselves.
        seed: Determines the stream; None draws one now, the same for every iteration.
        start: Number of the first batch, or an integer variable holding it, which is read
            whenever an iteration starts.
        balanced: True for equal counts of the modes, False for independent modes of the points.

    Returns:
        An infinite dataset of float32 tensors of static shape (batch_size, 2).

    Raises:
        ValueError: If a count is not a positive integer, `radius` is not finite and positive,
            `stddev` is not finite and non-negative, `seed` is not an integer, `start` is
            neither a non-negative integer nor a scalar integer variable, or one of them is too
            large: see `arguments`.

    Example:
        >>> for batch in mixture_of_gaussians(batch_size=64, seed=0).take(1):
        ...     print(batch.shape)
        (64, 2)
    """
    return _mixture(ring_modes(modes, radius), batch_size, stddev, seed, start, balanced)


def grid_of_gaussians(
    batch_size: int = 512,
    side: int = 5,
    spacing: float = 0.5,
    stddev: float = 0.01,
    seed: int | None = None,
    start: int | tf.Variable = 0,
    balanced: bool = True,
) -> tf.data.Dataset:
    """Stream batches of N(c, stddev² I), with the centres c on a square grid: `grid_modes`.

    The centres fill [-1, 1]² by default. Counts, `balanced`, seeding and resuming are as in
    `mixture_of_gaussians`.

    Args:
        batch_size: Points in a batch.
        side: Modes along each axis; there are side² in all.
        spacing: Distance between neighbouring modes.
        stddev: Standard deviation of a mode along each axis; 0 gives the centres themselves.
        seed: Determines the stream; None draws one now, the same for every iteration.
        start: Number of the first batch, or an integer variable holding it, which is read
            whenever an iteration starts.
        balanced: True for equal counts of the modes, False for independent modes of the points.

    Returns:
        An infinite dataset of float32 tensors of static shape (batch_size, 2).

    Raises:
        ValueError: As `mixture_of_gaussians`, with `side` and `spacing` for `modes`, `radius`.

    Example:
        >>> for batch in grid_of_gaussians(batch_size=50, seed=0).take(1):
        ...     print(batch.shape)
        (50, 2)
    """
    return _mixture(grid_modes(side, spacing), batch_size, stddev, seed, start, balanced)


def _mixture(centres, batch_size, stddev, seed, start, balanced) -> tf.data.Dataset:
    batch_size = check_points(batch_size, BLOCK)
    stddev = check_length("stddev", stddev, zero=True)
    balanced = check_bool("balanced", balanced)
    seed = draw_seed(seed)
    points = BLOCK * batch_size

    def make_block(block):
        key = tf.stack([seed, block])
        # Philox by name, here and below: the default algorithm depends on the device.
        if balanced:
            mode = (block * points + tf.range(points, dtype=tf.int64)) % len(centres)
        else:
            # Two keys are needed: with one key the noise would be a function of the mode.
            drawn, key = tf.unstack(tf.random.split(key, alg="philox"))
            mode = tf.random.stateless_uniform(
                (points,), drawn, maxval=len(centres), dtype=tf.int64, alg="philox"
            )
        noise = tf.random.stateless_normal((points, 2), key, alg="philox")
        return tf.reshape(tf.gather(centres, mode) + stddev * noise, (BLOCK, batch_size, 2))

    return resumable(make_block, start)

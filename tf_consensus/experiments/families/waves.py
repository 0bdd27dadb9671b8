"""Sine waves of known statistics, and how far generated waves are from them.

A wave is x(t) = a sin(2π f t/T + φ) at the times t = 0 … T - 1, with the frequency f uniform on
[1, 4] cycles, the amplitude a uniform on [0.5, 1] and the phase φ uniform on [0, 2π]. Its numbers
are f and a, scaled to [-1, 1].
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.data.arguments import MOST_VALUES, check_below
from tf_consensus.data.stream import BLOCK, resumable
from tf_consensus.experiments.families.sequence_scores import autocovariance

FREQUENCY, AMPLITUDE = (1.0, 4.0), (0.5, 1.0)
_GRID = np.arange(0.25, 8.0, 0.05)


def waves(uniform: tf.Tensor, length: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Waves (n, length, 1) and their numbers (n, 2) from uniform numbers (n, 3)."""
    ends = tf.constant([FREQUENCY, AMPLITUDE, (0.0, 2 * np.pi)])
    f, a, phase = tf.unstack(ends[:, 0] + (ends[:, 1] - ends[:, 0]) * uniform, axis=1)
    times = tf.range(length, dtype=tf.float32) / length
    angles = 2 * np.pi * f[:, None] * times + phase[:, None]
    return (a[:, None] * tf.sin(angles))[..., None], 2 * uniform[:, :2] - 1


def true_waves(number: int, length: int, seed: int) -> np.ndarray:
    """Waves (number, length, 1) that no stream has."""
    uniform = tf.random.stateless_uniform((number, 3), [seed, -1])
    return waves(uniform, length)[0].numpy()


def stream(
    batch_size: int,
    length: int,
    seed: int,
    start: int | tf.Variable = 0,
    numbers: bool = False,
) -> tf.data.Dataset:
    """The endless data set of batches of waves, or of dicts of waves and their numbers.

    Raises:
        ValueError: If a block of batches has more numbers than a tensor may have.
    """
    batch_size = check_below("batch_size", batch_size, 1, MOST_VALUES // (BLOCK * (length + 2)))

    def make_block(block):
        shape = (BLOCK * batch_size, 3)
        made = waves(tf.random.stateless_uniform(shape, [seed, block]), length)
        parts = {"wave": made[0], "numbers": made[1]} if numbers else made[0]
        return tf.nest.map_structure(
            lambda x: tf.reshape(x, (BLOCK, batch_size, *x.shape[1:])), parts
        )

    return resumable(make_block, start)


def fitted(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sine wave that is nearest to each sample.

    Args:
        samples: Array (n, length, 1).

    Returns:
        Frequencies, amplitudes, and the shares of the samples' squares that are no sine; (n,) each.
    """
    x = samples[..., 0].astype("float64")
    angles = 2 * np.pi * _GRID[:, None] * np.arange(x.shape[1]) / x.shape[1]
    bases, scales = np.linalg.qr(np.stack([np.cos(angles), np.sin(angles)], axis=-1))
    places = np.einsum("ftk,nt->nfk", bases, x)
    power = (places**2).sum(axis=-1)
    best, rows = power.argmax(axis=1), np.arange(len(x))
    coordinates = np.linalg.solve(scales[best], places[rows, best][..., None])
    squares = (x**2).sum(axis=1)
    rest = 1 - power[rows, best] / np.where(squares > 0, squares, 1)
    return _GRID[best], np.linalg.norm(coordinates[..., 0], axis=1), np.where(squares > 0, rest, 1)


class WaveComparison:
    """How far waves are from true ones.

    - frequency, amplitude: Wasserstein-1 distance of the distribution, in cycles and in units of x;
    - no_sine: the mean share of a sample's squares that is no sine;
    - autocovariance: the largest difference of the mean autocovariance over all lags;
    - numbers: where samples have numbers, their mean distance from the fitted ones.

    Args:
        real: True waves (n, length, 1).
        numbers: Whether samples have numbers.
    """

    def __init__(self, real: np.ndarray, numbers: bool = False) -> None:
        names = ["frequency", "amplitude", "no_sine", "autocovariance"]
        self.names = [*names, *["numbers"] * numbers]
        self.real = real
        self._fitted, self._covariance = fitted(real), autocovariance(real)

    def __call__(self, samples: Any) -> dict[str, float]:
        """The scores by name of as many samples (n, length, 1), or of dicts of "wave", "numbers".

        Without numbers the last score is left out.
        """
        parts = samples if isinstance(samples, Mapping) else {"wave": samples}
        found = fitted(parts["wave"])
        distances = [
            float(np.abs(np.sort(a) - np.sort(b)).mean())
            for a, b in zip(found[:2], self._fitted[:2], strict=True)
        ]
        difference = np.abs(autocovariance(parts["wave"]) - self._covariance).max()
        values = [*distances, found[2].mean(), difference]
        if "numbers" in parts:
            values.append(_distance(parts["numbers"], found[:2]))
        return dict(zip(self.names, map(float, values), strict=False))


def _distance(numbers, found):
    scaled = [
        2 * (x - low) / (high - low) - 1
        for x, (low, high) in zip(found, (FREQUENCY, AMPLITUDE), strict=True)
    ]
    return float(np.abs(np.stack(scaled, axis=1) - numbers).mean())

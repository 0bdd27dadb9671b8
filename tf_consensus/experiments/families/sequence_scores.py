"""How far generated sequences are from real ones, whatever they are."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from tf_consensus import metrics

# Numbers whose spectrum is taken at a time, which bounds the memory.
_AT_ONCE = 1 << 22


class SequenceScores:
    """A metric of generated sequences for `EvaluateGAN`, each score the better the smaller.

    Args:
        names: Of the scores.
        compare: Function of samples that returns the scores by name.
    """

    name = "sequences"

    def __init__(self, names: Sequence[str], compare: Callable[[Any], dict[str, float]]) -> None:
        self.directions, self.compare = dict.fromkeys(names, "down"), compare
        self.reset_state()

    def reset_state(self) -> None:
        """Forgets all samples."""
        self._made: list[Any] = []

    def update_state(self, samples: Any) -> None:
        """Takes samples, arrays or dicts of them."""
        self._made.append(samples)

    def result(self) -> dict[str, float]:
        """The scores by name; NaN without samples."""
        if not self._made:
            return dict.fromkeys(self.directions, np.nan)
        made = keras.tree.map_structure(lambda *parts: np.concatenate(parts), *self._made)
        return self.compare(made)


class SequenceComparison:
    """How far sequences are from real ones.

    With the mean m and the standard deviation s of a channel's numbers over all sequences and
    times, and the mean autocovariance A(k) of (x - m)/s at the lag k:

    - mean_difference: |m' - m|/s, and deviation_difference: |s' - s|/s, as means over the channels;
    - wasserstein1: Wasserstein-1 distance of a channel's numbers in units of s, as the mean;
    - autocorrelation_difference: the largest |A'(k) - A(k)| over all lags and channels;
    - correlation_difference: of several channels, as `metrics.correlation_difference`.

    Args:
        real: Array (n, length, channels); each channel varies.
    """

    def __init__(self, real: np.ndarray) -> None:
        names = ["mean_difference", "deviation_difference", "wasserstein1"]
        names += ["autocorrelation_difference"]
        self.names = [*names, *["correlation_difference"] * (real.shape[-1] > 1)]
        self.real = real
        self._moments, self._correlation = _moments(real), autocovariance(standardized(real))

    def __call__(self, samples: np.ndarray) -> dict[str, float]:
        """The scores by name of samples (n, length, channels)."""
        (mean, deviation), (m, s) = self._moments, _moments(samples)
        real, made = _columns(self.real), _columns(samples)
        values = [
            (np.abs(m - mean) / deviation).mean(),
            (np.abs(s - deviation) / deviation).mean(),
            np.mean(list(metrics.number_distances(real, made).values())),
            np.abs(autocovariance(standardized(samples)) - self._correlation).max(),
        ]
        if len(real) > 1:
            values.append(metrics.correlation_difference(real, made))
        return dict(zip(self.names, map(float, values), strict=True))


def autocovariance(samples: np.ndarray) -> np.ndarray:
    """Mean over the samples of Σ x(t) x(t + lag)/T, for each lag and channel.

    Args:
        samples: Array (n, T, channels).

    Returns:
        Float64 (T, channels).
    """
    number, length, channels = samples.shape
    spectrum = np.zeros((length + 1, channels))
    each = max(1, _AT_ONCE // (length * channels))
    for first in range(0, number, each):
        some = samples[first : first + each].astype(np.float64)
        # With as many zeros behind them, the sums do not wrap around.
        spectrum += (np.abs(np.fft.rfft(some, 2 * length, axis=1)) ** 2).sum(axis=0)
    return np.fft.irfft(spectrum, 2 * length, axis=0)[:length] / (number * length)


def standardized(samples: np.ndarray) -> np.ndarray:
    """(x - m)/s in each channel; 0 where all numbers are equal. Arguments are those above."""
    mean, deviation = _moments(samples)
    return (samples - mean) / np.where(deviation > 0, deviation, 1)


def _moments(samples):
    """Mean and standard deviation of each channel."""
    numbers = samples.reshape(-1, samples.shape[-1]).astype(np.float64)
    return numbers.mean(axis=0), numbers.std(axis=0)


def _columns(samples):
    return {f"channel {k}": samples[..., k].ravel() for k in range(samples.shape[-1])}

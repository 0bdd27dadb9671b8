"""How many modes of a known mixture the samples reach, and how well."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from tf_consensus.support.arrays import check_finite, check_reals
from tf_consensus.support.checks import check_float

_LENGTH = "Pass a length in the samples' unit."


@keras.saving.register_keras_serializable("tf_consensus")
class ModeCoverage(keras.metrics.Metric):
    """Coverage of the modes of a mixture of isotropic Gaussians, streamed over batches.

    With N samples x, k modes c_j and the nearest mode c(x), `result()` holds

    - `modes_covered`: #{j : #{x : ‖x - c_j‖ ≤ 3 stddev} ≥ N / 100},
    - `within_3_sigma`: #{x : ‖x - c(x)‖ ≤ 3 stddev} / N,
    - `within_<within>`, for example `within_0.05`: #{x : ‖x - c(x)‖ ≤ within} / N,
    - `mode_kl`: Σ_j p_j log(k p_j) in nats, with p_j the share of samples nearest to c_j. This is
      the divergence KL(p ‖ uniform): 0 if all modes get equal shares, log k if one gets all.

    Samples that are not finite are refused, except in a graph, where values are not known. In a
    graph they belong to no mode, as do samples whose squared distances exceed the dtype (beyond
    1e19): they count in N but are within nothing. The uniform distribution never gives such a
    sample, so a single one makes `mode_kl` infinite. Without any sample `mode_kl` is infinite too,
    and the rest is 0.

    With sample weights, every # is a sum of weights. Sums are kept in the metric's dtype: counts
    in float32 are exact up to 2^24 samples, independent of order and batching.

    Args:
        modes: The centres, shape (k, d), in the samples' unit of length.
        stddev: Standard deviation of a mode along each axis, in the same unit.
        within: Radius for `within_<within>`, in the same unit.
        name: Name of the metric; the logs show the keys of `result()`.
        dtype: As in any Keras metric.

    Raises:
        ValueError: If `modes` is not a finite (k, d) array with k and d at least 1, or `stddev` or
            `within` is not finite and positive.

    Example:
        >>> metric = ModeCoverage(modes=[[-1.0, 0.0], [1.0, 0.0]], stddev=0.01)
        >>> metric.update_state([[1.0, 0.0], [1.0, 0.04]])
        >>> {key: float(value) for key, value in metric.result().items()}["within_3_sigma"]
        0.5
    """

    def __init__(
        self,
        modes: ArrayLike,
        stddev: float,
        within: float = 0.05,
        name: str = "mode_coverage",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.modes = _check_modes(modes)
        self.stddev = check_float("stddev", stddev, zero=False, hint=_LENGTH)
        self.within = check_float("within", within, zero=False, hint=_LENGTH)
        k = len(self.modes)
        # One bin more than there are modes, for the samples that belong to none.
        self.nearest = self._sum((k + 1,), "nearest")
        self.close = self._sum((k,), "close")
        self.within_3_sigma = self._sum((), "within_3_sigma")
        self.within_radius = self._sum((), "within_radius")

    def update_state(
        self, samples: np.ndarray | tf.Tensor, sample_weight: np.ndarray | tf.Tensor | None = None
    ) -> None:
        """Add a batch.

        Args:
            samples: Points, shape (n, d).
            sample_weight: Non-negative weights, shape (n,); None gives every sample weight 1.

        Raises:
            ValueError: If the shapes do not fit the modes or each other, a sample is not finite,
                or a weight is negative or not finite.
        """
        samples, sample_weight = _checked_values(samples, sample_weight)
        samples = tf.cast(samples, self.dtype)
        weight = self._weight(samples, sample_weight)
        squares = tf.reduce_sum((samples[:, None] - self._centres()) ** 2, axis=-1)
        least = tf.reduce_min(squares, axis=1)
        k = len(self.modes)
        mode = tf.where(tf.math.is_finite(least), tf.argmin(squares, axis=1), k)
        self.nearest.assign_add(_total(weight, tf.one_hot(mode, k + 1)))
        self.close.assign_add(_total(weight, squares <= (3 * self.stddev) ** 2))
        self.within_3_sigma.assign_add(_total(weight, least <= (3 * self.stddev) ** 2))
        self.within_radius.assign_add(_total(weight, least <= self.within**2))

    def result(self) -> dict[str, tf.Tensor]:
        """Return the dictionary of scalars that the class describes."""
        count = tf.reduce_sum(self.nearest)
        # Compares 100 · close with the count, because count / 100 rounds.
        covered = (100 * self.close >= count) & (count > 0)
        return {
            "modes_covered": tf.reduce_sum(tf.cast(covered, self.dtype)),
            "within_3_sigma": tf.math.divide_no_nan(self.within_3_sigma.value, count),
            f"within_{self.within}": tf.math.divide_no_nan(self.within_radius.value, count),
            "mode_kl": self._kl(count),
        }

    @property
    def directions(self) -> dict[str, str]:
        """Which end of each result is the better one, "up" or "down"."""
        ups = ("modes_covered", "within_3_sigma", f"within_{self.within}")
        return {**dict.fromkeys(ups, "up"), "mode_kl": "down"}

    @property
    def worst(self) -> dict[str, float]:
        """The value that replaces each result if the samples cannot be measured."""
        return {key: 0.0 if end == "up" else math.inf for key, end in self.directions.items()}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        own = {"modes": self.modes.tolist(), "stddev": self.stddev, "within": self.within}
        return {**super().get_config(), **own}

    def _kl(self, count):
        p = tf.math.divide_no_nan(self.nearest[:-1], count)
        kl = tf.reduce_sum(tf.math.xlogy(p, len(self.modes) * p))
        all_assigned = (count > 0) & (self.nearest[-1] == 0)
        return tf.where(all_assigned, kl, tf.constant(math.inf, self.dtype))

    def _sum(self, shape, name):
        return self.add_variable(shape, initializer="zeros", dtype=self.dtype, name=name)

    def _centres(self):
        return tf.constant(self.modes, self.dtype)

    def _weight(self, samples, sample_weight):
        shape = self.modes.shape
        if samples.shape.rank != 2 or samples.shape[1] != shape[1]:
            raise ValueError(
                f"`samples` must have shape (n, {shape[1]}), as the modes have shape {shape}. "
                f"Received: samples of shape {tuple(samples.shape)}. "
                "Flatten every sample to one row of coordinates."
            )
        if sample_weight is None:
            return tf.ones_like(samples[:, 0])
        weight = tf.cast(sample_weight, self.dtype)
        if not weight.shape.is_compatible_with(samples.shape[:1]):
            raise ValueError(
                f"`sample_weight` must have shape {tuple(samples.shape[:1])}, one weight per "
                f"sample. Received: sample_weight of shape {tuple(weight.shape)}. Squeeze it to "
                "one axis."
            )
        return weight


def _checked_values(samples, weight):
    """Both unchanged, if their values are good or not known."""
    if not tf.executing_eagerly():
        return samples, weight
    samples = check_reals("samples", samples)
    remedy = "Leave out samples from a diverged generator."
    check_finite("samples", samples, remedy, np.finfo(float).max)
    if weight is not None:
        weight = check_reals("sample_weight", weight)
        if not (np.isfinite(weight).all() and (weight >= 0).all()):
            raise ValueError(
                "`sample_weight` must be finite and not negative. Received: sample_weight from "
                f"{weight.min():g} to {weight.max():g}. Pass how often each sample counts."
            )
    return samples, weight


def _total(weight, counts):
    """Weighted sum over the batch of (n,) or (n, k) indicators."""
    return tf.tensordot(weight, tf.cast(counts, weight.dtype), axes=1)


def _check_modes(modes) -> np.ndarray:
    centres = check_reals("modes", modes, "Pass e.g. `tf_consensus.data.ring_modes(8)`.")
    if centres.ndim == 2 and centres.size and np.isfinite(centres).all():
        return centres
    raise ValueError(
        "`modes` must be a finite array of shape (k, d), one centre per row. "
        f"Received: modes={modes!r}. Pass for example `tf_consensus.data.ring_modes(8)`."
    )

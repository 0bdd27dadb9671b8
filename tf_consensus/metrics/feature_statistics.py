"""Streaming mean and covariance of features."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.metrics.checks import LARGEST
from tf_consensus.support.arrays import check_finite, check_reals
from tf_consensus.support.checks import check_int

_DIVERGED = "Leave out images from a diverged generator."


class FeatureStatistics:
    """Mean and unbiased covariance of rows that come in batches, in float64.

    It keeps the count n, the mean m and the scatter S = Σ (x - m)(x - m)ᵀ. Two sets a and b merge
    by δ = m_b - m_a, m = m_a + δ n_b/n, S = S_a + S_b + δδᵀ n_a n_b/n, so nothing large cancels,
    and order and batch sizes matter only to rounding. It needs memory for two d × d matrices.

    Args:
        dim: number d of features.

    Raises:
        ValueError: if `dim` is not a positive integer.

    Example:
        >>> statistics = FeatureStatistics(2)
        >>> for batch in ([[0.0, 1.0]], [[2.0, 3.0], [4.0, 2.0]]):
        ...     statistics.update(batch)
        >>> statistics.mean.tolist(), statistics.cov.tolist(), statistics.count
        ([2.0, 2.0], [[4.0, 1.0], [1.0, 1.0]], 3)

    Reference:
        Chan, Golub, LeVeque, Algorithms for Computing the Sample Variance, 1983.
    """

    def __init__(self, dim: int) -> None:
        self.dim = check_int("dim", dim, minimum=1)
        self.count = 0
        self._mean = np.zeros(self.dim)
        self._scatter = np.zeros((self.dim, self.dim))

    def update(self, features: ArrayLike) -> None:
        """Add rows.

        Args:
            features: (n, d); n may be 0.

        Raises:
            ValueError: if the shape is wrong or a feature is not finite; then nothing is added.
        """
        features = check_reals("features", features)
        if features.ndim != 2 or features.shape[1] != self.dim:
            raise ValueError(
                f"`features` must have shape (n, {self.dim}). Received: features of shape "
                f"{features.shape}. Flatten each image's features to one row."
            )
        check_finite("features", features, _DIVERGED, LARGEST)
        if len(features):
            mean = features.mean(axis=0)
            centred = features - mean
            self._combine(len(features), mean, centred.T @ centred)

    def merge(self, other: "FeatureStatistics") -> None:
        """Add the rows that another has seen.

        Args:
            other: statistics of features of the same dimension.

        Raises:
            ValueError: if it has another dimension, or is not a `FeatureStatistics`.
        """
        if not isinstance(other, FeatureStatistics):
            raise ValueError(
                f"Statistics merge with `FeatureStatistics`. Received: {other!r}. Pass features "
                "to `update`."
            )
        if other.dim != self.dim:
            raise ValueError(
                "Statistics merge only if their dimensions are equal. Received: "
                f"dim={self.dim} and dim={other.dim}. Use the same extractor for both."
            )
        if other.count:
            self._combine(other.count, other._mean, other._scatter)

    @property
    def mean(self) -> np.ndarray:
        """(d,).

        Raises:
            ValueError: if there is no row.
        """
        self._require(1, "mean")
        return self._mean.copy()

    @property
    def cov(self) -> np.ndarray:
        """S / (n - 1), of shape (d, d), symmetric.

        Raises:
            ValueError: if there are fewer than two rows.
        """
        self._require(2, "covariance")
        return self._scatter / (self.count - 1)

    def _combine(self, count, mean, scatter):
        total = self.count + count
        delta = mean - self._mean
        self._scatter += scatter + np.outer(delta, delta) * (self.count * count / total)
        self._mean += delta * (count / total)
        self.count = total

    def _require(self, count, what):
        if self.count < count:
            raise ValueError(
                f"A {what} needs at least {count} rows. Received: {self.count}. "
                "Call `update` with the features of more images."
            )

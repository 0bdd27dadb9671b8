"""Mixtures of normal distributions on the line, fitted to the numbers of a column."""

from typing import NamedTuple

import numpy as np

# A fit takes this many numbers at most: the order statistics at equal distances.
_MOST = 2000
_ITERATIONS = 200
_CONVERGED = 1e-5
# The least standard deviation of a mode, as a share of the whole column's.
_NARROWEST = 1e-3


class Mixture(NamedTuple):
    """A density Σ_k w_k N(x; m_k, s_k²).

    Attributes:
        weights: w, (modes,), which sum to 1.
        means: m, (modes,), rising.
        stddevs: s, (modes,).
    """

    weights: np.ndarray
    means: np.ndarray
    stddevs: np.ndarray

    def log_densities(self, x: np.ndarray) -> np.ndarray:
        """The logarithms of w_k N(x; m_k, s_k²), (n, modes), for x of shape (n,)."""
        z = (x[:, None] - self.means) / self.stddevs
        return np.log(self.weights / self.stddevs) - z * z / 2 - np.log(2 * np.pi) / 2

    def posteriors(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """p(k | x), (n, modes), and the log-likelihoods log p(x), (n,)."""
        logs = self.log_densities(x)
        top = logs.max(axis=1, keepdims=True)
        total = top + np.log(np.exp(logs - top).sum(axis=1, keepdims=True))
        return np.exp(logs - total), total[:, 0]


def fit_mixture(x: np.ndarray, max_modes: int, narrowest: float = 0.0) -> Mixture:
    """The mixture with the least Bayesian information criterion, by expectation maximization.

    BIC = (3k - 1) log n - 2 Σᵢ log p(xᵢ) for k modes. The search goes up from one mode and ends
    after two numbers of modes without a better one. It draws nothing: EM starts from quantiles.

    Args:
        x: finite numbers (n,), not all equal.
        max_modes: the most modes that are tried.
        narrowest: the least standard deviation of a mode.

    Returns:
        The mixture, its modes in the order of their means.
    """
    x = np.sort(x)[np.linspace(0, len(x) - 1, min(len(x), _MOST)).round().astype(int)]
    # The mean of the squares of huge numbers would overflow.
    scale = x[-1] - x[0]
    y = (x - x[0]) / scale
    least = max(narrowest / scale, _NARROWEST * y.std())
    best, best_criterion = _fitted(y, 1, least)
    since = 0
    for k in range(2, max_modes + 1):
        mixture, criterion = _fitted(y, k, least)
        if criterion < best_criterion:
            best, best_criterion, since = mixture, criterion, 0
        elif (since := since + 1) == 2:
            break
    order = np.argsort(best.means)
    weights, means, stddevs = (part[order] for part in best)
    return Mixture(weights, x[0] + scale * means, scale * stddevs)


def _fitted(x: np.ndarray, k: int, least: float) -> tuple[Mixture, float]:
    """The likeliest mixture of k modes that EM finds, and its criterion."""
    means = np.quantile(x, (np.arange(k) + 0.5) / k)
    mixture = Mixture(np.full(k, 1 / k), means, np.full(k, max(x.std() / k, least)))
    before = -np.inf
    for _ in range(_ITERATIONS):
        posteriors, likelihoods = mixture.posteriors(x)
        if likelihoods.mean() - before < _CONVERGED:
            break
        before = likelihoods.mean()
        mixture = _maximum(x, posteriors, least)
    likelihood = float(mixture.posteriors(x)[1].sum())
    return mixture, (3 * k - 1) * float(np.log(len(x))) - 2 * likelihood


def _maximum(x: np.ndarray, posteriors: np.ndarray, least: float) -> Mixture:
    """The mixture of the greatest expected log-likelihood under given posteriors."""
    counts = posteriors.sum(axis=0) + 1e-9  # a mode may lose all of its numbers
    means = x @ posteriors / counts
    variances = ((x[:, None] - means) ** 2 * posteriors).sum(axis=0) / counts
    return Mixture(counts / counts.sum(), means, np.sqrt(np.maximum(variances, least**2)))

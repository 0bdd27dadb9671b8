"""The kernel distance between two sets of features, which is the formula of the KID."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.metrics import checks
from tf_consensus.metrics.score import MeanStd
from tf_consensus.support.checks import check_int


def kernel_distance(
    real_features: ArrayLike,
    fake_features: ArrayLike,
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
) -> MeanStd:
    """Return the unbiased squared maximum mean discrepancy, over random subsets.

    With k(x, y) = (xᵀy/d + 1)³ and m rows of each set,
    MMD² = Σ_{i≠j} [k(x_i, x_j) + k(y_i, y_j)] / (m (m - 1)) - 2 Σ_{i,j} k(x_i, y_j) / m²,
    whose expectation is 0 if and only if the first three moments agree; so a single value may be
    negative. It is computed in float64. Unlike the Fréchet distance it is unbiased for every m.
    With 2,048 features the default takes about 40 seconds on one core.

    Args:
        real_features: (n, d).
        fake_features: (m, d).
        subsets: number of pairs of subsets.
        subset_size: rows of each subset, without repetition; at most as many as both sets have.
        seed: determines the subsets.

    Returns:
        Mean and population standard deviation over the subsets.

    Raises:
        ValueError: if the sets do not have shapes (n, d) and (m, d), n and m at least 2, a feature
            is not finite, or a number is not a positive integer.

    Example:
        >>> kernel_distance([[0.0], [0.0]], [[1.0], [1.0]], subsets=1)
        MeanStd(mean=7.0, std=0.0)

    Reference:
        Bińkowski et al., Demystifying MMD GANs, 2018, section 4.
    """
    real, fake = check_features(real_features, fake_features, least=2)
    subsets = check_int("subsets", subsets, minimum=1)
    size = min(check_int("subset_size", subset_size, minimum=2), len(real), len(fake))
    generator = np.random.default_rng(check_int("seed", seed, minimum=0))
    values = [
        _mmd2(*(rows[generator.permutation(len(rows))[:size]] for rows in (real, fake)))
        for _ in range(subsets)
    ]
    return MeanStd(float(np.mean(values)), float(np.std(values)))


def check_features(
    real: ArrayLike, fake: ArrayLike, least: int, least_fake: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Both as finite float64 arrays of shapes (n, d) and (m, d), n and m at least `least`.

    Args:
        real: the first set.
        fake: the second set.
        least: the least number of rows.
        least_fake: that of the second set, if it is another.

    Raises:
        ValueError: if they are not such sets.
    """
    real = checks.features("real_features", real, least)
    fake = checks.features("fake_features", fake, least if least_fake is None else least_fake)
    if real.shape[1] == fake.shape[1]:
        return real, fake
    raise ValueError(
        "Features must have shapes (n, d) and (m, d). Received: shapes "
        f"{real.shape} and {fake.shape}. Use the same extractor for both."
    )


def _mmd2(x, y):
    m = len(x)
    within = sum(kernel.sum() - np.trace(kernel) for kernel in (_kernel(x, x), _kernel(y, y)))
    return within / (m * (m - 1)) - 2 * _kernel(x, y).mean()


def _kernel(x, y):
    base = x @ y.T / x.shape[1] + 1
    # Two products take a tenth of the time of a power.
    return base * base * base

"""The Wasserstein-1 distance between two point clouds, exact and sliced."""

from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import ArrayLike

from tf_consensus.support.arrays import check_finite, check_reals
from tf_consensus.support.checks import check_int

# A coordinate beyond this counts as infinite: its square overflows in float64.
LARGEST = 1e150


def wasserstein1(a: ArrayLike, b: ArrayLike) -> float:
    """Return the least mean distance by which the points of `a` can be moved onto those of `b`.

    W₁(a, b) = min_σ 1/n Σ_i ‖a_i - b_σ(i)‖, over all permutations σ of 1 … n. No other
    transport plan between two clouds of equal size is cheaper.

    The result is exact, in float64. The matrix of distances takes 8 n² bytes: 32 MiB for 2,048
    points. On one core two similar clouds of 512, 1,024 and 2,048 points take 0.02, 0.06 and 0.4
    seconds; clouds far apart take up to 0.05, 0.4 and 5 seconds. For more points use
    `sliced_wasserstein1`.

    Two samples of one distribution are not at distance 0: for 2,048 points on the unit circle W₁
    is 0.04 to 0.05. Compare with the distance between two samples of the target.

    Args:
        a: Points, shape (n, d).
        b: The same number of points, shape (n, d).

    Returns:
        The distance, in the points' unit of length.

    Raises:
        ValueError: If `a` and `b` are not of the same shape (n, d), with n and d at least 1, or a
            coordinate is not finite or beyond 1e150, as with diverged samples.

    Example:
        >>> wasserstein1([[0.0, 0.0], [1.0, 0.0]], [[1.0, 2.0], [0.0, 2.0]])
        2.0

    Reference:
        Peyré, Cuturi, Computational Optimal Transport, 2019, proposition 2.1.
    """
    a, b = _clouds(a, b)
    if len(a) != len(b):
        raise ValueError(
            "The exact distance needs as many points in `a` as in `b`. "
            f"Received: a of shape {a.shape}, b of shape {b.shape}. "
            "Take equal numbers of samples, or use `sliced_wasserstein1`."
        )
    distances = scipy.spatial.distance.cdist(a, b)
    rows, columns = scipy.optimize.linear_sum_assignment(_reduced(distances))
    return float(np.linalg.norm(a[rows] - b[columns], axis=1).mean())


def sliced_wasserstein1(a: ArrayLike, b: ArrayLike, projections: int = 128, seed: int = 0) -> float:
    """Return the mean over random directions of the distance between the projected clouds.

    SW₁(a, b) = 1/k Σ_j W₁(⟨a, u_j⟩, ⟨b, u_j⟩), with k directions u_j uniform on the unit sphere.
    On a line W₁ is the area ∫ |F_a⁻¹(q) - F_b⁻¹(q)| dq between the quantile functions, so n points
    cost O(k n log n) time and O(n) memory, and the sizes may differ.

    A projection shortens every distance, so SW₁ ≤ W₁. For a translation by t in the plane
    W₁ = ‖t‖, and SW₁ = 2/π ‖t‖ on average over directions, with relative standard error
    0.48/√k. With 128 directions, 2,048 points take less than 0.01 seconds on one core.

    Args:
        a: Points, shape (n, d).
        b: Points, shape (m, d).
        projections: Number k of directions.
        seed: Determines the directions.

    Returns:
        The distance, in the points' unit of length.

    Raises:
        ValueError: If `a` and `b` are not of shapes (n, d) and (m, d), with n, m and d at least 1,
            a coordinate is not finite or beyond 1e150, `projections` is not a positive integer, or
            `seed` is not a non-negative integer.

    Example:
        >>> sliced_wasserstein1([[0.0]], [[1.0], [3.0]])
        2.0

    Reference:
        Bonneel, Rabin, Peyré, Pfister, Sliced and Radon Wasserstein Barycenters of Measures, 2015.
    """
    a, b = _clouds(a, b)
    areas = quantile_areas(len(a), len(b))
    return float(np.mean([areas(a @ u, b @ u) for u in directions(projections, a.shape[1], seed)]))


def quantile_areas(n: int, m: int) -> Callable[[np.ndarray, np.ndarray], float]:
    """A function of n and of m numbers: the Wasserstein-1 distance of these points on a line.

    It is the area between their quantile functions.
    """
    # The levels i/n and j/m where a quantile function steps, times nm: integers stay exact.
    steps = np.union1d(m * np.arange(n + 1), n * np.arange(m + 1))
    first, second, width = steps[:-1] // m, steps[:-1] // n, np.diff(steps) / (n * m)

    def area(a, b):
        return np.abs(np.sort(a)[first] - np.sort(b)[second]) @ width

    return area


def _reduced(cost):
    """The cost minus numbers u_i and v_j for its rows and columns, in place.

    Every assignment's cost falls by Σu + Σv, so the best one stays the best. The solver starts
    nearer to its dual solution: two clouds far apart take half the time, and a collapsed cloud,
    whose rows are all equal, takes a fiftieth.
    """
    for statistic in (np.mean, np.min):
        for axis in (1, 0):
            cost -= statistic(cost, axis=axis, keepdims=True)
    return cost


def directions(projections: int, d: int, seed: int) -> np.ndarray:
    """Directions that are uniform on the unit sphere, (projections, d).

    Raises:
        ValueError: If `projections` is not a positive integer, or `seed` not a non-negative one.
    """
    projections = check_int("projections", projections, minimum=1)
    generator = np.random.default_rng(check_int("seed", seed, minimum=0))
    normal = generator.normal(size=(projections, d))
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def check_cloud(name: str, points: np.ndarray) -> None:
    """Raises if a coordinate is not finite, or too large for its square to be.

    Raises:
        ValueError: If there is one; the message says how many.
    """
    remedy = "Diverged samples are infinitely far from any others: leave them out."
    check_finite(name, points, remedy, LARGEST)


def _clouds(a, b):
    a, b = check_reals("a", a), check_reals("b", b)
    if not (a.ndim == b.ndim == 2 and a.size and b.size and a.shape[1] == b.shape[1]):
        raise ValueError(
            "`a` and `b` must be point clouds of shapes (n, d) and (m, d), n, m and d at least 1. "
            f"Received: a of shape {a.shape}, b of shape {b.shape}. "
            "Flatten every sample to one row of coordinates."
        )
    for name, points in (("a", a), ("b", b)):
        check_cloud(name, points)
    return a, b

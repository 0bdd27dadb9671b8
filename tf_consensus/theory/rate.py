"""How fast consensus optimization converges, and the γ that makes it fastest for a step h."""

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float
from tf_consensus.theory._checks import as_matrix
from tf_consensus.theory.consensus import consensus_matrix
from tf_consensus.theory.step_size import spectral_radius

_POINTS = 200  # six decades, so neighbours differ by 7 %


class OptimalGamma(NamedTuple):
    """The best γ and the convergence rate it gives.

    Attributes:
        gamma: γ.
        spectral_radius: the factor by which the error shrinks per step.
    """

    gamma: float
    spectral_radius: float


def consensus_spectral_radius(jacobian: ArrayLike, step_size: float, gamma: float) -> float:
    """Convergence rate of consensus optimization: spectral radius of I + h(A - γAᵀA).

    Args:
        jacobian: A = v'(x̄), real, shape (n, n). O(n³).
        step_size: h > 0.
        gamma: γ >= 0.

    Returns:
        The factor by which the error shrinks (below one) or grows per step.

    Raises:
        ValueError: If A is not square, real and finite, or a number is out of range.

    Example:
        >>> rate = consensus_spectral_radius([[0.0, 1.0], [-1.0, 0.0]], step_size=0.5, gamma=2.0)
        >>> round(rate, 6)
        0.5

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, proposition 3 and equation 16.
    """
    b = consensus_matrix(jacobian, gamma)
    return spectral_radius(np.eye(len(b)) + check_float("step_size", step_size, zero=False) * b)


def optimal_gamma(jacobian: ArrayLike, step_size: float) -> OptimalGamma:
    """The γ >= 0 that minimises the spectral radius of I + h(A - γAᵀA) for a given h.

    For one eigenvalue pair -a ± ib of a normal A, γ = (1 - ha)/(h|λ|²) and the radius is h|b|:
    γ cancels the real part and can do nothing about the imaginary one. So γh is constant for
    small h. In general the radius is not convex in γ (it is for normal A): a geometric scan,
    then a refinement around its best point, so the minimum is global up to the scan's 7 %
    spacing over six decades. The trace bounds the scan: the radius is at least
    |tr(I + h(A - γAᵀA))|/n, which for γ > (n(1 + r₀) + h·tr A)/(h‖A‖²_F) exceeds that of γ = 0,
    r₀.

    Args:
        jacobian: A = v'(x̄), real, shape (n, n). About 240 dense spectra, O(n³) each.
        step_size: h > 0.

    Returns:
        An `OptimalGamma`. A radius of one or above says that no γ makes this h converge.

    Raises:
        ValueError: If A is not square, real and finite, or h is not positive.

    Example:
        >>> best = optimal_gamma([[0.0, 2.0], [-2.0, 0.0]], step_size=0.25)
        >>> round(best.gamma, 4), round(best.spectral_radius, 4)
        (1.0, 0.5)

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, figures 1 and 14; derived here.
    """
    a, h = as_matrix(jacobian), check_float("step_size", step_size, zero=False)
    at_zero = OptimalGamma(0.0, consensus_spectral_radius(a, h, 0.0))
    limit = _gamma_limit(a, h, at_zero.spectral_radius)
    if limit == 0:
        return at_zero
    grid = np.concatenate([[0.0], np.geomspace(1e-6 * limit, limit, _POINTS)])
    radii = [consensus_spectral_radius(a, h, gamma) for gamma in grid]
    best = int(np.argmin(radii))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, _POINTS)]
    refined = scipy.optimize.minimize_scalar(
        lambda gamma: consensus_spectral_radius(a, h, gamma),
        bounds=bounds,
        method="bounded",
        options={"xatol": 1e-9 * bounds[1]},
    )
    if refined.fun < radii[best]:
        return OptimalGamma(float(refined.x), float(refined.fun))
    return OptimalGamma(float(grid[best]), radii[best])


def _gamma_limit(a: np.ndarray, h: float, radius: float) -> float:
    size = np.square(a).sum()
    if size == 0:
        return 0.0
    return max(len(a) * (1 + radius) + h * np.trace(a), 0.0) / (h * size)

"""Where an update that is quadratic in its step size first stops to contract."""

from collections.abc import Callable

import numpy as np
import scipy

_PROVEN = 0.99  # of the result, by Lyapunov norms; the rest is bisected


def first_crossing(linear: np.ndarray, quadratic: np.ndarray) -> float:
    """Smallest h > 0 at which F(h) = I + hM + h²N has an eigenvalue on the unit circle.

    From a step where F contracts, a Lyapunov norm of F proves that F contracts up to some larger
    step; from there another norm goes further. So no interval of unstable steps is missed.

    Args:
        linear: M, all eigenvalues with negative real part, shape (n, n).
        quadratic: N, shape (n, n), such that F does not contract for all h.

    Returns:
        h, to about 1e-12 of itself.
    """
    identity = np.eye(len(linear))

    def radius(h: float) -> float:
        return float(np.abs(np.linalg.eigvals(identity + h * linear + h**2 * quadratic)).max())

    p = scipy.linalg.solve_continuous_lyapunov(linear.T, -identity)
    proven = _first_proven(p, linear, quadratic)
    while radius(proven / _PROVEN) < 1:
        proven = _further(proven, linear, quadratic)
    return _bisected(radius, proven, proven / _PROVEN)


def _first_proven(p: np.ndarray, m: np.ndarray, n: np.ndarray) -> float:
    """FᵀPF - P = h(MᵀP + PM) + … = -hI + …, negative up to the result."""
    return _smallest_root(m.T @ p @ m + n.T @ p + p @ n, m.T @ p @ n + n.T @ p @ m, n.T @ p @ n)


def _further(h: float, m: np.ndarray, n: np.ndarray) -> float:
    """A step up to which F contracts in the norm that shrinks at h: there FᵀPF - P = -I."""
    f, d = np.eye(len(m)) + h * m + h**2 * n, m + 2 * h * n
    p = scipy.linalg.solve_discrete_lyapunov(f.T, np.eye(len(m)))
    return h + _smallest_root(
        d.T @ p @ f + f.T @ p @ d,
        d.T @ p @ d + n.T @ p @ f + f.T @ p @ n,
        d.T @ p @ n + n.T @ p @ d,
        n.T @ p @ n,
    )


def _smallest_root(*terms: np.ndarray) -> float:
    """The positive root x of ‖T₁‖x + ‖T₂‖x² + … = 1."""
    norms = [float(np.linalg.norm(term, 2)) for term in reversed(terms)]
    roots = np.roots([*norms, -1.0])
    return float(roots[np.isreal(roots)].real.max())


def _bisected(radius: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if radius(middle) < 1 else (low, middle)
    return low

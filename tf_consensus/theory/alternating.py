"""Alternating gradient ascent: the second player answers the first one's new parameters."""

import numpy as np
import scipy
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float
from tf_consensus.theory._checks import as_matrix, as_split, check_stable


def alternating_matrix(jacobian: ArrayLike, split: int, step_size: float) -> np.ndarray:
    """Equation 45: the update (I + hG₂)(I + hG₁) = I + h(A + hG₂G₁) of algorithm 3.

    G₁ holds the rows of A of the player who moves first, G₂ the others; G₁ + G₂ = A. The other
    order has the same eigenvalues, those of XY being those of YX.

    Args:
        jacobian: A = v'(x̄), real, shape (n, n).
        split: Number of parameters of the first player, 0 < split < n.
        step_size: h > 0.

    Returns:
        Shape (n, n).

    Raises:
        ValueError: If the Jacobian is not square, real and finite, `split` leaves a player
            without parameters, or h is not positive.

    Example:
        >>> alternating_matrix([[0.0, 1.0], [-1.0, 0.0]], split=1, step_size=0.5)
        array([[ 1.  ,  0.5 ],
               [-0.5 ,  0.75]])

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, equation 45 (supplement).
    """
    a = as_matrix(jacobian)
    h = check_float("step_size", step_size, zero=False)
    return np.eye(len(a)) + h * a + h**2 * _second_order(a, as_split(split, len(a)))


def alternating_safe_step_size(jacobian: ArrayLike, split: int) -> float:
    """Proposition 14: stable v' makes alternating ascent converge locally for small h.

    The paper argues by continuity and gives no size. Here is one: with AᵀP + PA = -I and
    C = G₂G₁, the update F = I + hA + h²C shrinks the norm wᵀPw if h‖AᵀPA + CᵀP + PC‖ +
    h²‖AᵀPC + CᵀPA‖ + h³‖CᵀPC‖ < 1. Every h below the root converges; larger ones may.

    Args:
        jacobian: A = v'(x̄), eigenvalues with negative real part, shape (n, n). O(n³).
        split: Number of parameters of the first player, 0 < split < n.

    Returns:
        A step such that every smaller one is stable.

    Raises:
        ValueError: If an eigenvalue of A has real part zero or above, or `split` leaves a
            player without parameters.

    Example:
        >>> round(alternating_safe_step_size([[-1.0, 0.0], [0.0, -1.0]], split=1), 6)
        2.0

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, proposition 14 (supplement).
    """
    a = as_matrix(jacobian).astype(np.float64)
    c = _second_order(a, as_split(split, len(a)))
    check_stable(np.linalg.eigvals(a))
    p = scipy.linalg.solve_continuous_lyapunov(a.T, -np.eye(len(a)))
    terms = (c.T @ p @ c, a.T @ p @ c + c.T @ p @ a, a.T @ p @ a + c.T @ p + p @ c)
    roots = np.roots([*(float(np.linalg.norm(term, 2)) for term in terms), -1.0])
    return float(roots[np.isreal(roots)].real.max())  # the only positive one: terms increase


def _second_order(a: np.ndarray, split: int) -> np.ndarray:
    second_after_first = np.zeros_like(a)  # G₂G₁
    second_after_first[split:] = a[split:, :split] @ a[:split]
    return second_after_first

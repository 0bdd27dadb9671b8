"""Consensus optimization at a fixed point: A - γAᵀA and why it is stable."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float
from tf_consensus.theory._checks import as_matrix, check_invertible, check_negative_semidefinite
from tf_consensus.theory.step_size import max_step_size


def consensus_matrix(jacobian: ArrayLike, gamma: float) -> np.ndarray:
    """Jacobian of w = v - γv'ᵀv at a stationary point: (I - γAᵀ)A (equations 12, 13 and 16).

    Args:
        jacobian: A = v'(x̄), real, shape (n, n).
        gamma: γ >= 0.

    Returns:
        A - γAᵀA, shape (n, n).

    Raises:
        ValueError: If the Jacobian is not square, real and finite, or γ is negative.

    Example:
        >>> consensus_matrix([[0.0, 1.0], [-1.0, 0.0]], gamma=0.5)
        array([[-0.5,  1. ],
               [-1. , -0.5]])

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, section 4.
    """
    a = as_matrix(jacobian)
    return a - check_float("gamma", gamma, zero=True) * (a.T @ a)


def definiteness_margin(jacobian: ArrayLike, gamma: float) -> float:
    """Lemma 7 (equation 25): consensus makes a semi-definite Jacobian definite.

    If A is negative semi-definite and invertible with |Aw| >= ρ|w|, then
    wᵀ(A - γAᵀA)w <= -γ|Aw|² <= -γρ²|w|². So every eigenvalue of A - γAᵀA has real part
    -γρ² or less.

    Args:
        jacobian: A = v'(x̄), negative semi-definite and invertible, shape (n, n). O(n³).
        gamma: γ > 0.

    Returns:
        The margin γρ² > 0.

    Raises:
        ValueError: If A is not negative semi-definite or not invertible, or γ is not positive.

    Example:
        >>> definiteness_margin([[0.0, 2.0], [-2.0, 0.0]], gamma=0.5)
        2.0

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, lemma 7.
    """
    a = as_matrix(jacobian)
    gamma = check_float("gamma", gamma, zero=False)
    check_negative_semidefinite(a)
    return gamma * check_invertible(a) ** 2


def consensus_max_step_size(jacobian: ArrayLike, gamma: float) -> float:
    """Corollary 8: consensus optimization converges locally to a Nash equilibrium for small h.

    "Small" is lemma 4 applied to A - γAᵀA. A local Nash equilibrium of a zero-sum game enters
    through corollary 2 only: there A is negative semi-definite. The corollary as printed leaves
    out that A must also be invertible and γ > 0; in the game f = 0 every point is an
    equilibrium and no iterate moves. The paper's other condition, that 1/γ is not an eigenvalue of
    Aᵀ, then holds by itself: these have real part zero or below. (The proof of corollary 2 says
    "negative definite" where it shows semi-definite.)

    Args:
        jacobian: A = v'(x̄), negative semi-definite and invertible, shape (n, n). O(n³).
        gamma: γ > 0.

    Returns:
        The largest stable step of x ← x + h·w(x).

    Raises:
        ValueError: If A is not negative semi-definite or not invertible, or γ is not positive.

    Example:
        >>> round(consensus_max_step_size([[0.0, 1.0], [-1.0, 0.0]], gamma=1.0), 6)
        1.0

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, corollary 8.
    """
    definiteness_margin(jacobian, gamma)
    return max_step_size(np.linalg.eigvals(consensus_matrix(jacobian, gamma)))

"""Lemma 9: consensus shrinks the imaginary parts against the real parts."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float
from tf_consensus.theory._checks import (
    as_eigenvalues,
    as_matrix,
    check_invertible,
    check_negative_semidefinite,
)
from tf_consensus.theory.consensus import consensus_matrix


class QuotientBound(NamedTuple):
    """Lemma 9's two sides and what the right one is made of.

    Attributes:
        quotient: q(γ), measured.
        bound: its limit, equation 18 corrected.
        c: equation 17.
        rho: smallest singular value of A.
        rotation: ‖A - Aᵀ‖, missing from equation 18.
    """

    quotient: float
    bound: float
    c: float
    rho: float
    rotation: float


def imaginary_quotient(eigenvalues: ArrayLike) -> float:
    """Largest |Im λ| / |Re λ|, lemma 9's q: what forces steps of order q⁻² (equation 10).

    Args:
        eigenvalues: Complex, shape (n,).

    Returns:
        q; infinite if some real part is zero.

    Raises:
        ValueError: If the eigenvalues are not a finite vector.

    Example:
        >>> imaginary_quotient([-1.0, -2.0 + 6.0j, -2.0 - 6.0j])
        3.0

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, lemma 9.
    """
    values = as_eigenvalues(eigenvalues)
    if (values.real == 0).any():
        return np.inf
    return float((np.abs(values.imag) / np.abs(values.real)).max())


def definiteness_quotient(jacobian: ArrayLike) -> float:
    """Equation 17: c = inf |v*(A + Aᵀ)v| / |v*(A - Aᵀ)v| over complex unit vectors v.

    1/c is the largest generalized eigenvalue of the Hermitian i(A - Aᵀ) against -(A + Aᵀ). It
    is an infimum over the v with non-zero denominator, not a minimum as printed: for
    A = [[-1, 1], [-1, 0]] and v = (0, 1) both forms vanish, and c = 0 is only approached.

    Args:
        jacobian: A, negative semi-definite and invertible, shape (n, n). O(n³).

    Returns:
        c >= 0: zero if A is not negative definite, infinite if A is symmetric.

    Raises:
        ValueError: If A is not negative semi-definite or not invertible.

    Example:
        >>> round(definiteness_quotient([[-1.0, 2.0], [-2.0, -1.0]]), 6)
        0.5

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, equation 17.
    """
    a = as_matrix(jacobian)
    check_negative_semidefinite(a)
    check_invertible(a)
    values, vectors = np.linalg.eigh(-(a + a.T))
    if values[0] <= a.shape[0] * np.finfo(a.dtype).eps * np.linalg.norm(a, 2):
        return 0.0  # where (A + Aᵀ)v = 0, (A - Aᵀ)v = 2Av is not zero: the infimum is 0
    whitening = vectors / np.sqrt(values)
    largest = np.linalg.norm(whitening.T @ (a - a.T) @ whitening, 2)
    return float(1 / largest) if largest > 0 else np.inf


def quotient_bound(jacobian: ArrayLike, gamma: float) -> QuotientBound:
    """Lemma 9 (equation 18, corrected): q(γ) <= 1 / (c + 2ρ²γ / ‖A - Aᵀ‖).

    Printed is 1 / (c + 2ρ²γ), which is false: the last step of the proof divides 2γ|Av|² by
    |v*(A - Aᵀ)v| and forgets that this may exceed one. For the bilinear game, A = [[0, 1],
    [-1, 0]], q(γ) = 1/γ but the printed bound is 1/(2γ). The spectral norm ‖A - Aᵀ‖ bounds the
    divisor, and the bound is then attained by the bilinear game. (Units say the same: c has
    none, ρ²γ those of A. The proof also writes |Av|² >= ρ|v|² for ρ²|v|².)

    Tightness, q(γ) over the bound, on the 1,000 random matrices of `examples/theory_figures.py`
    (n from 2 to 10, γ from 0.01 to 100): median 0.0006, largest 0.994, no violation; the printed
    bound fails on 84 of them, by up to a factor 59. The slack comes from taking c and ρ apart:
    equation 30 itself, 1 / `definiteness_quotient` of A - γAᵀA, has median 0.42.

    Args:
        jacobian: A = v'(x̄), negative semi-definite and invertible, shape (n, n). O(n³).
        gamma: γ >= 0.

    Returns:
        A `QuotientBound`.

    Raises:
        ValueError: If A is not negative semi-definite or not invertible, or γ is negative.

    Example:
        >>> result = quotient_bound([[0.0, 2.0], [-2.0, 0.0]], gamma=0.25)
        >>> round(result.quotient, 6), round(result.bound, 6)
        (2.0, 2.0)

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, lemma 9.
    """
    a = as_matrix(jacobian)
    gamma = check_float("gamma", gamma, zero=True)
    c = definiteness_quotient(a)
    rho = check_invertible(a)
    rotation = float(np.linalg.norm(a - a.T, 2))
    shift = c if rotation == 0 else c + 2 * rho**2 * gamma / rotation
    quotient = imaginary_quotient(np.linalg.eigvals(consensus_matrix(a, gamma)))
    return QuotientBound(quotient, 1 / shift if shift > 0 else np.inf, c, rho, rotation)

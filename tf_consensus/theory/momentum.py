"""Momentum with friction γ, as in the paper's supplement: x ← x + hm, m ← m + h(v(x) - γm)."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float, check_number
from tf_consensus.theory._checks import as_eigenvalues, as_matrix, check_stable
from tf_consensus.theory._quadratic import quadratic_roots
from tf_consensus.theory.step_size import max_step_size


def momentum_matrix(jacobian: ArrayLike, friction: float) -> np.ndarray:
    """Equation 36: the Jacobian of G(x, m) = (m, v(x) - γm); the update is I + hG'.

    Args:
        jacobian: A = v'(x̄), shape (n, n).
        friction: γ, any finite number.

    Returns:
        [[0, I], [A, -γI]], shape (2n, 2n).

    Raises:
        ValueError: If the Jacobian is not square, real and finite.

    Example:
        >>> momentum_matrix([[-2.0]], friction=3.0)
        array([[ 0.,  1.],
               [-2., -3.]])

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, equation 36 (supplement).
    """
    a = as_matrix(jacobian)
    identity = np.eye(len(a))
    drag = -check_number("friction", friction) * identity
    return np.block([[np.zeros_like(identity), identity], [a, drag]])


def momentum_eigenvalues(eigenvalues: ArrayLike, friction: float) -> np.ndarray:
    """Lemma 11: λ is an eigenvalue of equation 36 if and only if λ(λ + γ) is one of v'.

    Args:
        eigenvalues: μ of v'(x̄), complex, shape (n,).
        friction: γ, any finite number.

    Returns:
        Both solutions of λ² + γλ - μ = 0 for each μ, complex, shape (2n,). Their
        multiplicities are those of equation 36.

    Raises:
        ValueError: If the eigenvalues are not a finite vector.

    Example:
        >>> momentum_eigenvalues([-2.0], friction=3.0).real
        array([-2., -1.])

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, lemma 11 (supplement).
    """
    return quadratic_roots(-check_number("friction", friction), -as_eigenvalues(eigenvalues))


def momentum_max_step_size(eigenvalues: ArrayLike, friction: float) -> float:
    """Corollary 12: with real negative eigenvalues, momentum converges for γ > 0 and small h.

    "Small" is lemma 4 applied to lemma 11's eigenvalues. (The proof says "non-positive", but
    the eigenvalue 0 gives λ = 0, which does not converge; the statement is right.) For complex
    eigenvalues the conclusion needs more friction: see `min_friction`.

    Args:
        eigenvalues: μ of v'(x̄), all real and negative, shape (n,).
        friction: γ > 0.

    Returns:
        The largest stable step of (x, m) ← (x, m) + hG(x, m).

    Raises:
        ValueError: If an eigenvalue is not real and negative, or γ is not positive.

    Example:
        >>> momentum_max_step_size([-2.0], friction=3.0)
        1.0

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, corollary 12 (supplement).
    """
    values = as_eigenvalues(eigenvalues)
    friction = check_float("friction", friction, zero=False)
    check_stable(values)
    worst = values[np.argmax(np.abs(values.imag))]
    if worst.imag != 0:
        raise ValueError(
            f"All eigenvalues must be real. Received: eigenvalue {worst:.6g}. For complex ones use "
            "`max_step_size(momentum_eigenvalues(eigenvalues, friction))` with friction above "
            f"`min_friction(eigenvalues)`, here {min_friction(values):.6g}."
        )
    return max_step_size(momentum_eigenvalues(values, friction))


def min_friction(eigenvalues: ArrayLike) -> float:
    """How much friction complex eigenvalues need: where corollary 12's proof breaks down.

    On the stability border λ = iω, so μ = -ω² + iγω: Im μ = γω and Re μ = -(Im μ)²/γ².
    Momentum is therefore stable for small h if and only if every μ has Re μ < 0 and
    γ > |Im μ| / sqrt(|Re μ|). Not in the paper; with real μ it is corollary 12.

    Args:
        eigenvalues: μ of v'(x̄), all with negative real part, complex, shape (n,).

    Returns:
        The largest of these limits; frictions strictly above it are stable.

    Raises:
        ValueError: If an eigenvalue has real part zero or above.

    Example:
        >>> min_friction([-4.0 + 6.0j, -4.0 - 6.0j, -1.0])
        3.0

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, the note after corollary 12.
    """
    values = as_eigenvalues(eigenvalues)
    check_stable(values)
    return float((np.abs(values.imag) / np.sqrt(-values.real)).max())

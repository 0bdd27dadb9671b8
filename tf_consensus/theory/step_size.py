"""How far an explicit step may go: eigenvalues of I + hA and the unit circle."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float
from tf_consensus.theory._checks import as_eigenvalues, as_matrix, check_stable


def spectral_radius(matrix: ArrayLike) -> float:
    """Largest absolute value of the eigenvalues, the rate of proposition 3.

    A fixed point of F attracts its neighbourhood if the spectral radius of F' there is below
    one; the error then shrinks as O((radius + ε)^k). (The paper writes O(radius^k), which
    needs the largest eigenvalue to have no Jordan block.)

    Args:
        matrix: Real, shape (n, n). Dense eigenvalues, O(n³).

    Returns:
        max |λ|.

    Raises:
        ValueError: If the matrix is not square, real and finite.

    Example:
        >>> round(spectral_radius([[0.0, 0.5], [-0.5, 0.0]]), 6)
        0.5

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, proposition 3.
    """
    return float(np.abs(np.linalg.eigvals(as_matrix(matrix, "matrix"))).max())


def euler_eigenvalues(eigenvalues: ArrayLike, step_size: float) -> np.ndarray:
    """Eigenvalues 1 + hλ of the update I + hA (equation 9), drawn in figure 1.

    They lie on the ray from 1 in the direction of λ, at h times its length.

    Args:
        eigenvalues: Eigenvalues of A, complex, shape (n,).
        step_size: h > 0.

    Returns:
        Complex, shape (n,).

    Raises:
        ValueError: If h is not positive or an eigenvalue is not finite.

    Example:
        >>> euler_eigenvalues([-1.0, -2.0 + 1.0j], step_size=0.5)
        array([0.5+0.j , 0. +0.5j])

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, equation 9 and figure 1.
    """
    return 1 + check_float("step_size", step_size, zero=False) * as_eigenvalues(eigenvalues)


def step_limits(eigenvalues: ArrayLike) -> np.ndarray:
    """Each eigenvalue's own limit -2 Re λ / |λ|² of Lemma 4: |1 + hλ| < 1 for 0 < h below it.

    Args:
        eigenvalues: Eigenvalues of A = v'(x̄), complex, shape (n,).

    Returns:
        Real, shape (n,): positive for Re λ < 0, and otherwise zero or below, where no step h > 0
        will do.

    Raises:
        ValueError: If the eigenvalues are not a finite vector.

    Example:
        >>> step_limits([-1.0, 2.0, 0.0]).tolist()
        [2.0, -1.0, 0.0]

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, lemma 4.
    """
    values = as_eigenvalues(eigenvalues)
    length = np.where(values == 0, 1.0, np.abs(values))
    return 2 * (-values.real / length) / length + 0.0  # no negative zeros


def max_step_size(eigenvalues: ArrayLike) -> float:
    """Lemma 4 (equation 10): the largest stable step of x ← x + h·v(x).

    I + hA has all eigenvalues inside the unit circle if and only if, for every λ of A,
    h < 2 / (|Re λ| (1 + (Im λ / Re λ)²)) = 2 |Re λ| / |λ|².

    Args:
        eigenvalues: Eigenvalues of A = v'(x̄), complex, shape (n,).

    Returns:
        The smallest of these limits; steps strictly below it converge.

    Raises:
        ValueError: If an eigenvalue has real part zero or above: no step is stable then.

    Example:
        >>> round(max_step_size([-1.0 + 3.0j, -1.0 - 3.0j, -4.0]), 6)
        0.2

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, lemma 4. The lecture repeats it as
        its lemma 8 in the paper's sign, although its own update is I - η∇v: there A = -∇v.
    """
    check_stable(as_eigenvalues(eigenvalues))
    return float(step_limits(eigenvalues).min())


def gradient_ascent_max_step_size(hessian: ArrayLike) -> float:
    """Proposition 10: gradient ascent x ← x + h∇f(x) converges locally for small h.

    If ∇²f(x̄) is negative definite, "small" is h < 2 / max|λ|: lemma 4 with real eigenvalues.

    Args:
        hessian: ∇²f(x̄), symmetric negative definite, shape (n, n). O(n³).

    Returns:
        The largest stable step.

    Raises:
        ValueError: If the Hessian is not symmetric or has an eigenvalue zero or above.

    Example:
        >>> gradient_ascent_max_step_size([[-4.0, 0.0], [0.0, -1.0]])
        0.5

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, proposition 10 (supplement).
    """
    a = as_matrix(hessian, "hessian")
    asymmetry, tolerance = np.abs(a - a.T).max(), np.sqrt(np.finfo(a.dtype).eps) * np.abs(a).max()
    if asymmetry > tolerance:
        raise ValueError(
            f"`hessian` must be symmetric. Received: entries that differ by {asymmetry:.6g} from "
            "their mirror images. For a game's Jacobian use `max_step_size(eigenvalues)`."
        )
    return max_step_size(np.linalg.eigvalsh(a))

"""The implicit Euler step, stable wherever the equation is, which consensus approximates."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float
from tf_consensus.theory._checks import as_eigenvalues, as_matrix


def implicit_euler_matrix(jacobian: ArrayLike, step_size: float) -> np.ndarray:
    """Update (I - hA)⁻¹ of the step x_{k+1} = x_k + h·v(x_{k+1}) near a stationary point.

    (I - hA)⁻¹ = I + hA + h²A² + O(h³). In a bilinear zero-sum game A² = -AᵀA, so consensus
    with γ = h is this step up to O(h³).

    Args:
        jacobian: A = v'(x̄), real, shape (n, n). O(n³).
        step_size: h > 0.

    Returns:
        Shape (n, n).

    Raises:
        ValueError: If A is not square, real and finite, h is not positive, or 1/h is an
            eigenvalue of A.

    Example:
        >>> implicit_euler_matrix([[-1.0]], step_size=1.0)
        array([[0.5]])

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, section 6.
    """
    a = as_matrix(jacobian)
    implicit_euler_eigenvalues(np.linalg.eigvals(a), step_size)  # the step must exist
    return np.linalg.inv(np.eye(len(a)) - float(step_size) * a)


def implicit_euler_eigenvalues(eigenvalues: ArrayLike, step_size: float) -> np.ndarray:
    """Eigenvalues 1/(1 - hλ) of the implicit Euler step.

    They lie inside the unit circle for every h > 0 if Re λ < 0, and also on the imaginary axis
    (λ ≠ 0); where Re λ > 0, only for h > 2 Re λ / |λ|², so large steps may make unstable points
    attract.

    Args:
        eigenvalues: λ of A, complex, shape (n,).
        step_size: h > 0.

    Returns:
        Complex, shape (n,).

    Raises:
        ValueError: If h is not positive or 1/h is an eigenvalue: the step does not exist then.

    Example:
        >>> implicit_euler_eigenvalues([1.0j], step_size=1.0)
        array([0.5+0.5j])

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, section 6.
    """
    values = as_eigenvalues(eigenvalues)
    gap = 1 - check_float("step_size", step_size, zero=False) * values
    if (np.abs(gap) <= len(values) * np.finfo(np.float64).eps).any():
        raise ValueError(
            "1 / step_size must not be an eigenvalue: I - hA is not invertible. "
            f"Received: step_size={step_size} and an eigenvalue {1 / float(step_size):.6g}. "
            "Change the step slightly."
        )
    return 1 / gap

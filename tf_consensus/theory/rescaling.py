"""Gradient rescaling by a running mean of ‖v‖², as in RMSProp and Adam."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float, check_number
from tf_consensus.theory._checks import as_array, as_eigenvalues, as_finite, as_matrix
from tf_consensus.theory.step_size import max_step_size


def rescaling_matrix(
    jacobian: ArrayLike, v: ArrayLike, beta: float, step_size: float, alpha: float, epsilon: float
) -> np.ndarray:
    """Equation 41 (corrected): Jacobian of one rescaled step on the state (x, β).

    The step (equation 40) is x ← x + h v(x)/sqrt(β + ε), β ← (1 - α)β + α‖v(x)‖². The paper has
    αv'ᵀv in the last row; the derivative of α‖v‖² is the row 2αvᵀv'. At a fixed point v = 0 and
    β = 0, so equation 42 and proposition 13 are not affected.

    Args:
        jacobian: A = v'(x), shape (n, n).
        v: v(x), shape (n,); zero at a fixed point.
        beta: β >= 0; zero at a fixed point.
        step_size: h > 0.
        alpha: α in (0, 1), one minus the decay of the running mean.
        epsilon: ε > 0, inside the square root.

    Returns:
        Shape (n + 1, n + 1).

    Raises:
        ValueError: If A is not square, v does not match it, or a number is out of range.

    Example:
        >>> matrix = rescaling_matrix([[-1.0]], [0.0], 0.0, step_size=0.5, alpha=0.25, epsilon=1.0)
        >>> np.diag(matrix)
        array([0.5 , 0.75])

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, equations 40-42 (supplement).
    """
    a, v = as_matrix(jacobian), as_finite(as_array(v, "v", "iuf").astype(np.float64), "v")
    if v.shape != (len(a),):
        raise ValueError(
            f"`v` must have one entry per row of `jacobian`, {len(a)}. "
            f"Received: v of shape {v.shape}. Pass zeros at a fixed point."
        )
    _check_alpha(alpha)
    scale = check_float("beta", beta, zero=True) + check_float("epsilon", epsilon, zero=False)
    h = check_float("step_size", step_size, zero=False) / np.sqrt(scale)
    x_of_beta, beta_of_x = -h / (2 * scale) * v, 2 * alpha * v @ a
    return np.block([[np.eye(len(a)) + h * a, x_of_beta[:, None]], [beta_of_x, 1 - alpha]])


def rescaling_max_step_size(eigenvalues: ArrayLike, alpha: float, epsilon: float) -> float:
    """Proposition 13: rescaled steps converge locally if I + (h/sqrt(ε))v' is in the unit ball.

    So h < sqrt(ε)·`max_step_size(eigenvalues)`, for every α in (0, 1). This limit is small:
    RMSProp with h = 1e-4 and ε = 1e-10 takes steps of 10 at the equilibrium itself, which no
    eigenvalue with |λ| > 0.2 allows. Such a run reaches a neighbourhood only.

    Args:
        eigenvalues: Eigenvalues of v'(x̄), all with negative real part, complex, shape (n,).
        alpha: α in (0, 1), one minus the decay of the running mean.
        epsilon: ε > 0, inside the square root.

    Returns:
        The largest stable step.

    Raises:
        ValueError: If an eigenvalue has real part zero or above, or a number is out of range.

    Example:
        >>> rescaling_max_step_size([-1.0], alpha=0.1, epsilon=0.25)
        1.0

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, proposition 13 (supplement).
    """
    _check_alpha(alpha)
    root = np.sqrt(check_float("epsilon", epsilon, zero=False))
    return float(root * max_step_size(as_eigenvalues(eigenvalues)))


def _check_alpha(alpha: float) -> None:
    hint = "It is one minus RMSProp's `rho`."
    check_number("alpha", alpha, "strictly between 0 and 1", lambda x: 0 < x < 1, hint)

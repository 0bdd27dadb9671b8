"""Heavy-ball momentum for games, positive or negative (the lecture's section 4).

The lecture descends on v = ∇loss: x_{t+1} = x_t - ηv(x_t) + β(x_t - x_{t-1}). Here v is the
utility gradient, v = -∇loss, so its -η∇v is +ηA with A = v'. Nothing else changes sign.
"""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float, check_number
from tf_consensus.theory._checks import as_eigenvalues, as_matrix, as_split, check_stable
from tf_consensus.theory._quadratic import quadratic_roots
from tf_consensus.theory.alternating import alternating_matrix


def heavy_ball_matrix(jacobian: ArrayLike, step_size: float, momentum: float) -> np.ndarray:
    """The lecture's equation 12: Jacobian of F_{η,β} on the state (x_t, x_{t-1}).

    (The lecture writes F_{η,β}(x_{t+1}, x_t) for what is a function of (x_t, x_{t-1}).)

    Args:
        jacobian: A = v'(x̄) of the utility gradient, shape (n, n); minus the lecture's ∇v.
        step_size: η > 0.
        momentum: β, any finite number.

    Returns:
        [[(1 + β)I + ηA, -βI], [I, 0]], shape (2n, 2n).

    Raises:
        ValueError: If the Jacobian is not square, real and finite, or η is not positive.

    Example:
        >>> heavy_ball_matrix([[-1.0]], step_size=0.5, momentum=-0.25)
        array([[0.25, 0.25],
               [1.  , 0.  ]])

    Reference:
        IFT 6085, lecture 14 (2019), equation 12.
    """
    a = as_matrix(jacobian)
    identity = np.eye(len(a))
    update = identity + check_float("step_size", step_size, zero=False) * a
    return _with_memory(update, check_number("momentum", momentum) * identity)


def heavy_ball_eigenvalues(eigenvalues: ArrayLike, step_size: float, momentum: float) -> np.ndarray:
    """Spectrum of the lecture's equation 12: roots of r² - (1 + β + ημ)r + β = 0.

    Args:
        eigenvalues: μ of A = v'(x̄), complex, shape (n,).
        step_size: η > 0.
        momentum: β, any finite number.

    Returns:
        Both roots for each μ, complex, shape (2n,).

    Raises:
        ValueError: If the eigenvalues are not a finite vector, or η is not positive.

    Example:
        >>> heavy_ball_eigenvalues([-1.0], step_size=0.5, momentum=0.0).real
        array([0.5, 0. ])

    Reference:
        IFT 6085, lecture 14 (2019), equation 12; Gidel et al., Negative Momentum for Improved
        Game Dynamics, AISTATS 2019.
    """
    values = as_eigenvalues(eigenvalues)
    momentum = check_number("momentum", momentum)
    return quadratic_roots(
        1 + momentum + check_float("step_size", step_size, zero=False) * values, momentum
    )


def heavy_ball_max_step_size(eigenvalues: ArrayLike, momentum: float) -> float:
    """Lemma 4 with heavy-ball momentum: the largest stable η, for β between -1 and 1.

    The Schur-Cohn test of r² - (1 + β + ημ)r + β gives, for μ = -a + ib,
    η < 2a(1 + β)(1 - β)² / (a²(1 - β)² + b²(1 + β)²), which is lemma 4 for β = 0. Where b is
    large against a, negative β allows larger steps; where b = 0, positive β does. On the
    imaginary axis (bilinear games) no β makes simultaneous steps converge.

    Args:
        eigenvalues: μ of v'(x̄), all with negative real part, complex, shape (n,).
        momentum: β in (-1, 1).

    Returns:
        The smallest of these limits; steps strictly below it converge.

    Raises:
        ValueError: If an eigenvalue has real part zero or above, or β is outside (-1, 1).

    Example:
        >>> round(heavy_ball_max_step_size([-1.0 + 3.0j, -1.0 - 3.0j], momentum=0.0), 6)
        0.2

    Reference:
        IFT 6085, lecture 14 (2019), section 4; derived here.
    """
    rule = "strictly between -1 and 1, the product of each pair of eigenvalues"
    momentum = check_number("momentum", momentum, rule, lambda x: -1 < x < 1)
    values = as_eigenvalues(eigenvalues)
    check_stable(values)
    a, b = -values.real * (1 - momentum), values.imag * (1 + momentum)
    return float((2 * a * (1 - momentum**2) / np.hypot(a, b) ** 2).min())


def alternating_heavy_ball_matrix(
    jacobian: ArrayLike, split: int, step_size: float, momentum: float
) -> np.ndarray:
    """Equation 12 for alternating steps: the second player sees the first one's new parameters.

    With G₁, G₂ the rows of A of either player and P₁ the projection on the first,
    x_{t+1} = (I + ηG₂)(I + ηG₁)x_t + β(I + ηG₂P₁)(x_t - x_{t-1}). For the bilinear game and
    small η, a negative β makes it converge and a positive one diverge.

    Args:
        jacobian: A = v'(x̄), shape (n, n).
        split: Number of parameters of the player who moves first, 0 < split < n.
        step_size: η > 0.
        momentum: β, any finite number.

    Returns:
        Matrix on the state (x_t, x_{t-1}), shape (2n, 2n).

    Raises:
        ValueError: If the Jacobian is not square, real and finite, `split` leaves a player
            without parameters, or η is not positive.

    Example:
        >>> game = [[0.0, 1.0], [-1.0, 0.0]]
        >>> matrix = alternating_heavy_ball_matrix(game, 1, step_size=0.5, momentum=-0.5)
        >>> bool(np.abs(np.linalg.eigvals(matrix)).max() < 1)
        True

    Reference:
        Gidel et al., Negative Momentum for Improved Game Dynamics, AISTATS 2019, section 5.
    """
    a = as_matrix(jacobian)
    split = as_split(split, len(a))
    carry = np.eye(len(a))
    carry[split:, :split] = check_float("step_size", step_size, zero=False) * a[split:, :split]
    carry *= check_number("momentum", momentum)
    return _with_memory(alternating_matrix(a, split, step_size), carry)


def _with_memory(update: np.ndarray, carry: np.ndarray) -> np.ndarray:
    identity = np.eye(len(update))
    return np.block([[update + carry, -carry], [identity, np.zeros_like(identity)]])

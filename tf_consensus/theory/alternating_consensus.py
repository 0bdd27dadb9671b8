"""Alternating consensus optimization: consensus steps of one player after the other."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_float
from tf_consensus.theory._checks import as_matrix, as_split, check_stable
from tf_consensus.theory._first_crossing import first_crossing

PerPlayer = float | tuple[float, float]


def alternating_consensus_matrix(
    jacobian: ArrayLike, split: int, step_size: PerPlayer, gamma: PerPlayer
) -> np.ndarray:
    """Update of one round: the second player moves first, then the first one at the new point.

        F = (I + h₁B₁)(I + h₂B₂),    Bᵢ = Pᵢ (A - γᵢAᵀA)

    Pᵢ keeps the rows of player i. Near a stationary point ∇½‖v‖² is AᵀA(x - x̄), and player i
    takes its own rows of it. A γᵢ of 0 leaves that player unregularized. With both 0 it is the
    alternation of proposition 14, `alternating_matrix`, up to the order of the players: there the
    first player moves first. Either order has the same eigenvalues.

    Args:
        jacobian: A = v'(x̄), real, shape (n, n).
        split: Number of parameters of the first player, the generator, 0 < split < n.
        step_size: h > 0, or (h₁, h₂), one per player.
        gamma: γ >= 0, or (γ₁, γ₂), one per player.

    Returns:
        F, shape (n, n).

    Raises:
        ValueError: If the Jacobian is not square, real and finite, `split` leaves a player
            without parameters, or a step size or γ is out of range.

    Example:
        >>> alternating_consensus_matrix([[0.0, -1.0], [1.0, 0.0]], 1, step_size=0.5, gamma=1.0)
        array([[ 0.25, -0.25],
               [ 0.5 ,  0.5 ]])

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, section 4 and proposition 14
        (supplement); the combination is derived here.
    """
    first, second = _moves(jacobian, split, gamma)
    h = _per_player("step_size", step_size, zero=False)
    identity = np.eye(len(first))
    return (identity + h[0] * first) @ (identity + h[1] * second)


def alternating_consensus_max_step_size(
    jacobian: ArrayLike, split: int, gamma: PerPlayer, ratio: float = 1.0
) -> float:
    """Largest h such that rounds with every smaller step converge locally.

    The second player's step is ratio · h. Stability may end and begin again as h grows. The
    result is the first end: each h up to 99 % of it is proven stable by a Lyapunov norm, the rest
    is bisected.

    Args:
        jacobian: A = v'(x̄), real, shape (n, n). O(n³) for each of some hundred points.
        split: Number of parameters of the first player, 0 < split < n.
        gamma: γ >= 0, or (γ₁, γ₂), one per player.
        ratio: h₂/h₁ > 0.

    Returns:
        The limit of h = h₁.

    Raises:
        ValueError: If not all eigenvalues of B₁ + ratio · B₂ have negative real part, so that no
            small step converges, or an argument is out of range.

    Example:
        >>> round(alternating_consensus_max_step_size([[0.0, -1.0], [1.0, 0.0]], 1, gamma=1.0), 6)
        1.0

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, corollary 8 and proposition 14
        (supplement), which give no size; the search is derived here.
    """
    first, second = _moves(jacobian, split, gamma)
    second = check_float("ratio", ratio, zero=False) * second
    check_stable(np.linalg.eigvals(first + second))
    return first_crossing(first + second, first @ second)


class TwoByTwoUpdate(NamedTuple):
    """An update matrix of two parameters, by its invariants.

    Attributes:
        determinant: The product of its eigenvalues.
        trace: Their sum.
    """

    determinant: float
    trace: float

    @property
    def eigenvalues(self) -> np.ndarray:
        """The roots of λ² - trace · λ + determinant, complex, shape (2,)."""
        return np.roots([1.0, -self.trace, self.determinant]).astype(np.complex128)

    @property
    def contracts(self) -> bool:
        """Whether both lie inside the unit circle: |det| < 1 and |trace| < 1 + det."""
        return abs(self.determinant) < 1 and abs(self.trace) < 1 + self.determinant


def dirac_alternating_consensus(
    coupling: float, step_size: PerPlayer, gamma: PerPlayer, damping: float = 0.0
) -> TwoByTwoUpdate:
    """The update of the game with A = [[0, -σ], [σ, -ρ]]: bilinear or Dirac-GAN, in closed form.

        det F = a₁a₂,    tr F = a₁ + a₂ - h₁h₂σ²(1 - γ₁ρ)(1 + γ₂ρ)
        a₁ = 1 - h₁γ₁σ²,    a₂ = 1 - h₂(ρ + γ₂(σ² + ρ²))

    The bilinear game with losses σxy and -σxy has ρ = 0. So has the Dirac-GAN at its equilibrium,
    with σ = |f'(0)|; a gradient penalty of weight ρ (R1, R2) damps its discriminator.

    For ρ = 0, one h and one γ, with a = 1 - hγσ²: it contracts if and only if γ > 0 and
    h < 2/(σ(1 + γσ)). While h²σ² <= 4a both eigenvalues have |λ| = a. Alternation alone (γ = 0)
    keeps |λ| = 1; simultaneous consensus has |λ|² = a² + h²σ² and needs h < 2γ/(1 + γ²σ²),
    the smaller of the two limits if γσ < 1.

    Args:
        coupling: σ > 0.
        step_size: h > 0, or (h₁, h₂), one per player.
        gamma: γ >= 0, or (γ₁, γ₂), one per player.
        damping: ρ >= 0.

    Returns:
        Determinant and trace of F.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> update = dirac_alternating_consensus(coupling=1.0, step_size=0.5, gamma=1.0)
        >>> update, update.contracts
        (TwoByTwoUpdate(determinant=0.25, trace=0.75), True)

    Reference:
        Mescheder, Geiger, Nowozin, Which Training Methods for GANs do actually Converge?, ICML
        2018, for the Dirac-GAN; the closed form is derived here.
    """
    sigma = check_float("coupling", coupling, zero=False)
    rho = check_float("damping", damping, zero=True)
    h1, h2 = _per_player("step_size", step_size, zero=False)
    gamma1, gamma2 = _per_player("gamma", gamma, zero=True)
    a1 = 1 - h1 * gamma1 * sigma**2
    a2 = 1 - h2 * (rho + gamma2 * (sigma**2 + rho**2))
    turned = h1 * h2 * sigma**2 * (1 - gamma1 * rho) * (1 + gamma2 * rho)
    return TwoByTwoUpdate(a1 * a2, a1 + a2 - turned)


def _moves(jacobian: ArrayLike, split: int, gamma: PerPlayer) -> tuple[np.ndarray, np.ndarray]:
    """B₁ and B₂, each with the rows of its player and zeros elsewhere."""
    a = as_matrix(jacobian).astype(np.float64)
    split = as_split(split, len(a))
    gammas = _per_player("gamma", gamma, zero=True)
    rows = np.arange(len(a)) < split
    own = (rows, ~rows)
    first, second = (p[:, None] * (a - g * (a.T @ a)) for p, g in zip(own, gammas, strict=True))
    return first, second


def _per_player(name: str, value: Any, *, zero: bool) -> tuple[float, float]:
    if isinstance(value, np.ndarray) and value.ndim:
        value = value.tolist()
    if not isinstance(value, list | tuple):
        number = check_float(name, value, zero=zero)
        return number, number
    if len(value) != 2:
        raise ValueError(
            f"`{name}` must be a number, or two, one per player. Received: {name}={value!r}. For "
            f"example {name}=(0.1, 0.2)."
        )
    return check_float(name, value[0], zero=zero), check_float(name, value[1], zero=zero)

"""A box around the whole spectrum from two symmetric eigenvalue problems."""

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tf_consensus.games.game import Game
from tf_consensus.spectrum.checks import check_gamma
from tf_consensus.spectrum.lanczos import lanczos
from tf_consensus.spectrum.matrix_free import as_operator
from tf_consensus.support.checks import check_count, check_float, check_int

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator


class NumericalRange(NamedTuple):
    """A box that holds the numerical range of A, and with it every eigenvalue.

    Attributes:
        smallest_real: lower bound on Re λ.
        largest_real: upper bound on Re λ.
        largest_imaginary: upper bound on the rotation |Im λ|.
        converged: whether Lanczos reached its tolerance at all ends; if not, the bounds are
            estimates.
    """

    smallest_real: float
    largest_real: float
    largest_imaginary: float
    converged: bool

    @property
    def max_step_size(self) -> float | None:
        """The step size h below which |1 + hλ| < 1 for every λ in the box, `None` if there is none.

        By Lemma 4, λ = -a + bi needs h < 2a / (a² + b²). In the box r ≤ a ≤ R and |b| ≤ ρ this
        falls with |b|, so |b| = ρ is worst; in a it rises up to a = ρ and then falls, so an end is
        worst:

            h_max = min(2r / (r² + ρ²), 2R / (R² + ρ²)),    if r = -largest_real > 0.
        """
        if self.largest_real >= 0:
            return None
        ends, rho = (-self.largest_real, -self.smallest_real), self.largest_imaginary
        return min(2 * a / (a**2 + rho**2) for a in ends)


def numerical_range(
    game: "Game | LinearOperator",
    gamma: float = 0.0,
    tolerance: float = 1e-4,
    max_steps: int = 500,
    seed: int = 0,
    jit_compile: bool = False,
) -> NumericalRange:
    """Bounds on all eigenvalues of B = A - γAᵀA, A = v', by Bendixson's theorem.

    An eigenvalue with unit eigenvector z is λ = z*Bz, so its real part lies in the range of the
    symmetric part and its imaginary part in that of the antisymmetric part, which has no γ:

        λ_min(S) ≤ Re λ ≤ λ_max(S),  S = (A + Aᵀ)/2 - γAᵀA;    |Im λ| ≤ ‖K‖,  K = (A - Aᵀ)/2.

    The ends are found by Lanczos iteration (three vectors of memory beside the products) and moved
    outwards by their residuals.

    Args:
        game: a game, for v' on its batch; or an operator A, compiled once for many calls.
        gamma: γ ≥ 0.
        tolerance: residual relative to the largest |λ| of S and of K; the box may be too large by
            this much.
        max_steps: bound on the number of steps, for S and for K; each takes a product with A and
            one with Aᵀ.
        seed: seed of the starting vector.
        jit_compile: as in `linear_operator`.

    Returns:
        `NumericalRange`, with the property `max_step_size`.

    Warns:
        RuntimeWarning: if Lanczos did not converge within `max_steps`.

    Raises:
        TypeError: if it is given neither a game nor an operator.
        ValueError: if an option is out of range, or as in `linear_operator`.

    Example:
        >>> from scipy.sparse.linalg import aslinearoperator
        >>> box = numerical_range(aslinearoperator(np.array([[-1.0, -2.0], [2.0, -1.0]])))
        >>> round(box.largest_real, 6), round(box.largest_imaginary, 6)
        (-1.0, 2.0)
        >>> round(box.max_step_size, 6)
        0.4

    Reference:
        Bendixson, Sur les racines d'une équation fondamentale, Acta Mathematica 25, 1902. Lemma 4
        of Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017.
    """
    gamma = check_gamma(gamma)
    tolerance = check_float("tolerance", tolerance, zero=False)
    max_steps = check_count("max_steps", max_steps, "For example 500.")
    seed = check_int("seed", seed, minimum=0)
    a = as_operator(game, jit_compile)

    def start():
        return np.random.default_rng(seed).standard_normal(a.shape[0], dtype=a.dtype)

    # In place: at millions of parameters each temporary is as large as a gradient.
    def symmetric(u):
        a_u = a.matvec(u)
        a_u += a.rmatvec(u - 2 * gamma * a_u if gamma else u)
        a_u /= 2
        return a_u

    def antisymmetric(u):
        a_u = a.matvec(u)
        a_u -= a.rmatvec(u)
        a_u /= 2
        return a_u

    # K is nothing but rounding errors where A is symmetric, and S where A is antisymmetric.
    q = start()
    rounding = 10 * float(np.finfo(a.dtype).eps * np.linalg.norm(a.matvec(q / np.linalg.norm(q))))
    real = lanczos(symmetric, start(), tolerance, max_steps, floor=rounding)
    rotation = lanczos(antisymmetric, start(), tolerance, max_steps, True, rounding)
    converged = real.converged and rotation.converged
    if not converged:
        _warn(max_steps)
    return NumericalRange(real.low, real.high, rotation.high, converged)


def _warn(max_steps):
    warnings.warn(
        f"Lanczos did not converge in max_steps={max_steps}: the bounds are estimates. "
        "Raise `max_steps` or `tolerance`.",
        RuntimeWarning,
        stacklevel=3,
    )

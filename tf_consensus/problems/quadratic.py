"""Random quadratic games, monotone by construction."""

from collections.abc import Sequence

import numpy as np

from tf_consensus.problems.linear import LinearField
from tf_consensus.support.checks import check_bool, check_float, check_int


class Quadratic(LinearField):
    """A random game of quadratic losses whose field v(x) = A (x - x*) is monotone.

    A = S + K with S symmetric and K antisymmetric and zero in the players' own blocks. The
    smallest eigenvalue of -S is the modulus μ, hence

        (x - y)ᵀ (v(x) - v(y)) ≤ -μ ‖x - y‖²:

    strongly monotone for μ > 0, merely monotone for μ = 0. In a zero-sum game S has no coupling
    between the players, and μ is the smallest eigenvalue in each player's block.

    Args:
        dimensions: how many parameters each player has. One player gives a concave maximisation.
        zero_sum: whether the losses sum to zero; needs two players.
        modulus: μ ≥ 0.
        coupling: standard deviation of K's entries, ≥ 0; the larger, the more rotation.
        seed: the same seed gives the same game; `None` draws another each time.

    Raises:
        ValueError: if a dimension is not a positive integer, a zero-sum game does not have two
            players, the modulus or the coupling is not a finite number ≥ 0, or the seed is not
            an integer of at least 0.
        TypeError: if `zero_sum` is not a bool.

    Example:
        >>> problem = Quadratic(dimensions=(2, 3), zero_sum=True, modulus=0.5, seed=0)
        >>> game = problem.game([1.0, 1.0], [0.0, 0.0, 0.0])
        >>> bool(np.linalg.eigvals(problem.jacobian()).real.max() <= -0.5)
        True

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 2.2.
    """

    def __init__(
        self,
        dimensions: Sequence[int] = (2, 2),
        zero_sum: bool = False,
        modulus: float = 1.0,
        coupling: float = 1.0,
        seed: int | None = None,
    ) -> None:
        zero_sum = check_bool("zero_sum", zero_sum)
        dimensions = _check_dimensions(dimensions, zero_sum)
        self.modulus = check_float("modulus", modulus, zero=True)
        self.coupling = check_float("coupling", coupling, zero=True)
        rng = np.random.default_rng(None if seed is None else check_int("seed", seed, minimum=0))
        owner = np.repeat(np.arange(len(dimensions)), dimensions)
        own = owner[:, None] == owner
        if zero_sum:
            blocks = [_semidefinite(rng, d) for d in dimensions]
            s = np.zeros(own.shape)
            s[own] = np.concatenate([block.ravel() for block in blocks])
        else:
            s = _semidefinite(rng, len(owner))
        k = np.triu(rng.normal(scale=self.coupling, size=own.shape), 1) * ~own
        matrix = k - k.T - s - self.modulus * np.eye(len(owner))
        super().__init__(matrix, [rng.standard_normal(d) for d in dimensions], zero_sum)


def _semidefinite(rng, n):
    """A random symmetric matrix whose smallest eigenvalue is zero."""
    g = rng.standard_normal((n, n))
    gram = g @ g.T / n
    return gram - np.linalg.eigvalsh(gram)[0] * np.eye(n)


def _check_dimensions(dimensions, zero_sum):
    listed = isinstance(dimensions, list | tuple) and len(dimensions) > 0
    if not listed or not all(_is_count(d) for d in dimensions):
        raise ValueError(
            "Every player needs a positive number of parameters. Received: "
            f"dimensions={dimensions}. Pass for example dimensions=(2, 3)."
        )
    if zero_sum and len(dimensions) != 2:
        raise ValueError(
            "A zero-sum game has two players here. Received: zero_sum=True, dimensions="
            f"{dimensions}. Pass two dimensions, or zero_sum=False."
        )
    return tuple(dimensions)


def _is_count(d):
    return isinstance(d, int | np.integer) and not isinstance(d, bool) and d >= 1

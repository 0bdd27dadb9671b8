"""Which field an optimizer's steps follow, for whoever asks what those steps do."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tf_consensus.support.checks import check_count


class Field(NamedTuple):
    """The field w = v - γ R v'ᵀ C v of steps x ← x + h·w(x).

    C keeps the players whose part of v is to become small, R those who see to it; each is all
    players, the first alone or the others. So consensus has C = R = all; with C the first and R the
    others it is smoothing; γ = 0 is the gradient field v. Near a stationary point, to first order,

        w' = v' - γ R v'ᵀ C v'.

    Attributes:
        name: of the method, a word.
        gamma: γ, as it is now.
        measured: the players of C: "all", "first" or "others".
        regularized: likewise of R.
    """

    name: str
    gamma: float = 0.0
    measured: str = "all"
    regularized: str = "all"

    @property
    def is_regularized(self) -> bool:
        """Whether it is another field than the gradient field; its name decides, not its γ now."""
        return self.name != GRADIENT.name

    def projections(self, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The diagonals of C and R, of shape (n,).

        Args:
            sizes: number of parameters of each player, n in all.

        Raises:
            ValueError: if the players are none of these, or a size is not a positive integer.
        """
        sizes = _check_sizes(sizes)
        return _diagonal(self.measured, sizes), _diagonal(self.regularized, sizes)

    def derivative(self, jacobian: Any, sizes: Sequence[int]) -> Any:
        """The derivative w' near a stationary point, from v'.

        Args:
            jacobian: v', an array of shape (n, n), or a linear operator with `matvec` and
                `rmatvec`.
            sizes: number of parameters of each player, n in all.

        Returns:
            An array or a `scipy.sparse.linalg.LinearOperator`, as `jacobian` is.

        Raises:
            ValueError: as `projections`.
        """
        c, r = self.projections(sizes)
        if isinstance(jacobian, np.ndarray):
            return jacobian - self.gamma * r[:, None] * (jacobian.T @ (c[:, None] * jacobian))
        from scipy.sparse.linalg import LinearOperator

        def matvec(u: np.ndarray) -> np.ndarray:
            a_u = jacobian.matvec(u)
            return a_u - self.gamma * r * jacobian.rmatvec(c * a_u)

        return LinearOperator(jacobian.shape, matvec, dtype=jacobian.dtype)


GRADIENT = Field("gradient")
"""The gradient field v itself."""


def _check_sizes(sizes: Any) -> list[int]:
    if not isinstance(sizes, list | tuple) or not sizes:
        raise ValueError(
            "`sizes` must be a list of the players' numbers of parameters. Received: "
            f"sizes={sizes!r}. For example [1122, 881]."
        )
    return [check_count("sizes", size, "For example [1122, 881].") for size in sizes]


def _diagonal(players: str, sizes: Sequence[int]) -> np.ndarray:
    first = np.arange(sum(sizes)) < sizes[0]
    chosen = {"all": np.ones_like(first), "first": first, "others": ~first}
    if players not in chosen:
        raise ValueError(
            "A field measures and regularizes 'all' players, the 'first' or the 'others'. "
            f"Received: {players!r}. Choose one of the three."
        )
    return chosen[players].astype("float64")

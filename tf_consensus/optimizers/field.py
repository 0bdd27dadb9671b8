"""Which field an optimizer's steps follow, for whoever asks what those steps do."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


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

    def projections(self, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The diagonals of C and R, of shape (n,).

        Args:
            sizes: number of parameters of each player, n in all.
        """
        return _diagonal(self.measured, sizes), _diagonal(self.regularized, sizes)


GRADIENT = Field("gradient")


def _diagonal(players, sizes):
    first = np.arange(sum(sizes)) < sizes[0]
    chosen = {"all": np.ones_like(first), "first": first, "others": ~first}
    return chosen[players].astype("float64")

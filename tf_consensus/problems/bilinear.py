"""The bilinear game, a field of pure rotation."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.problems.linear import LinearField
from tf_consensus.problems.problem import check_parameters


class Bilinear(LinearField):
    """The zero-sum game with losses (θᵀMφ, -θᵀMφ).

        v(θ, φ) = (-Mφ, Mᵀθ),    v' = [[0, -M], [Mᵀ, 0]]

    The eigenvalues of v' are ±i times the singular values of M (and zeros if M is not square), so
    simultaneous ascent leaves the equilibrium 0 for every step size.

    Args:
        matrix: a number, then θ and φ are numbers; or an array M of shape (m, n), then θ has shape
            (m,) and φ shape (n,).

    Raises:
        ValueError: if `matrix` has another rank, is empty or is not finite.

    Example:
        >>> problem = Bilinear()
        >>> [float(t) for t in problem.vector_field(1.0, 1.0)]
        [-1.0, 1.0]

    Reference:
        IFT 6085, lecture 14, the bilinear game θφ.
    """

    def __init__(self, matrix: ArrayLike = 1.0) -> None:
        m = check_parameters("matrix", matrix)
        if m.ndim not in (0, 2) or not m.size:
            raise ValueError(
                "`matrix` must be a finite number or a non-empty finite array of rank 2. "
                f"Received: matrix={matrix!r}. Pass for example matrix=np.eye(3)."
            )
        equilibrium = [np.zeros(())] * 2 if m.ndim == 0 else [np.zeros(d) for d in m.shape]
        m = np.atleast_2d(m)
        rows, columns = m.shape
        field = np.block([[np.zeros((rows, rows)), -m], [m.T, np.zeros((columns, columns))]])
        super().__init__(field, equilibrium, zero_sum=True)

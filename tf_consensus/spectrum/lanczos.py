"""Both ends of the spectrum of a symmetric or antisymmetric operator."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy


class Ends(NamedTuple):
    """Both ends of a real spectrum.

    Attributes:
        low: the smallest Ritz value minus its residual.
        high: the largest Ritz value plus its residual.
        converged: whether both residuals reached the tolerance.
    """

    low: float
    high: float
    converged: bool


def lanczos(
    matvec: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    tolerance: float,
    max_steps: int,
    antisymmetric: bool = False,
    floor: float = 0.0,
) -> Ends:
    """The extreme eigenvalues of S = Sᵀ, or of the Hermitian iK with K = -Kᵀ.

    The recursion (s = 1 for S, s = -1 and α = 0 for K)

        βⱼ qⱼ₊₁ = M qⱼ - αⱼ qⱼ - s βⱼ₋₁ qⱼ₋₁

    makes M tridiagonal. With the basis iʲqⱼ, iK becomes the symmetric tridiagonal matrix of the
    same β: so K needs real products only, one per step.

    Nothing is orthogonalised again, so three vectors are all the memory it takes. The copies of
    converged eigenvalues that this brings in lie at the same ends.

    Args:
        matvec: the product with S or K, in a new array.
        start: random vector of shape (n,); overwritten.
        tolerance: bound on the residual ‖Mz - λz‖ relative to the largest |λ|.
        max_steps: bound on the number of products.
        antisymmetric: whether the operator is a K.
        floor: size of the products' rounding errors; a residual this small has converged too.

    Reference:
        Paige, Accuracy and effectiveness of the Lanczos algorithm for the symmetric eigenproblem,
        1980.
    """
    q, last, beta = start, np.zeros_like(start), 0.0
    q /= np.linalg.norm(q)
    alphas: list[float] = []
    betas: list[float] = []
    for _ in range(max_steps):
        u = matvec(q)
        last *= beta if antisymmetric else -beta
        u += last
        alphas.append(0.0 if antisymmetric else float(q @ u))
        u -= alphas[-1] * q
        beta = float(np.linalg.norm(u))
        ritz, s = scipy.linalg.eigh_tridiagonal(alphas, betas)
        residuals = beta * np.abs(s[-1, [0, -1]])
        largest = max(abs(ritz[0]), abs(ritz[-1]))
        converged = bool(max(residuals) <= max(tolerance * largest, floor))
        if converged:
            break
        betas.append(beta)
        u /= beta
        q, last = u, q
    return Ends(float(ritz[0] - residuals[0]), float(ritz[-1] + residuals[1]), converged)

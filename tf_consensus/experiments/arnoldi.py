"""Finds all ends of an operator's spectrum from one Krylov space, in a known number of products."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator


class Ritz(NamedTuple):
    """Eigenvalues of an operator A on a Krylov space.

    Attributes:
        values: Complex (m,).
        residuals: ‖Az - λz‖ for each value λ with its unit Ritz vector z: λ is exact for a matrix
            that differs from A by this much.
    """

    values: np.ndarray
    residuals: np.ndarray


def arnoldi(
    operator: "LinearOperator",
    products: int,
    enough: Callable[[Ritz], bool] = lambda found: False,
    every: int = 10,
    seed: int = 0,
) -> Ritz:
    """The Ritz values of A on the space of u, Au, A²u …, with u random.

    With V the orthonormal basis and H = VᵀAV they are the eigenvalues λ of H. The residual of
    Hy = λy is h·|y_m|, with h the length of the part of A v_m that is orthogonal to V. The values
    at the ends of the spectrum converge first. `spectrum.extreme_eigenvalues` seeks one end at a
    time, in a number of products that is not known beforehand.

    Args:
        operator: A, of shape (n, n).
        products: Largest number of products with A, and of vectors of size n in memory.
        enough: Function of the values that says whether they are enough.
        every: Number of products from one call of `enough` to the next.
        seed: Seed of u.

    Reference:
        Saad, Numerical Methods for Large Eigenvalue Problems, 2011, section 6.2.
    """
    n, kind = operator.shape[0], operator.dtype
    products = min(products, n)
    basis = np.empty((products + 1, n), kind)
    h = np.zeros((products + 1, products))
    start = np.random.default_rng(seed).standard_normal(n).astype(kind)
    basis[0] = start / np.linalg.norm(start)
    for j in range(products):
        w = operator.matvec(basis[j]).astype(kind)
        size = np.linalg.norm(w)
        for _ in range(2):  # the second time removes what rounding has left
            parts = basis[: j + 1] @ w
            w -= parts @ basis[: j + 1]
            h[: j + 1, j] += parts
        h[j + 1, j] = np.linalg.norm(w)
        found = _ritz(h, j + 1)
        # A maps the space into itself.
        if h[j + 1, j] <= 10 * np.finfo(kind).eps * size:
            return Ritz(found.values, np.zeros_like(found.residuals))
        if (j + 1) % every == 0 and enough(found):
            break
        basis[j + 1] = w / h[j + 1, j]
    return found


def _ritz(h, m):
    values, y = np.linalg.eig(h[:m, :m])
    return Ritz(values.astype(complex), h[m, m - 1] * np.abs(y[-1]))

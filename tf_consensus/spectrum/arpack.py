"""A few extreme eigenvalues without the matrix, by ARPACK."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tf_consensus.games.game import Game
from tf_consensus.spectrum.matrix_free import as_operator
from tf_consensus.support.checks import check_count, check_float, check_int, nearest

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

# ARPACK's name, and the key that orders the result.
_WHICH: dict[str, tuple[str, Callable]] = {
    "largest_real": ("LR", np.real),
    "largest_imaginary": ("LI", lambda values: np.abs(values.imag)),
    "largest_modulus": ("LM", np.abs),
}
# Below this many parameters ARPACK's subspace would be the whole space.
_SMALL = 32


class ExtremeEigenvalues(NamedTuple):
    """Some eigenvalues of an operator A.

    Attributes:
        values: complex array, the most extreme first; fewer than k where ARPACK did not converge.
        residuals: ‖Az - λz‖ of each value λ with its unit eigenvector z: λ is exact for a matrix
            that differs from A by that much.
        converged: whether all k values are there.
    """

    values: np.ndarray
    residuals: np.ndarray
    converged: bool


def extreme_eigenvalues(
    game: "Game | LinearOperator",
    k: int = 6,
    which: str = "largest_real",
    tolerance: float | None = None,
    max_iterations: int | None = None,
    subspace: int | None = None,
    seed: int = 0,
) -> ExtremeEigenvalues:
    """The k eigenvalues that lie furthest out, by implicitly restarted Arnoldi iteration.

    Args:
        game: a game, for v' on its batch; or an operator from `linear_operator`, which can carry γ
            and is compiled once for many calls.
        k: the number of eigenvalues.
        which: "largest_real" for stability, "largest_imaginary" (by |Im|) for rotation, or
            "largest_modulus". The list may end with one half of a conjugate pair.
        tolerance: relative accuracy; `None` is eps^(2/3) of the operator's dtype.
        max_iterations: ARPACK's restarts; `None` is 10 n.
        subspace: number of vectors of size n kept in memory, at least k + 2; `None` is the larger
            of 2k + 1 and 20. With more vectors it converges in fewer products.
        seed: seed of the starting vector.

    Returns:
        `ExtremeEigenvalues`, sorted.

    Warns:
        RuntimeWarning: if ARPACK did not converge; what it reached is returned.

    Raises:
        TypeError: if it is given neither a game nor an operator.
        ValueError: if `which` is unknown, k is not between 1 and n, an option is out of range, or
            as in `linear_operator`.

    Example:
        >>> from scipy.sparse.linalg import aslinearoperator
        >>> operator = aslinearoperator(np.diag(-np.arange(1.0, 101.0)))
        >>> extreme_eigenvalues(operator, k=2).values.real.round(6).tolist()
        [-1.0, -2.0]

    Reference:
        Lehoucq, Sorensen, Yang, ARPACK Users' Guide, 1998.
    """
    _check_which(which)
    operator = as_operator(game)
    n = operator.shape[0]
    _check_k(k, n)
    _check_options(k, tolerance, max_iterations, subspace)
    seed = check_int("seed", seed, minimum=0)
    if n <= max(_SMALL, k + 2):
        values, z = np.linalg.eig(operator @ np.eye(n, dtype=operator.dtype))
        return _sorted(operator, values, z, k, which)
    eps = np.finfo(operator.dtype).eps
    options = {
        "which": _WHICH[which][0],
        "v0": np.random.default_rng(seed).standard_normal(n).astype(operator.dtype),
        "tol": eps ** (2 / 3) if tolerance is None else tolerance,
        "maxiter": max_iterations,
        "ncv": subspace,
    }
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    try:
        values, z = eigs(operator, k, **options)
    except ArpackNoConvergence as error:
        values, z = error.eigenvalues, error.eigenvectors
        _warn(len(values), k)
    return _sorted(operator, values, z, k, which)


def _sorted(operator, values, z, k, which):
    order = np.argsort(-_WHICH[which][1](values), kind="stable")[:k]
    values, z = values[order].astype(complex), z[:, order]
    residuals = [
        np.linalg.norm(operator.matvec(z[:, i]) - values[i] * z[:, i]) for i in range(len(order))
    ]
    return ExtremeEigenvalues(values, np.array(residuals), converged=len(values) == k)


def _warn(reached, k):
    warnings.warn(
        f"ARPACK converged to {reached} of {k} eigenvalues, which are returned. Raise "
        "`max_iterations`, `subspace` or `tolerance`; eigenvalues that lie close together need a "
        "larger subspace.",
        RuntimeWarning,
        stacklevel=3,
    )


def _check_which(which):
    if not isinstance(which, str) or which not in _WHICH:
        raise ValueError(
            f"Unknown end of the spectrum. Received: which={which!r}. {nearest(which, _WHICH)}Use "
            f"one of {sorted(_WHICH)}."
        )


def _check_k(k, n):
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or not 1 <= k <= n:
        raise ValueError(
            f"`k` must be an integer between 1 and the number of parameters, {n}. "
            f"Received: k={k!r}. For all eigenvalues use `eigenvalues`."
        )


def _check_options(k, tolerance, max_iterations, subspace):
    if tolerance is not None:
        check_float("tolerance", tolerance, zero=True)
    if max_iterations is not None:
        check_count("max_iterations", max_iterations, "None is 10 times the number of parameters.")
    if subspace is not None:
        check_int("subspace", subspace, minimum=k + 2)

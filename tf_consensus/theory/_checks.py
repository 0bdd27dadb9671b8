"""The hypotheses the statements share, checked once and reported in one form."""

from typing import Any

import numpy as np

from tf_consensus.support.arrays import COMPLEX, check_array, check_finite
from tf_consensus.support.checks import is_integer


def as_matrix(matrix: Any, name: str = "jacobian") -> np.ndarray:
    """Returns a real square matrix; float32 stays float32, so tolerances fit its precision."""
    a = as_array(matrix, name)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or a.size == 0:
        raise ValueError(
            f"`{name}` must be a square matrix with at least one row. "
            f"Received: {name} of shape {a.shape}. Pass one row and one column per parameter."
        )
    if np.iscomplexobj(a):
        raise ValueError(
            f"`{name}` must be real. Received: {name} of dtype {a.dtype}. "
            "Pass the matrix itself, not its diagonal form."
        )
    return as_finite(a if a.dtype == np.float32 else a.astype(np.float64), name)


def as_eigenvalues(eigenvalues: Any) -> np.ndarray:
    """Returns a non-empty vector of finite complex numbers."""
    values = as_array(eigenvalues, "eigenvalues").astype(np.complex128)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            "`eigenvalues` must be a vector with at least one entry. "
            f"Received: eigenvalues of shape {values.shape}. "
            "For a matrix, pass `numpy.linalg.eigvals(matrix)`."
        )
    return as_finite(values, "eigenvalues")


def as_array(values: Any, name: str, kinds: str = COMPLEX) -> np.ndarray:
    """Returns an array of numbers, also complex ones, but no bools, text or ragged lists."""
    hint = "Pass rows of one length, for example [[0.0, 1.0], [-1.0, 0.0]]."
    return check_array(name, values, hint, kinds)


def as_finite(array: np.ndarray, name: str) -> np.ndarray:
    """Returns the array, which must hold neither NaN nor infinity."""
    return check_finite(name, array, "Evaluate the game at an earlier point, before it diverges.")


def as_split(split: int, size: int) -> int:
    """Returns the number of parameters of the first player; both players must have some."""
    if not is_integer(split) or not 0 < split < size:
        raise ValueError(
            f"`split` must be a whole number between 1 and {size - 1}: the first player's "
            f"parameters, of {size} in all. Received: split={split!r}. Both players must have some."
        )
    return int(split)


def check_stable(eigenvalues: np.ndarray) -> None:
    """Raises unless every eigenvalue has negative real part."""
    worst = eigenvalues[np.argmax(eigenvalues.real)]
    if not worst.real < 0:
        raise ValueError(
            "All eigenvalues must have negative real part: no step h > 0 makes |1 + h*lambda| < 1 "
            f"otherwise. Received: eigenvalue {worst:.6g}. If the Jacobian is negative "
            "semi-definite and invertible, `consensus_matrix(jacobian, gamma)` with gamma > 0 "
            "moves its eigenvalues to the left half plane."
        )


def check_negative_semidefinite(a: np.ndarray) -> None:
    """Raises if wᵀAw > 0 for some w, beyond rounding."""
    largest = np.linalg.eigvalsh((a + a.T) / 2)[-1]
    if largest > _rounding(a):
        raise ValueError(
            "`jacobian` must be negative semi-definite: w @ jacobian @ w <= 0 for every w. "
            f"Received: a jacobian whose symmetric part has the eigenvalue {largest:.6g}. "
            "Mind the sign: v is the gradient of the players' utilities, minus that of the "
            "losses; and the point must be a local Nash equilibrium of a zero-sum game."
        )


def check_invertible(a: np.ndarray) -> float:
    """Returns the smallest singular value ρ, |Aw| >= ρ|w|; raises if it is rounding only."""
    rho = np.linalg.svd(a, compute_uv=False)[-1]
    if rho <= _rounding(a):
        raise ValueError(
            "`jacobian` must be invertible. "
            f"Received: a jacobian whose smallest singular value is {rho:.6g}. "
            "Drop the parameters the game does not depend on, or fix them."
        )
    return float(rho)


def _rounding(a: np.ndarray) -> float:
    return a.shape[0] * np.finfo(a.dtype).eps * np.linalg.norm(a, 2)

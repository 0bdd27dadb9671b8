"""The hypotheses the statements share, checked once and reported in one voice."""

import numpy as np

_REAL = int | float | np.integer | np.floating


def as_matrix(matrix, name: str = "jacobian") -> np.ndarray:
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
    return check_finite(a if a.dtype == np.float32 else a.astype(np.float64), name)


def as_eigenvalues(eigenvalues) -> np.ndarray:
    """Returns a non-empty vector of finite complex numbers."""
    values = as_array(eigenvalues, "eigenvalues").astype(np.complex128)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            "`eigenvalues` must be a vector with at least one entry. "
            f"Received: eigenvalues of shape {values.shape}. "
            "Of a matrix, pass `numpy.linalg.eigvals(matrix)`."
        )
    return check_finite(values, "eigenvalues")


def as_array(values, name: str) -> np.ndarray:
    """Returns an array of numbers; no truth values, text or ragged lists."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = None
    if array is None or array.dtype.kind not in "iufc":
        raise ValueError(
            f"`{name}` must be an array of numbers. Received: {name}={values!r}. Pass rows of one "
            "length, for example [[0.0, 1.0], [-1.0, 0.0]]."
        )
    return array


def as_number(
    value, name: str, rule: str = "finite", allowed=lambda _: True, hint: str = "Pass a number."
) -> float:
    """Returns a finite number for which `allowed(value)`, as `rule` says in words."""
    number = isinstance(value, _REAL) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or not allowed(value):
        raise ValueError(f"`{name}` must be {rule}. Received: {name}={value!r}. {hint}")
    return float(value)


def as_positive(value, name: str) -> float:
    """Returns a finite number above zero."""
    return as_number(value, name, "positive and finite", lambda x: x > 0)


def as_non_negative(value, name: str) -> float:
    """Returns a finite number, zero or above."""
    return as_number(value, name, "finite, 0 or above", lambda x: x >= 0)


def as_split(split, size: int) -> int:
    """Returns the number of parameters of the first player; both players must have some."""
    if not _is_whole(split) or not 0 < split < size:
        raise ValueError(
            f"`split` must be a whole number between 1 and {size - 1}: the first player's "
            f"parameters, of {size} in all. Received: split={split!r}. Both players have some."
        )
    return int(split)


def as_count(value, name: str) -> int:
    """Returns a whole number above zero."""
    if not _is_whole(value) or value < 1:
        raise ValueError(
            f"`{name}` must be a whole number above 0. Received: {name}={value!r}. Pass for "
            f"example {name}=64."
        )
    return int(value)


def _is_whole(value):
    number = isinstance(value, _REAL) and not isinstance(value, bool)
    return number and np.isfinite(value) and value == int(value)


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


def check_finite(values: np.ndarray, name: str) -> np.ndarray:
    """Returns the array, which must hold neither NaN nor infinity."""
    if not np.isfinite(values).all():
        bad = np.count_nonzero(~np.isfinite(values))
        raise ValueError(
            f"`{name}` must be finite. Received: {bad} entries that are NaN or infinite. "
            "Evaluate the game at an earlier point, before it diverges."
        )
    return values

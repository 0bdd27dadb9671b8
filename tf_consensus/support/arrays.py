"""Checks of arrays of numbers: each returns the array or says what is wrong with the value."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_consensus.support.checks import shown

# NumPy's kinds of dtypes: (un)signed integers, floats, complex numbers; "V" has bfloat16.
COMPLEX = "iufc"
REAL = "biufV"
# What to do with a masked array, a sentence for messages.
FILL = "Fill what is masked, by x.filled(value), or leave it out."


def is_masked(value: Any) -> bool:
    """Whether an array, or one in a list, a tuple or a dict, hides some of its values.

    NumPy and TensorFlow take what is hidden for values like the others.
    """
    if isinstance(value, Mapping):
        return any(map(is_masked, value.values()))
    if isinstance(value, list | tuple):
        return any(map(is_masked, value))
    return isinstance(value, np.ma.MaskedArray) and bool(np.ma.getmaskarray(value).any())


def check_unmasked(name: str, value: Any) -> None:
    """Raise if an array hides some of its values.

    Raises:
        ValueError: If it does, or one in a list, a tuple or a dict does.
    """
    if is_masked(value):
        raise ValueError(
            f"`{name}` must be an array without masked values. Received: {name}, a masked array. "
            f"{FILL}"
        )


def check_array(
    name: str, value: Any, hint: str = "Pass an array of floats.", kinds: str = REAL
) -> np.ndarray:
    """Return `value` as an array of numbers, in the dtype that it has.

    Args:
        name: The argument's name, for the message.
        value: What the caller passed.
        hint: The remedy, a sentence that ends the message.
        kinds: NumPy's letters for the kinds of dtypes that are allowed.

    Raises:
        ValueError: If it holds anything else, rows of unequal length, or masked values.
    """
    check_unmasked(name, value)
    try:
        array = np.asarray(value)
        if array.dtype.kind == "V" and "V" in kinds:
            return array.astype(np.float64)
    # An object that is asked for its array may raise anything.
    except Exception as error:
        raise ValueError(_no_numbers(name, value, hint)) from error
    if array.dtype.kind in kinds:
        return array
    raise ValueError(_no_numbers(name, value, hint))


def check_reals(name: str, value: Any, hint: str = "Pass an array of floats.") -> np.ndarray:
    """Return `value` as an array of float64; arguments and errors are those of `check_array`."""
    return check_array(name, value, hint).astype(np.float64)


def check_finite(name: str, array: np.ndarray, hint: str, largest: float = np.inf) -> np.ndarray:
    """Return the array, if its numbers are finite and none is beyond `largest`.

    Args:
        name: The argument's name, for the message.
        array: Real or complex numbers.
        hint: The remedy, a sentence that ends the message.
        largest: The largest magnitude that is allowed.

    Raises:
        ValueError: If some are not; the message says how many.
    """
    # float32 has no number as large as most limits; of NaN a comparison is false.
    good = np.isfinite(array) & (np.abs(array.astype(np.result_type(array, float))) <= largest)
    if good.all():
        return array
    bad = array[~good]
    rule = "NaN or infinite" if np.isinf(largest) else f"NaN, infinite or beyond {largest:g}"
    raise ValueError(
        f"`{name}` must be finite. Received: {name} of shape {array.shape}, of which {bad.size} "
        f"are {rule}, the first {bad[0]:g}. {hint}"
    )


def _no_numbers(name: str, value: Any, hint: str) -> str:
    return f"`{name}` must be an array of numbers. Received: {name}={shown(value)}. {hint}"

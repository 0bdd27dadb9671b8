"""The values of a column of a table, as numbers, texts or bools."""

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tf_consensus.support.checks import is_real, shown

# Whole numbers beyond this may have been rounded to a neighbour by float64.
_LARGEST = 2**53 - 1
# Differences of larger numbers, and their multiples, may overflow.
_FARTHEST = 1e300
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d*)")
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)


class RawColumn(NamedTuple):
    """The values of a column.

    Attributes:
        values: numbers as float64, with NaN where one is missing; or an object array of text or of
            bools, with None where one is missing.
        kind: "integer", "number", "text" or "bool".
    """

    values: np.ndarray
    kind: str

    @property
    def missing(self) -> np.ndarray:
        """Where a value is missing, bools (n,)."""
        if self.values.dtype == object:
            return np.array([x is None for x in self.values], bool)
        return np.isnan(self.values)


def of_texts(
    name: str, texts: Sequence[str], missing: Sequence[str], kind: str | None = None
) -> RawColumn:
    """The column of a file's texts: numbers if all are; one with a leading zero is none.

    Args:
        name: the column's, for messages.
        texts: the values.
        missing: texts that stand for a missing value.
        kind: "number", "text" or "bool" where it is known what the column holds.

    Raises:
        ValueError: if a number is infinite or too large.
    """
    present = [x for x in texts if x not in missing]
    if kind in (None, "number") and _are_numbers(present):
        values = np.array([math.nan if x in missing else float(x) for x in texts])
        whole = all(_INTEGER.fullmatch(x) for x in present)
        return _numbers(name, values, "integer" if whole else "number")
    if not present:
        return _without_values(len(texts), kind)
    return RawColumn(_objects([None if x in missing else x for x in texts]), "text")


def of_array(name: str, values: Any, kind: str | None = None) -> RawColumn:
    """The column of an array (n,) or a list.

    Args:
        name: the column's, for messages.
        values: the values, None or NaN where one is missing, as one is that an array masks.
        kind: as of `of_texts`; it says what a column without a value holds.

    Raises:
        ValueError: if the values are of several kinds or of an unknown one, or are no row.
    """
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise ValueError(
            f"A column must be of shape (rows,). Received: column {name!r} of shape "
            f"{array.shape}. Make each of its parts a column, or leave it out by `columns`."
        )
    if array.dtype.kind not in "biufUO":
        raise ValueError(_VALUES.format(name, f"values of dtype {array.dtype}"))
    if np.ma.isMaskedArray(values):
        return _of_objects(name, values.tolist(), kind)  # None where one is masked
    mixed = not isinstance(values, np.ndarray) and array.dtype.kind == "U"
    if array.dtype.kind in "iuf" and array.dtype.itemsize <= 8:
        return _numbers(name, array, "number" if array.dtype.kind == "f" else "integer")
    # NumPy makes texts of numbers beside texts, and objects have kinds of their own.
    return _of_objects(name, list(values) if mixed else array.tolist(), kind)


def _of_objects(name: str, values: list[Any], kind: str | None) -> RawColumn:
    plain = [None if _is_missing(x) else _plain(x) for x in values]
    kinds = {_kind(x) for x in plain if x is not None}
    if not kinds:
        return _without_values(len(plain), kind)
    if kinds <= {"integer", "number"}:
        numbers = np.array([math.nan if x is None else float(x) for x in plain])
        return _numbers(name, numbers, "integer" if kinds == {"integer"} else "number")
    if kinds in ({"text"}, {"bool"}):
        return RawColumn(_objects(plain), kinds.pop())
    raise ValueError(_VALUES.format(name, f"values such as {shown(values[:3])}"))


def is_number(text: str) -> bool:
    """Whether a text is a finite number, which none with a leading zero is."""
    return bool(_NUMBER.fullmatch(text))


def _are_numbers(texts: Sequence[str]) -> bool:
    """Whether all are numbers, of which some may be infinite."""
    finite = [is_number(x) for x in texts]
    others = (x for x, known in zip(texts, finite, strict=True) if not known)
    return any(finite) and all(_INFINITE.fullmatch(x) for x in others)


def _numbers(name: str, array: np.ndarray, kind: str) -> RawColumn:
    values = array.astype(np.float64)
    largest = np.abs(values[~np.isnan(values)]).max(initial=0.0)
    if kind == "integer" and largest > _LARGEST:
        raise ValueError(
            "Whole numbers of a table must lie within ±2⁵³, which float64 holds. Received: column "
            f"{name!r} with larger ones. Leave it out by `columns`, or turn what counts nothing, "
            "such as a key, into texts."
        )
    if largest > _FARTHEST:
        told = "infinity" if np.isinf(largest) else f"a number of magnitude {largest:g}"
        raise ValueError(
            f"Numbers of a table must be finite, and within ±{_FARTHEST:g}. Received: column "
            f"{name!r} with {told}. Replace it by NaN, which stands for a missing number, or leave "
            "the rows out."
        )
    return RawColumn(values, kind)


def _without_values(number: int, kind: str | None) -> RawColumn:
    """A column whose values are all missing."""
    if kind == "number":
        return RawColumn(np.full(number, math.nan), kind)
    return RawColumn(_objects([None] * number), kind or "text")


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _is_missing(value: Any) -> bool:
    missing = value is None or type(value).__name__ == "NAType"  # pandas' own
    return missing or (isinstance(value, float) and math.isnan(value))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "text"
    if is_real(value):
        return "integer" if isinstance(value, int) else "number"
    return "number" if isinstance(value, float) else ""


def _objects(values: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


_VALUES = (
    "A column must hold numbers, or texts, or bools, with None where one is missing. Received: "
    "column {!r} with {}. Convert it, or leave it out by `columns`."
)

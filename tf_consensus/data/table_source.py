"""Columns of a table as they come: from a CSV file, a dict of arrays, or a data frame."""

import csv
import math
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tf_consensus.support.checks import check_path, is_real, shown

# Whole numbers beyond this are not all numbers of float64.
_LARGEST = 2**53
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d*)")
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


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


def read_columns(source: Any, missing: Sequence[str] = ()) -> dict[str, RawColumn]:
    """The columns of a source by name, all of one length.

    Args:
        source: path of a CSV file with a line of names, dict of arrays (n,), structured array, or
            anything with `columns` and columns by name, such as a pandas DataFrame.
        missing: texts of a file that stand for a missing value.

    Raises:
        ValueError: if it is none of these, is empty, or its columns differ in length or hold
            values of several kinds.
    """
    if isinstance(source, str | os.PathLike):
        return _of_file(check_path("source", source, "Pass a CSV file."), missing)
    columns = _named(source)
    found = {name: _of_array(name, values) for name, values in columns.items()}
    lengths = {name: len(column.values) for name, column in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"Columns must be of one length. Received: {shown(lengths)} values. Give each row a "
            "value in every column, None where it is missing."
        )
    if not any(lengths.values()):
        raise ValueError(_EMPTY.format("no row"))
    return found


def _named(source: Any) -> dict[str, Any]:
    if isinstance(source, Mapping):
        names: Any = list(source)
    elif isinstance(source, np.ndarray) and source.dtype.names:
        names = list(source.dtype.names)
    elif hasattr(source, "columns") and hasattr(source, "__getitem__"):
        names = list(source.columns)
    else:
        raise ValueError(
            "`source` must be a CSV file, or columns by name. Received: "
            f"source={shown(source)}. Give the columns of an array names, for example by "
            "dict(zip(names, array.T))."
        )
    wrong = [name for name in names if not isinstance(name, str) or not name.strip()]
    if wrong or len(set(names)) != len(names):
        raise ValueError(
            f"Names of columns must be texts, each once. Received: {shown(names)}. Rename them."
        )
    return {name: source[name] for name in names}


def _of_file(path: str, missing: Sequence[str]) -> dict[str, RawColumn]:
    try:
        names, rows = _lines(path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"A table must be a CSV file in UTF-8. Received: {path!r}, which is none ({error}). "
            "Save it as such."
        ) from error
    if "" in names or len(set(names)) != len(names):
        raise ValueError(
            f"Names of columns must be texts, each once. Received: {shown(names)}. Rename them in "
            "the file's first line."
        )
    if not rows:
        raise ValueError(_EMPTY.format(f"the file {path!r} without a row"))
    texts = zip(*rows, strict=True)
    return {name: _of_texts(x, missing) for name, x in zip(names, texts, strict=True)}


def _lines(path: str) -> tuple[list[str], list[list[str]]]:
    """The names and the rows of a file."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        names = [name.strip() for name in next(reader, [])]
        if not names:
            raise ValueError(_EMPTY.format(f"the empty file {path!r}"))
        rows = []
        for row in filter(None, reader):
            if len(row) != len(names):
                raise ValueError(
                    f"Every line of a table must have one value per column, {len(names)}. "
                    f"Received: {len(row)} in line {reader.line_num} of {path!r}. Quote values "
                    "that hold a comma."
                )
            rows.append([value.strip() for value in row])
    return names, rows


def _of_texts(texts: Sequence[str], missing: Sequence[str]) -> RawColumn:
    """Numbers if all texts are; one with a leading zero, such as a postal code, is none."""
    present = [x for x in texts if x not in missing]
    if present and all(_NUMBER.fullmatch(x) for x in present):
        values = np.array([math.nan if x in missing else float(x) for x in texts])
        whole = all(_INTEGER.fullmatch(x) for x in present)
        if (np.isfinite(values) | np.isnan(values)).all() and _holds(values, whole):
            return RawColumn(values, "integer" if whole else "number")
    return RawColumn(_objects([None if x in missing else x for x in texts]), "text")


def _holds(values: np.ndarray, whole: bool) -> bool:
    return not whole or bool((np.abs(values[~np.isnan(values)]) <= _LARGEST).all())


def _of_array(name: str, values: Any) -> RawColumn:
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise ValueError(
            f"A column must be of shape (rows,). Received: column {name!r} of shape "
            f"{array.shape}. Make each of its parts a column."
        )
    if array.dtype.kind not in "biufUO":
        raise ValueError(_VALUES.format(name, f"values of dtype {array.dtype}"))
    mixed = not isinstance(values, np.ndarray) and array.dtype.kind == "U"
    if array.dtype.kind in "iuf" and array.dtype.itemsize <= 8:
        return _numbers(name, array, "number" if array.dtype.kind == "f" else "integer")
    # NumPy makes texts of numbers beside texts, and objects have kinds of their own.
    return _of_objects(name, list(values) if mixed else array.tolist())


def _of_objects(name: str, values: list[Any]) -> RawColumn:
    plain = [None if _is_missing(x) else _plain(x) for x in values]
    kinds = {_kind(x) for x in plain if x is not None}
    if kinds <= {"integer", "number"} and kinds:
        numbers = np.array([math.nan if x is None else float(x) for x in plain])
        return _numbers(name, numbers, "integer" if kinds == {"integer"} else "number")
    if len(kinds) == 1 and (kind := kinds.pop()):
        return RawColumn(_objects(plain), kind)
    if not kinds:
        return RawColumn(_objects(plain), "text")
    raise ValueError(_VALUES.format(name, f"values such as {shown(values[:3])}"))


def _numbers(name: str, array: np.ndarray, kind: str) -> RawColumn:
    values = array.astype(np.float64)
    if np.isinf(values).any():
        raise ValueError(
            f"Numbers of a table must be finite. Received: column {name!r} with infinity. Replace "
            "it by NaN, which stands for a missing number, or leave the rows out."
        )
    if not _holds(values, kind == "integer"):
        raise ValueError(
            "Whole numbers of a table must lie within ±2⁵³, which float64 holds. Received: column "
            f"{name!r} with larger ones. Turn what counts nothing, such as a key, into texts."
        )
    return RawColumn(values, kind)


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
    return ""


def _objects(values: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


_VALUES = (
    "A column must hold numbers, or texts, or bools, with None where one is missing. Received: "
    "column {!r} with {}. Convert it, or leave it out."
)
_EMPTY = "A table must have a row at least. Received: {}. Pass columns that hold values."

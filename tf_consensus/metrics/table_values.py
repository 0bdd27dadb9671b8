"""The columns of tables as their scores take them: numbers, or categories."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse

from tf_consensus.support.arrays import check_finite
from tf_consensus.support.checks import is_real, shown

# The standard deviation of equal numbers, as a share of them, is below this.
_ROUNDING = 4 * np.finfo(float).eps


class Values(NamedTuple):
    """The values of a column.

    Attributes:
        numbers: float64 (n,), with NaN for missing ones; empty for categories.
        categories: the categories, with None for missing ones; `None` for numbers.
    """

    numbers: np.ndarray
    categories: list[Any] | None

    @property
    def present(self) -> np.ndarray:
        """The numbers that are not missing."""
        return self.numbers[~np.isnan(self.numbers)]

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.numbers if self.categories is None else self.categories)


def columns_of(name: str, columns: Any, categorical: Sequence[str] = ()) -> dict[str, Values]:
    """The columns of a table by name.

    Args:
        name: the argument's name, for the message.
        columns: what the caller passed.
        categorical: names of columns of numbers that are categories.

    Raises:
        ValueError: if it is no dict of columns (n,) of one length, or numbers are infinite.
    """
    if not isinstance(columns, Mapping) or not columns:
        raise ValueError(_TABLE.format(name, f"{name}={shown(columns)}"))
    found = {key: _values(name, key, x, key in categorical) for key, x in columns.items()}
    lengths = {key: found[key].number for key in found}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(_TABLE.format(name, f"columns of {shown(lengths)} values"))
    return found


def shared_columns(
    real: Any, other: Any, categorical: Sequence[str], name: str = "generated"
) -> dict[str, tuple[Values, Values]]:
    """Pairs of a real column and the other one of its name.

    Args:
        real: the real columns.
        other: those to compare with them.
        categorical: names of columns of numbers that are categories.
        name: of the argument that holds the others.

    Raises:
        ValueError: as `columns_of`, if a name of `categorical` is unknown, or the columns differ
            in name or kind.
    """
    listed = isinstance(categorical, list | tuple | set | frozenset)
    if not listed or not set(categorical) <= set(real if real else ()):
        raise ValueError(
            "`categorical` must be names of columns. Received: "
            f"categorical={shown(categorical)}. Leave the others out."
        )
    one, two = columns_of("real", real, categorical), columns_of(name, other, categorical)
    if set(one) != set(two):
        raise ValueError(
            f"`real` and `{name}` must have the same columns. Received: "
            f"{shown(sorted(set(one) ^ set(two)))} in one of them alone. Leave them out, or rename."
        )
    for key in one:
        if (one[key].categories is None) != (two[key].categories is None):
            raise ValueError(
                "A column must be of numbers or of categories in both tables. Received: "
                f"column {key!r}, of which one is of numbers. Convert it, or name it in "
                "`categorical`."
            )
    return {key: (one[key], two[key]) for key in one}


def features(columns: Mapping[str, Values], known: Mapping[str, Values]) -> np.ndarray:
    """Columns as numbers (n, d): numbers as they are, categories as indicators of known ones.

    Args:
        columns: the columns.
        known: those that say which there are, and which categories; a missing number takes the
            mean of the known ones.
    """
    parts: list[np.ndarray] = []
    for name, column in known.items():
        if column.categories is None:
            parts.append(filled(columns[name], column)[:, None])
        else:
            parts.append(indicators(columns[name], category_names(column)).toarray())
    return np.concatenate(parts, axis=1)


def filled(column: Values, known: Values) -> np.ndarray:
    """The numbers of a column (n,), a missing one as the mean of the known ones, 0 of none."""
    middle = known.present.mean() if len(known.present) else 0.0
    return np.where(np.isnan(column.numbers), middle, column.numbers)


def indicators(column: Values, names: Sequence[Any]) -> scipy.sparse.csr_array:
    """1 where a value is a name, (n, names); a row of 0 for a value that is none of them."""
    place = {name: i for i, name in enumerate(names)}
    found = np.array([place.get(x, -1) for x in column.categories or ()], int)
    rows = np.flatnonzero(found >= 0)
    shape = len(found), len(names)
    return scipy.sparse.csr_array((np.ones(len(rows)), (rows, found[rows])), shape=shape)


def category_names(column: Values) -> list[Any]:
    """The categories of a column, each once, in a fixed order."""
    return sorted(set(column.categories or ()), key=lambda x: (x is None, str(x)))


def standardized(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The rows in units in which the known ones have mean 0 and variance 1, or are 0."""
    stddevs = known.std(axis=0)
    constant = stddevs <= _ROUNDING * np.abs(known).max(axis=0)
    return np.where(constant, 0.0, (rows - known.mean(axis=0)) / np.where(constant, 1.0, stddevs))


def _values(table: str, name: str, values: Any, category: bool) -> Values:
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    plain = list(values.tolist() if isinstance(values, np.ndarray) else _listed(values))
    plain = [None if _is_missing(x) else x for x in plain]
    if any(isinstance(x, list | tuple | dict) for x in plain):
        raise ValueError(_TABLE.format(table, f"column {name!r} with {shown(plain[:2])}"))
    present = [x for x in plain if x is not None]
    if category or not all(isinstance(x, float) or is_real(x) for x in present):
        return Values(np.empty(0), plain)
    numbers = np.array([math.nan if x is None else float(x) for x in plain])
    hint = "Diverged samples are far from any others: leave them out."
    check_finite(f"{table}[{name!r}]", numbers[~np.isnan(numbers)], hint)
    return Values(numbers, None)


def _listed(values: Any) -> list[Any]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        return [[values]]
    return [x.item() if isinstance(x, np.generic) else x for x in values]


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


_TABLE = (
    "`{}` must be columns by name, each of shape (n,) with one n of at least 1. Received: {}. Pass "
    "for example what `TableGAN.generate` returns."
)

"""How the values of one column become numbers near [-1, 1], and values again."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tf_consensus.data.mixture_fit import Mixture, fit_mixture
from tf_consensus.data.table_source import RawColumn
from tf_consensus.support.checks import shown
from tf_consensus.support.configurable import Configurable

MOST_CATEGORIES = 1000
_MOST_DECIMALS = 6
# A mode reaches this many standard deviations to each side, as in CTGAN.
_REACH = 4.0


class NumberColumn(Configurable):
    """Numbers, normalized by the modes of a mixture (mode-specific normalization).

    A value x of mode k becomes α = (x - m_k)/r_k and the one-hot k, with r_k = 4 s_k, or the
    distance of the mode's farthest value where that is more: so α lies in [-1, 1]. The mode is
    drawn from p(k | x), among those that reach x. A missing value is one more mode, with α = 0.
    Where there is one mode, α stands alone.

    Args:
        name: the column's.
        weights: w_k of the modes.
        means: m_k.
        stddevs: s_k.
        reaches: r_k.
        decimals: digits after the point, to which decoded numbers are rounded; None for all.
        integer: whether decoded numbers are int64, which no missing ones are.
        missing: whether a value may be missing.
    """

    kind = "number"

    def __init__(
        self,
        name: str,
        weights: Sequence[float],
        means: Sequence[float],
        stddevs: Sequence[float],
        reaches: Sequence[float],
        decimals: int | None,
        integer: bool,
        missing: bool,
    ) -> None:
        self.name, self.decimals, self.integer, self.missing = name, decimals, integer, missing
        self.mixture = Mixture(*(np.array(x, np.float64) for x in (weights, means, stddevs)))
        self.reaches = np.array(reaches, np.float64)

    @property
    def choices(self) -> int:
        """The modes, and the missing value; 0 where there is one mode alone."""
        number = len(self.reaches) + self.missing
        return number if number > 1 else 0

    @property
    def width(self) -> int:
        """How many numbers a value becomes."""
        return 1 + self.choices

    def encode(self, column: RawColumn, draws: np.ndarray) -> np.ndarray:
        """Rows (n, width); `draws` are uniform on [0, 1), (n,)."""
        missing = column.missing
        if column.kind not in ("integer", "number"):
            raise ValueError(_NO_NUMBERS.format(self.name, f"of {column.kind}s"))
        if missing.any() and not self.missing:
            raise ValueError(_NEW.format(self.name, "a missing value"))
        x = np.where(missing, self.mixture.means[0], column.values)
        mode = self._modes(x, draws)
        alpha = (x - self.mixture.means[mode]) / self.reaches[mode]
        rows = np.zeros((len(x), self.width))
        rows[:, 0] = np.where(missing, 0.0, alpha)
        if self.choices:
            rows[np.arange(len(x)), 1 + np.where(missing, len(self.reaches), mode)] = 1.0
        return rows

    def _modes(self, x: np.ndarray, draws: np.ndarray) -> np.ndarray:
        posteriors = self.mixture.posteriors(x)[0]
        likeliest = posteriors.argmax(axis=1)
        reached = np.abs(x[:, None] - self.mixture.means) <= self.reaches
        reached[np.arange(len(x)), likeliest] = True
        weights = np.cumsum(posteriors * reached, axis=1)
        return (draws[:, None] * weights[:, -1:] >= weights).sum(axis=1)

    def decode(self, rows: np.ndarray) -> np.ndarray:
        """The values of rows (n, width): float64 with NaN for missing ones, or int64."""
        mode = rows[:, 1:].argmax(axis=1) if self.choices else np.zeros(len(rows), int)
        missing = mode == len(self.reaches)
        mode = np.where(missing, 0, mode)
        values = self.mixture.means[mode] + self.reaches[mode] * rows[:, 0].astype(np.float64)
        if self.decimals is not None:
            values = np.round(values, self.decimals) + 0.0  # no -0
        values[missing] = np.nan
        return values.astype(np.int64) if self.integer and not self.missing else values

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON holds them."""
        weights, means, stddevs = (part.tolist() for part in self.mixture)
        return {
            "name": self.name,
            "weights": weights,
            "means": means,
            "stddevs": stddevs,
            "reaches": self.reaches.tolist(),
            "decimals": self.decimals,
            "integer": self.integer,
            "missing": self.missing,
        }


class CategoryColumn(Configurable):
    """Categories as one-hot rows, in the order of `categories`.

    Args:
        name: the column's.
        categories: texts, bools, or numbers; last None where a value may be missing.
    """

    kind = "category"

    def __init__(self, name: str, categories: Sequence[Any]) -> None:
        self.name, self.categories = name, list(categories)

    @property
    def choices(self) -> int:
        """How many categories there are."""
        return len(self.categories)

    @property
    def width(self) -> int:
        """How many numbers a value becomes."""
        return self.choices

    def encode(self, column: RawColumn, draws: np.ndarray) -> np.ndarray:
        """Rows (n, width); `draws` are for columns of numbers."""
        del draws
        place = {category: i for i, category in enumerate(self.categories)}
        values = categories_of(column)
        unknown = [x for x in values if x not in place]
        if unknown:
            raise ValueError(_NEW.format(self.name, f"the category {shown(unknown[0])}"))
        return np.eye(self.width, dtype=np.float32)[[place[x] for x in values]]

    def decode(self, rows: np.ndarray) -> np.ndarray:
        """The likeliest categories of rows (n, width); an object array where one may be missing."""
        plain = None not in self.categories
        known = np.array(self.categories, None if plain else object)
        return known[rows.argmax(axis=1)]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON holds them."""
        return {"name": self.name, "categories": self.categories}


def fit_column(
    name: str, column: RawColumn, category: bool, max_modes: int
) -> NumberColumn | CategoryColumn:
    """The column that encodes these values.

    Args:
        name: the column's.
        column: its values.
        category: whether numbers are categories.
        max_modes: the most modes of numbers.

    Raises:
        ValueError: if all values are equal, or there are too many categories.
    """
    present = set(column.values[~column.missing].tolist())
    if len(present) < 2 and not (present and column.missing.any()):
        found = shown(next(iter(present))) if present else "no value at all"
        raise ValueError(
            f"A column must have two values at least. Received: column {name!r} with {found} in "
            "every row. Leave it out by `columns`, and add it to what is generated."
        )
    if category or column.kind in ("text", "bool"):
        return _fit_categories(name, column)
    return _fit_numbers(name, column, max_modes)


def categories_of(column: RawColumn) -> list[Any]:
    """The values as categories: None where one is missing, whole numbers as int."""
    if column.values.dtype == object:
        return column.values.tolist()
    kind = int if column.kind == "integer" else float
    return [None if math.isnan(x) else kind(x) for x in column.values.tolist()]


def _fit_categories(name: str, column: RawColumn) -> CategoryColumn:
    found = set(categories_of(column))
    if len(found) > MOST_CATEGORIES:
        raise ValueError(
            f"A column must have {MOST_CATEGORIES} categories at most. Received: column {name!r} "
            f"with {len(found)}. Leave out what names a row by `columns`, or group the values."
        )
    last = [None] if None in found else []
    return CategoryColumn(name, [*sorted(found - {None}), *last])


def _fit_numbers(name: str, column: RawColumn, max_modes: int) -> NumberColumn:
    x = column.values[~column.missing]
    decimals = _decimals(x)
    step = 0.0 if decimals is None else 10.0**-decimals
    if len(set(x.tolist())) == 1:  # beside missing ones
        mixture = Mixture(np.ones(1), x[:1], np.ones(1) * max(step, abs(x[0]), 1.0))
    else:
        mixture = fit_mixture(x, max_modes, step / 2)
    likeliest = mixture.posteriors(x)[0].argmax(axis=1)
    kept = np.unique(likeliest)
    mixture = Mixture(*(part[kept] for part in mixture))
    likeliest = mixture.posteriors(x)[0].argmax(axis=1)
    distance = np.abs(x - mixture.means[likeliest])
    reaches = [
        max(_REACH * s, distance[likeliest == k].max(initial=0.0))
        for k, s in enumerate(mixture.stddevs)
    ]
    parts = (part.tolist() for part in mixture)
    missing = bool(column.missing.any())
    return NumberColumn(name, *parts, reaches, decimals, column.kind == "integer", missing)


def _decimals(x: np.ndarray) -> int | None:
    return next((d for d in range(_MOST_DECIMALS + 1) if (np.round(x, d) == x).all()), None)


_NO_NUMBERS = (
    "A column of numbers must hold numbers. Received: column {!r} {}. Convert it to numbers, or "
    "leave its name out of `continuous`."
)
_NEW = (
    "Values must be of the kind that the table was described by. Received: column {!r} with {}, "
    "which was in no row then. Leave those rows out, or describe a table that has them."
)

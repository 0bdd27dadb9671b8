"""How the values of one column become numbers near [-1, 1], and values again."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tf_consensus.data.mixture_fit import Mixture
from tf_consensus.data.raw_columns import RawColumn
from tf_consensus.support.checks import shown
from tf_consensus.support.configurable import Configurable


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
    holds = "number"

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
        mode, alpha = self._places(x, draws)
        rows = np.zeros((len(x), self.width))
        rows[:, 0] = np.where(missing, 0.0, alpha)
        if self.choices:
            rows[np.arange(len(x)), 1 + np.where(missing, len(self.reaches), mode)] = 1.0
        return rows

    def _places(self, x: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The modes and α; raises if float32 does not hold α."""
        with np.errstate(over="ignore", invalid="ignore"):  # far from a mode, or from all
            mode = self._modes(x, draws)
            alpha = (x - self.mixture.means[mode]) / self.reaches[mode]
        if np.abs(alpha).max(initial=0.0) > np.finfo(np.float32).max:
            far = f"{x[np.abs(alpha).argmax()]:g}, too far for float32"
            raise ValueError(_NEW.format(self.name, far))
        return mode, alpha

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
        counts: how many of the described values each of them is; None if that is not known.
    """

    kind = "category"

    def __init__(
        self, name: str, categories: Sequence[Any], counts: Sequence[int] | None = None
    ) -> None:
        self.name, self.categories = name, list(categories)
        self.counts = None if counts is None else list(counts)

    @property
    def holds(self) -> str:
        """What its values are: "text", "bool" or "number"."""
        first = self.categories[0]
        return {str: "text", bool: "bool"}.get(type(first), "number")

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
        return {"name": self.name, "categories": self.categories, "counts": self.counts}


def categories_of(column: RawColumn) -> list[Any]:
    """The values as categories: None where one is missing, whole numbers as int."""
    if column.values.dtype == object:
        return column.values.tolist()
    kind = int if column.kind == "integer" else float
    return [None if math.isnan(x) else kind(x) for x in column.values.tolist()]


_NO_NUMBERS = (
    "A column of numbers must hold numbers. Received: column {!r} {}. Convert it to numbers, or "
    "describe the table anew."
)
_NEW = (
    "Values must be of the kind that the table was described by. Received: column {!r} with {}, "
    "which was in no row then. Leave those rows out, or describe a table that has them."
)

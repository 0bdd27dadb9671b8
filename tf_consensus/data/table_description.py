"""What a table's columns are, apart from its rows: enough to encode and to decode."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.data.raw_columns import RawColumn
from tf_consensus.data.table_columns import CategoryColumn, NumberColumn
from tf_consensus.data.table_source import MISSING, check_texts, open_source
from tf_consensus.support.arrays import check_finite, check_reals
from tf_consensus.support.checks import check_path, shown
from tf_consensus.support.configurable import Configurable

_KINDS = {"number": NumberColumn, "category": CategoryColumn}


class Block(NamedTuple):
    """Neighbouring numbers of an encoded row that belong together.

    Attributes:
        start: the first one's place.
        size: how many there are.
        choice: whether they are a choice, one-hot; else one number in [-1, 1].
    """

    start: int
    size: int
    choice: bool


@keras.saving.register_keras_serializable("tf_consensus")
class TableDescription(Configurable):
    """The columns of a table, which become rows of numbers and values again.

    A column of numbers becomes (α, k): the number's place α in [-1, 1] within a mode of its
    column, and the one-hot mode (see `table`). A column of categories becomes one-hot numbers.

    Args:
        columns: the columns, or their configs.
        missing: texts of a CSV file that stand for a missing value.

    Raises:
        ValueError: if `columns` is none of these, or `missing` is no list of texts.

    Example:
        >>> colours = CategoryColumn("colour", ["blue", "red"])
        >>> TableDescription([colours]).encode({"colour": ["red", "blue"]}).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """

    def __init__(self, columns: Sequence[Any], missing: Sequence[str] = MISSING) -> None:
        self.columns = _checked(columns)
        self.missing = check_texts("missing", missing)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def categorical(self) -> tuple[str, ...]:
        """The names of the columns of categories."""
        return tuple(c.name for c in self.columns if c.kind == "category")

    @property
    def width(self) -> int:
        """How many numbers an encoded row has."""
        return sum(column.width for column in self.columns)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The parts of an encoded row, in their order."""
        found: list[Block] = []
        start = 0
        for column in self.columns:
            if column.kind == "number":
                found.append(Block(start, 1, False))
            if column.choices:
                found.append(Block(start + column.width - column.choices, column.choices, True))
            start += column.width
        return tuple(found)

    def encode(self, source: Any, missing: Sequence[str] | None = None) -> np.ndarray:
        """The rows of a table with these columns, as float32.

        A file's values are read as what the described column holds: numbers, or texts.

        Args:
            source: as `table` takes it; further columns are not looked at.
            missing: texts of a CSV file that stand for a missing value; None for those of the
                description.

        Returns:
            Array (n, width). Equal tables give equal rows: the modes are drawn with a fixed seed.

        Raises:
            ValueError: if a column is not there, or has values that the described one has not.
        """
        opened = open_source(source)
        lacking = [name for name in self.names if name not in opened.names]
        if lacking:
            raise ValueError(
                f"A table must have the columns {shown(list(self.names))}. Received: a table "
                f"without {shown(lacking)}. Add them, or describe the table anew."
            )
        texts = self.missing if missing is None else check_texts("missing", missing)
        kinds = [column.holds for column in self.columns]
        return encoded(self.columns, opened.read(self.names, texts, kinds))

    def decode(self, rows: ArrayLike) -> dict[str, np.ndarray]:
        """The columns of encoded rows, in the table's units.

        Of each choice the largest number counts. Numbers come back within 2⁻²⁴ of the reach of
        their mode; those of columns with at most six digits after the point are rounded to these,
        so that they come back exactly if that is more.

        Args:
            rows: (n, width).

        Returns:
            Arrays (n,) by name: numbers as float64 with NaN for missing ones, or as int64;
            categories as they were, with None for missing ones.

        Raises:
            ValueError: if the rows have another shape or are not finite.
        """
        rows = check_reals("rows", rows)
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise ValueError(
                f"`rows` must be encoded rows of shape (n, {self.width}). Received: rows of shape "
                f"{rows.shape}. Encode a table by `encode`."
            )
        check_finite("rows", rows, "The generator has diverged: lower the learning rate.")
        stops = np.cumsum([column.width for column in self.columns])
        parts = np.split(rows, stops[:-1], axis=1)
        return {c.name: c.decode(part) for c, part in zip(self.columns, parts, strict=True)}

    def save(self, path: str | os.PathLike) -> None:
        """Writes the description as JSON, from which `load` makes it again.

        Args:
            path: the file's.
        """
        path = check_path("path", path, "For example 'table.json'.")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.get_config(), file, indent=1, ensure_ascii=False)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "TableDescription":
        """The description that `save` wrote.

        Args:
            path: the file's.

        Raises:
            ValueError: if the file holds no description.
        """
        path = check_path("path", path, "For example 'table.json'.")
        with open(path, encoding="utf-8") as file:
            try:
                return cls(**json.load(file))
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"`path` must be a file that `save` wrote. Received: path={path!r}, which is "
                    f"none ({str(error)[:100]}). Save a description again."
                ) from error

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, as JSON holds them."""
        columns = [{"kind": c.kind, **c.get_config()} for c in self.columns]
        return {"columns": columns, "missing": list(self.missing)}


def encoded(columns: Sequence[Any], found: Mapping[str, RawColumn]) -> np.ndarray:
    """The encoded rows of raw columns by name, float32 (n, width); errors as of `encode`."""
    parts = []
    for i, column in enumerate(columns):
        raw = found[column.name]
        parts.append(column.encode(raw, _uniform(len(raw.values), i)))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _checked(columns: Any) -> list[Any]:
    if isinstance(columns, list | tuple) and columns:
        found = [_column(column) for column in columns]
        if None not in found and len({column.name for column in found}) == len(found):
            return found
    raise ValueError(
        "`columns` must be columns of a table, each of another name. Received: "
        f"columns={shown(columns)}. Describe a table by data.table(source).description."
    )


def _column(column: Any) -> Any:
    if isinstance(column, tuple(_KINDS.values())):
        return column
    if isinstance(column, Mapping) and column.get("kind") in _KINDS:
        settings = {key: value for key, value in column.items() if key != "kind"}
        try:
            return _KINDS[column["kind"]](**settings)
        except TypeError:
            return None
    return None


def _uniform(number: int, column: int) -> np.ndarray:
    """Numbers on [0, 1) for the rows of a column, the same in every version of NumPy."""
    bits = np.random.Philox(key=np.array([0, column], np.uint64)).random_raw(number)
    return (bits >> np.uint64(11)) * 2.0**-53

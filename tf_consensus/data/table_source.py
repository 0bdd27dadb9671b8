"""Tables as they come: a CSV file, a dict of arrays, or a data frame."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tf_consensus.data.raw_columns import RawColumn, of_array, of_texts
from tf_consensus.data.table_files import read_texts
from tf_consensus.support.checks import check_path, shown

# Texts of a file that stand for a missing value.
MISSING = ("", "NA", "NaN", "nan", "null")


class TableSource(NamedTuple):
    """A table whose columns are looked at only if they are asked for.

    Attributes:
        names: the names of all columns.
        values: the columns by name.
        texts: whether they are a file's texts.
    """

    names: list[Any]
    values: Any
    texts: bool

    def read(
        self, names: Sequence[str], missing: Sequence[str], kinds: Sequence[str | None] = ()
    ) -> dict[str, RawColumn]:
        """The columns of these names, all of one length.

        Args:
            names: those to read.
            missing: texts of a file that stand for a missing value.
            kinds: what each holds, where it is known: see `raw_columns.of_texts`.

        Raises:
            ValueError: if a name is no text or is there several times, there is no row, columns
                differ in length, or one holds values of several kinds.
        """
        self._check(names)
        found = {}
        for name, kind in zip(names, kinds or [None] * len(names), strict=True):
            values = self.values[name]
            if self.texts:
                found[name] = of_texts(name, values, missing, kind)
            else:
                found[name] = of_array(name, values, kind)
        lengths = {name: len(column.values) for name, column in found.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(
                f"Columns must be of one length. Received: {shown(lengths)} values. Give each row "
                "a value in every column, None where it is missing."
            )
        if not any(lengths.values()):
            raise ValueError(
                f"A table must have a row at least. Received: {shown(self.names)} without a row. "
                "Pass columns that hold values."
            )
        return found

    def _check(self, names: Sequence[Any]) -> None:
        counts = Counter(map(str, self.names))
        if any(not isinstance(x, str) or not x.strip() or counts[x] > 1 for x in names):
            raise ValueError(
                f"Names of columns must be texts, each once. Received: {shown(self.names)}. Rename "
                "them, or leave them out by `columns`."
            )


def open_source(source: Any) -> TableSource:
    """Return the table of a source.

    Args:
        source: path of a CSV file with a line of names, dict of arrays (n,), structured array, or
            anything with `columns` and columns by name, such as a pandas DataFrame; or a table
            that was opened before.

    Raises:
        ValueError: if it is none of these, or has no column.
        FileNotFoundError: if there is no such file.
    """
    if isinstance(source, TableSource):
        return source
    texts = isinstance(source, str | os.PathLike)
    if texts:
        path = check_path("source", source, "Pass a CSV file.")
        names, columns = read_texts(path)
        values: Any = dict(zip(names, columns, strict=True))
    elif isinstance(source, Mapping):
        names, values = list(source), source
    elif isinstance(source, np.ndarray) and source.dtype.names:
        names, values = list(source.dtype.names), source
    elif hasattr(source, "columns") and hasattr(source, "__getitem__"):
        names, values = list(source.columns), source
    else:
        raise ValueError(
            "`source` must be a CSV file, or columns by name. Received: "
            f"source={shown(source)}. Give the columns of an array names, for example by "
            "dict(zip(names, array.T))."
        )
    if not names:
        raise ValueError(
            "A table must have a column at least. Received: "
            f"{f'the empty file {path!r}' if texts else shown(source)}. Pass columns by name."
        )
    return TableSource(names, values, texts)


def check_texts(name: str, values: Any) -> tuple[str, ...]:
    """Return a list of texts as a tuple.

    Raises:
        ValueError: if it is anything else.
    """
    if isinstance(values, list | tuple) and all(isinstance(x, str) for x in values):
        return tuple(values)
    raise ValueError(
        f"`{name}` must be a list of texts. Received: {name}={shown(values)}. Write for example "
        f"{name}=['a', 'b']."
    )

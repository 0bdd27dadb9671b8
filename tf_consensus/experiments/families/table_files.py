"""A table as a CSV file."""

import csv
import io
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_consensus.support.files import write_text

# Beyond this, float64 holds whole numbers alone.
_WHOLE = 2.0**53


def write_table(columns: Mapping[str, np.ndarray], path: str | os.PathLike) -> None:
    """Write columns as a CSV file, missing values as nothing: whole or not at all.

    A column of whole numbers is written without points, also where some are missing.

    Args:
        columns: Arrays (n,) by name.
        path: The file.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in zip(*map(_written, columns.values()), strict=True):
        writer.writerow(row)
    write_text(pathlib.Path(path), text.getvalue())


def _written(column: np.ndarray) -> list[Any]:
    """The values as they are written."""
    if column.dtype.kind == "f":
        numbers = column[~np.isnan(column)]
        if (numbers == np.round(numbers)).all() and np.abs(numbers).max(initial=0.0) <= _WHOLE:
            return ["" if x != x else int(x) for x in column.tolist()]
    return ["" if x is None or x != x else x for x in column.tolist()]

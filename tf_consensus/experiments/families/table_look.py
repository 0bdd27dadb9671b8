"""What a table shows before anything is fitted to it, and what is wrong with it for a run."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_consensus.data.chosen_columns import ChosenColumns, choose_columns, holds_dates
from tf_consensus.data.raw_columns import RawColumn, is_number
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.families.table_source import check_rows, source_of

# From this share of rows with a value of their own on, categories name rows.
_NAMES_ROWS = 0.9


class TableLook(NamedTuple):
    """What a table shows.

    Attributes:
        number: How many rows there are.
        kinds: What each column holds, by its name: "integer", "number", "bool", or how many texts,
            "3 texts", or numbers as categories, "2 integers as categories". Behind it stands how
            many values are missing, "number, 5 missing".
        target: The column that a classifier must tell: the one that is named, else the last column
            of categories; `None` if no column holds categories.
        remarks: Sentences about what may be a mistake.
    """

    number: int
    kinds: dict[str, str]
    target: str | None
    remarks: tuple[str, ...]

    def describe(self, name: str) -> str:
        """One line for the user.

        Args:
            name: The table's.
        """
        kinds = ", ".join(f"{column} ({kind})" for column, kind in self.kinds.items())
        return f"{self.number:,} rows in {name}: {kinds}"


def look_at_table(
    name: str,
    columns: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    target: str | None = None,
    conditional: bool = False,
) -> TableLook:
    """Look at a table, and refuse what cannot be learned before anything is fitted.

    Args:
        name: A CSV file, or the name of a table.
        columns: The columns to keep; `None`: all.
        categorical: The columns of numbers that are categories.
        target: The column that a classifier must tell; `None` for the last one of categories.
        conditional: Whether rows are to be made of categories.

    Raises:
        RunError: If there is no such table, it cannot be read or learned, or a column that is named
            is not there or of the wrong kind.
    """
    with of_the_user(name):
        chosen = choose_columns(source_of(name), columns, categorical)
    check_rows(len(chosen))
    check_target(target, chosen)
    _check_named(categorical, chosen)
    if conditional and not chosen.categorical:
        raise RunError(
            "--conditional needs a column of categories. Received: columns of numbers alone. Name "
            "one in --categorical, or leave --conditional out."
        )
    kinds = {x: _kind(raw, x in categorical) for x, raw in chosen.raw.items()}
    known = target or (chosen.categorical[-1] if chosen.categorical else None)
    return TableLook(len(chosen), kinds, known, tuple(_remarks(chosen)))


def check_target(target: str | None, chosen: ChosenColumns) -> None:
    """Raise unless the target is a column of categories, or there is none.

    Raises:
        RunError: If it is another column, or no column.
    """
    if target is None or target in chosen.categorical:
        return
    known = ", ".join(chosen.categorical) or "none of this table"
    remedy = "Name one of these." if chosen.categorical else "Leave it out."
    found = target
    if target in chosen.raw:
        found = f"{target}, a column of numbers"
        remedy = f"Add --categorical={target} to learn its numbers as categories."
    raise RunError(f"--target must be a column of categories: {known}. Received: {found}. {remedy}")


def _check_named(categorical: Sequence[str], chosen: ChosenColumns) -> None:
    """Refuse names that change nothing; dates are refused if they are not named."""
    for name in categorical:
        kind = chosen.raw[name].kind
        if kind in ("text", "bool") and not holds_dates(chosen.raw[name]):
            raise RunError(
                "--categorical names columns of numbers that are categories. Received: "
                f"{name}, a column of {kind}s, which is one already. Leave it out."
            )


def _kind(column: RawColumn, named: bool) -> str:
    number, missing = len(_values(column)), int(column.missing.sum())
    if column.kind == "text":
        kind = f"{number:,} texts"
    else:
        kind = f"{number:,} {column.kind}s as categories" if named else column.kind
    return f"{kind}, {missing:,} missing" if missing else kind


def _values(column: RawColumn) -> set:
    return set(column.values[~column.missing].tolist())


def _remarks(chosen: ChosenColumns):
    """Of columns that name rows, and of a first line that is a row."""
    for name, column in chosen.raw.items():
        values = _values(column)
        others = ",".join(x for x in chosen.raw if x != name)
        leave = f"leave it out by --columns={others}" if others else "choose other columns"
        if name in chosen.categorical and len(values) >= _NAMES_ROWS * len(chosen):
            yield (
                f"{name} has {len(values):,} values in {len(chosen):,} rows, so it names rows "
                f"rather than kinds of them, and made rows repeat these names: {leave}."
            )
        elif column.kind == "integer" and _counts(column, values):
            yield f"{name} numbers the rows, which is nothing to learn: {leave}."
    numbers = [x for x in chosen.raw if is_number(x)]
    if numbers:
        yield (
            f"The first line gives the columns' names, and one of them is {numbers[0]}. If that "
            "line is a row, put a line of names above it."
        )


def _counts(column: RawColumn, values: set) -> bool:
    """Whether the whole numbers go up by one from row to row."""
    return len(values) == len(column.values) and bool((np.diff(column.values) == 1).all())

"""What a table shows before anything is fitted to it, and what is wrong with it for a run."""

from collections.abc import Sequence
from typing import NamedTuple

from tf_consensus.data.chosen_columns import ChosenColumns, choose_columns, holds_dates
from tf_consensus.data.raw_columns import RawColumn
from tf_consensus.data.table_source import MISSING, TableSource, open_source
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.families.table_remarks import remarks
from tf_consensus.experiments.families.table_source import (
    check_rows,
    missing_texts,
    source_of,
)


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
    missing: Sequence[str] | None = None,
) -> TableLook:
    """Look at a table, and refuse what cannot be learned before anything is fitted.

    Args:
        name: A CSV file, or the name of a table.
        columns: The columns to keep; `None`: all.
        categorical: The columns of numbers that are categories.
        target: The column that a classifier must tell; `None` for the last one of categories.
        conditional: Whether rows are to be made of categories.
        missing: Further texts of a file that stand for a missing value.

    Raises:
        RunError: If there is no such table, it cannot be read or learned, or a column that is named
            is not there or of the wrong kind, or a text of `missing` is nowhere.
    """
    with of_the_user(name):
        opened = open_source(source_of(name))
        chosen = choose_columns(opened, columns, categorical, missing=missing_texts(missing))
    _check_missing(missing or (), opened, chosen)
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
    return TableLook(len(chosen), kinds, known, tuple(remarks(chosen)))


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


def _check_missing(missing: Sequence[str], opened: TableSource, chosen: ChosenColumns) -> None:
    """Refuse texts that change nothing."""
    if missing and not opened.texts:
        raise RunError(
            "--missing names texts of a CSV file. Received: a table that the program has. Leave it "
            "out."
        )
    usual = [x for x in missing if x in MISSING]
    if usual:
        raise RunError(
            "--missing names further texts than the usual ones, which are an empty field, NA, NaN, "
            f"nan and null. Received: {usual[0]!r}. Leave it out."
        )
    for text in missing:
        if not any(text in opened.values[name] for name in chosen.raw):
            raise RunError(
                "--missing names texts that are in the table's columns. Received: "
                f"{text!r}, which is in none. Correct it, or leave it out."
            )


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
    present = set(column.values[~column.missing].tolist())
    number, missing = len(present), int(column.missing.sum())
    if column.kind == "text":
        kind = f"{number:,} texts"
    else:
        kind = f"{number:,} {column.kind}s as categories" if named else column.kind
    return f"{kind}, {missing:,} missing" if missing else kind

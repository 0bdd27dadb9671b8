"""The columns of a source that a table keeps, checked before any is fitted."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tf_consensus.data.date_texts import is_date
from tf_consensus.data.raw_columns import RawColumn, is_number
from tf_consensus.data.table_source import MISSING, check_texts, open_source
from tf_consensus.support.checks import nearest, shown

MOST_CATEGORIES = 1000


class ChosenColumns(NamedTuple):
    """The values of the columns that a table keeps, and which of them are categories.

    Attributes:
        raw: The values by name, in the columns' order.
        categorical: The names of the columns of texts, of bools, and of the numbers named so.
    """

    raw: dict[str, RawColumn]
    categorical: tuple[str, ...]

    def __len__(self) -> int:
        return len(next(iter(self.raw.values())).values)


def choose_columns(
    source: Any,
    columns: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    continuous: Sequence[str] = (),
    missing: Sequence[str] = MISSING,
) -> ChosenColumns:
    """Read the columns that a table keeps; the arguments and errors are those of `table`."""
    missing = check_texts("missing", missing)
    opened = open_source(source)
    kept = opened.names if columns is None else _names("columns", columns, opened.names)
    if not kept:
        raise ValueError(
            "A table must have a column at least. Received: columns=[]. Name those to keep."
        )
    raw = opened.read(kept, missing)
    number = len(raw[kept[0]].values)
    if number < 2:
        raise ValueError(
            f"A table must have two rows at least, to learn from. Received: {number} row. Pass "
            "more rows."
        )
    named = _names("categorical", categorical, kept)
    _check_numbers(_names("continuous", continuous, kept), named, raw, opened.texts)
    categories = tuple(x for x in kept if raw[x].kind in ("text", "bool") or x in named)
    for name in kept:
        _check_values(name, raw[name], name in categories, name in named)
    return ChosenColumns(raw, categories)


def holds_dates(column: RawColumn) -> bool:
    """Whether all values are dates, as texts."""
    present = column.values[~column.missing]
    return column.kind == "text" and len(present) > 0 and all(map(is_date, set(present)))


def _check_numbers(
    numbers: Sequence[str], named: Sequence[str], raw: Mapping[str, RawColumn], texts: bool
) -> None:
    """Raise unless the columns that must hold numbers do, and are not named as categories too."""
    both = [x for x in numbers if x in named]
    if both:
        raise ValueError(
            f"A column must be of numbers or of categories. Received: {both[0]!r} in `continuous` "
            "and in `categorical`. Leave it out in one of them."
        )
    wrong = [x for x in numbers if raw[x].kind in ("text", "bool")]
    if wrong:
        column = raw[wrong[0]]
        others = [x for x in column.values if isinstance(x, str) and not is_number(x)]
        such = f" such as {others[0]!r}" if others else ""
        hint = "Name such a text in `missing` if it stands for a missing number, convert the column"
        raise ValueError(
            f"Columns of `continuous` must hold numbers. Received: continuous={shown(numbers)}, of "
            f"which {wrong[0]!r} holds {column.kind}s{such}. "
            f"{hint if texts and others else 'Convert it'}, or leave it out there."
        )


def _check_values(name: str, column: RawColumn, category: bool, named: bool) -> None:
    present = set(column.values[~column.missing].tolist())
    if len(present) < 2 and not (present and column.missing.any()):
        found = shown(next(iter(present))) if present else "no value at all"
        raise ValueError(
            f"A column must have two values at least. Received: column {name!r} with {found} in "
            "every row. Leave it out by `columns`, and add it to what is generated."
        )
    if not named and holds_dates(column):
        raise ValueError(
            f"Dates and times are no categories. Received: column {name!r} with values such as "
            f"{min(present)!r}. Turn them into numbers, such as days since the first, leave the "
            "column out by `columns`, or name it in `categorical` if each of them is a category."
        )
    categories = len(present) + bool(column.missing.any())
    if category and categories > MOST_CATEGORIES:
        others = [x for x in present if column.kind == "text" and not is_number(x)]
        remedy = "Leave out what names a row by `columns`, or group the values."
        if others and 2 * len(others) <= len(present):
            remedy = (
                f"Most are numbers, but not {min(others)!r}: name such texts in `missing` if they "
                "stand for missing numbers."
            )
        raise ValueError(
            f"A column must have {MOST_CATEGORIES} categories at most. Received: column {name!r} "
            f"with {categories}. {remedy}"
        )


def _is_text(name: Any) -> bool:
    return isinstance(name, str)


def _names(name: str, values: Any, known: Sequence[str]) -> list[str]:
    names = check_texts(name, values)
    unknown = [x for x in names if x not in known]
    if unknown or len(set(names)) != len(names):
        near = nearest(unknown[0], filter(_is_text, known)) if unknown else ""
        raise ValueError(
            f"`{name}` must be names of columns, each once. Received: {name}={shown(values)} for "
            f"the columns {shown(list(known))}. {near}Correct the names."
        )
    return list(names)

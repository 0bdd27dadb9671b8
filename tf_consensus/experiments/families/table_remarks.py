"""What may be a mistake in a table, in sentences."""

import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from tf_consensus.data.chosen_columns import ChosenColumns
from tf_consensus.data.date_texts import is_date
from tf_consensus.data.raw_columns import RawColumn, is_number

# From this share of rows with a value of their own on, categories name rows.
_NAMES_ROWS = 0.9
# From this share of numbers, or of dates, on the other texts of a column are exceptions.
_MOSTLY = 0.5
_SHOWN = 5
# Numbers with marks between thousands, or with a comma before the decimals.
_MARKED = re.compile(r"[+-]?(\d{1,3}([,.'’ \u00a0\u202f])\d{3}(\2\d{3})*([.,]\d+)?|\d+,\d+)")
_CODE = re.compile(r"[+-]?0\d.*")
_DAY = re.compile(r"(18|19|20|21)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")


def remarks(chosen: ChosenColumns) -> Iterator[str]:
    """Sentences about columns that are not what they look like, and a first line that is a row.

    Args:
        chosen: The columns of the table.
    """
    for name, column in chosen.raw.items():
        found = _of_column(name, column, chosen)
        if found:
            yield found
    numbers = [x for x in chosen.raw if is_number(x)]
    if numbers:
        yield (
            f"The first line gives the columns' names, and one of them is {numbers[0]}. If that "
            "line is a row, put a line of names above it."
        )


def _of_column(name: str, column: RawColumn, chosen: ChosenColumns) -> str | None:
    """What may be a mistake in a column, the likeliest first."""
    if column.kind == "text" and (found := _exceptions(name, column)):
        return found
    number = len(set(column.values[~column.missing].tolist()))
    others = ",".join(x for x in chosen.raw if x != name)
    leave = f"leave it out by --columns={others}" if others else "choose other columns"
    if name in chosen.categorical:
        if number < _NAMES_ROWS * len(chosen):
            return None
        return (
            f"{name} has {number:,} values in {len(chosen):,} rows, so it names rows rather than "
            f"kinds of them, and made rows repeat these names: {leave}."
        )
    if column.kind == "integer" and _counts(column, number):
        return f"{name} numbers the rows, which is nothing to learn: {leave}."
    if column.kind == "integer" and _are_days(column):
        return (
            f"{name} holds whole numbers that look like dates, such as {column.values[0]:.0f}, and "
            "made ones may be no dates: turn them into days since the first, or " + leave + "."
        )
    return None


def _exceptions(name: str, column: RawColumn) -> str | None:
    """Of texts that are numbers, or dates, but for some."""
    texts = Counter(column.values[~column.missing].tolist())
    others = Counter({x: n for x, n in texts.items() if not is_number(x)})
    if any(map(_CODE.fullmatch, others)) and not any(map(is_date, others)):
        return None  # a leading zero belongs to a code
    marked = [x for x in others if _MARKED.fullmatch(x)]
    plain = Counter({x: n for x, n in others.items() if x not in marked})
    known = texts.total() - plain.total()
    if marked and known >= _MOSTLY * texts.total():
        return (
            f"{known:,} of {texts.total():,} values of {name} look like numbers, of which some "
            f"have marks between thousands or a decimal comma, such as {marked[0]!r}: they are "
            "texts here. Write them without marks, and decimals with a point."
        )
    for what, is_one in (("numbers", is_number), ("dates", is_date)):
        if found := _said(name, texts, what, is_one):
            return found
    return None


def _said(name: str, texts: Counter[str], what: str, is_one: Callable[[str], bool]) -> str | None:
    others = Counter({x: n for x, n in texts.items() if not is_one(x)})
    known = texts.total() - others.total()
    if not others or known < max(1, _MOSTLY * texts.total()):
        return None
    first = [x for x, _ in others.most_common(_SHOWN)]
    more = " and more" if len(others) > _SHOWN else ""
    flag = "--missing=" + shlex.quote(",".join(first))
    return (
        f"{known:,} of {texts.total():,} values of {name} are {what}, the others are "
        f"{', '.join(map(repr, first))}{more}, so all are categories: pass {flag} if they stand "
        "for missing values."
    )


def _are_days(column: RawColumn) -> bool:
    present = column.values[~column.missing]
    return all(_DAY.fullmatch(f"{x:.0f}") for x in present.tolist())


def _counts(column: RawColumn, number: int) -> bool:
    """Whether the whole numbers go up by one from row to row."""
    return number == len(column.values) and bool((np.diff(column.values) == 1).all())

"""Logs of epochs as rows of plain numbers."""

import numbers

Row = dict[str, int | float]


def row_of(epoch: int, logs: dict | None) -> Row:
    """The logs of an epoch as a row, with its number as "epoch"."""
    return {"epoch": epoch, **{key: _plain(value) for key, value in (logs or {}).items()}}


def rows_before(rows: list[Row], epoch: int) -> list[Row]:
    """The rows of the epochs before one."""
    return [row for row in rows if row["epoch"] < epoch]


def _plain(value):
    return int(value) if isinstance(value, numbers.Integral) else float(value)

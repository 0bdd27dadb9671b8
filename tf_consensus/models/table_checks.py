"""Checks of what a `TableGAN` is given: its table, batches and penalties."""

import warnings
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.data import Table, TableDescription
from tf_consensus.support.random import Draws
from tf_consensus.support.shapes import of_shape

_FARTHEST = 1.2


def as_rows(data: Any, widths: Sequence[int], dtype: str) -> tf.Tensor:
    """Encoded rows, with their conditions beside them if there are such, of a floating type.

    Args:
        data: the batch.
        widths: how many numbers a row has, and a condition if there are such.
        dtype: the floating type.

    Raises:
        TypeError: if the data are no numbers.
        ValueError: if they have another shape.
    """
    width = sum(widths)
    beside = f" and conditions of {widths[1]} numbers beside them" if len(widths) > 1 else ""
    rule = f"A batch must be encoded rows{beside}, (batch, {width})."
    remedy = (
        "Pass the `rows` or the `batches` of a data.Table of the model's description; batches "
        "with conditions are for TableGAN(..., conditional=True)."
    )
    if beside:
        remedy = (
            "Pass table.batches(..., conditional=True), or train a model without `conditional`."
        )
    rows = None if isinstance(data, tuple | list | dict) else tf.convert_to_tensor(data)
    if rows is None or not (rows.dtype.is_floating or rows.dtype.is_integer):
        found = type(data).__name__ if rows is None else f"rows of dtype {rows.dtype.name}"
        raise TypeError(f"{rule} Received: a {found}. {remedy}")
    if not rows.shape.is_compatible_with((None, width)):
        raise ValueError(f"{rule} Received: a batch of shape {tuple(rows.shape)}. {remedy}")
    return tf.cast(of_shape(rows, (None, width)), dtype)


def warn_of_rows(low: float, high: float, warned: set[str]) -> None:
    """Warns once about rows with numbers that no encoded value has.

    Args:
        low: the smallest number of a batch.
        high: the largest.
        warned: names of the warnings already given; this one is added.

    Warns:
        UserWarning: if they are well beyond -1 and 1, farther than new rows of a table mostly are.
    """
    if "rows" in warned or -_FARTHEST <= low <= high <= _FARTHEST:
        return
    warned.add("rows")
    warnings.warn(
        "Encoded rows hold numbers from -1 to 1, and so do generated ones. Received: a first batch "
        f"from {low:g} to {high:g}. Pass the rows or batches of a table as they are, without "
        "scaling them.",
        UserWarning,
        stacklevel=3,
    )


def description_of(table: Any) -> TableDescription:
    """The description of a table.

    Raises:
        TypeError: if it is neither a table nor a description.
    """
    description = table.description if isinstance(table, Table) else table
    if not isinstance(description, TableDescription):
        raise TypeError(
            f"`table` must be a data.Table or its description. Received: table={description!r}. "
            "Make it by data.table(source)."
        )
    return description


def check_penalties(penalties: Sequence[Any]) -> None:
    """Raises if penalties cannot be those of packs.

    Raises:
        ValueError: if one of them draws numbers.
    """
    drawing = [p for p in penalties if _draws(p)]
    if drawing:
        raise ValueError(
            "Penalties that draw numbers draw them per row, and packs are fewer. Received: "
            f"{drawing[0]!r} with pack > 1. Use R1 or R2, or pack=1."
        )


def _draws(penalty: Any) -> bool:
    """Whether it draws numbers in a step, as seen on one row."""
    if not hasattr(penalty, "draw"):
        return False
    return bool(tf.nest.flatten(penalty.draw(tf.zeros((1, 1)), Draws(0, 0))))

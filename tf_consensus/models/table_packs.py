"""Packs of rows that a `TableGAN`'s discriminator judges together: batches hold whole ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.support.arguments import given_to

_KERASS = 32  # rows in a batch of an array, where nothing says another number


def packed(rows: tf.Tensor, pack: int) -> tf.Tensor:
    """Neighbouring rows (batch, width) side by side, (batch/pack, pack · width).

    Raises:
        ValueError: as `whole_packs`.
    """
    rows = whole_packs(rows, pack) if pack > 1 else rows
    return tf.reshape(rows, (-1, pack * rows.shape[1]))


def whole_packs(rows: tf.Tensor, pack: int) -> tf.Tensor:
    """The rows (batch, width) of a batch or of a part of it, checked to be packs.

    Raises:
        ValueError: if the number of rows is known, and `pack` does not divide it.
        InvalidArgumentError: when the step runs, if it turns out so.
    """
    number = rows.shape[0]
    if number is not None:
        _check(number, pack)
        return rows
    found = tf.shape(rows)[0]
    message = [_RULE.format(pack), found, "rows.", _REMEDY]
    with tf.control_dependencies([tf.debugging.Assert(found % pack == 0, message)]):
        return tf.identity(rows)


def refuse_part_packs(
    pack: int, method: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]
) -> None:
    """Raises if `fit` or `evaluate` is given data whose last batch may hold a part of a pack.

    Args:
        pack: how many rows the discriminator judges together.
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments, checked.
        options: the arguments by name, checked.

    Raises:
        ValueError: if `pack` does not divide the rows of each batch of an array, or the batches of
            a data set are of unknown size.
    """
    given = given_to(method, args, options)
    size, share = given.get("batch_size"), given.get("validation_split") or 0.0
    _refuse(given.get("x"), size, pack, share)
    validation = given.get("validation_data")
    if isinstance(validation, tuple | list) and validation:
        validation = validation[0]
    _refuse(validation, given.get("validation_batch_size") or size, pack)


def _refuse(data: Any, size: int | None, pack: int, share: float = 0.0) -> None:
    if isinstance(data, tf.data.Dataset):
        spec = tf.nest.flatten(data.element_spec)[0]
        if spec.shape.rank is None or spec.shape[0] is None:
            raise ValueError(
                f"{_RULE.format(pack)} batches of unknown size, the last of which may hold fewer "
                "rows. Batch the data set with drop_remainder=True, by a size that pack divides."
            )
    elif hasattr(data, "shape") and len(data.shape):
        rows = len(data)
        trained = int(rows * (1.0 - share))
        for number in (trained, rows - trained):
            for part in (min(number, size or _KERASS), number % (size or _KERASS)):
                _check(part, pack, f" in a batch of an array of {rows}")


def _check(number: int, pack: int, where: str = "") -> None:
    if number % pack:
        raise ValueError(f"{_RULE.format(pack)} {number} rows{where}. {_REMEDY}")


_RULE = "A batch must be packs of {} rows. Received:"
_REMEDY = (
    "Pass a batch_size that pack divides, per replica and micro-batch too, and leave out rows of "
    "an array that fill no pack."
)

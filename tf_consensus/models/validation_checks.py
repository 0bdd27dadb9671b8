"""Checks the data for validation, which Keras uses only after an epoch."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf_consensus.models.data_kinds import refuse_kinds, refuse_labels
from tf_consensus.models.words import SAMPLES, Words


def check_validation(
    data: Any, check: Callable[[Any], None], lists: bool = False, words: Words = SAMPLES
) -> None:
    """Raises if data for validation are not such as `fit` takes, or `check` refuses them.

    Args:
        data: `validation_data`; what cannot be looked at without taking a batch is let through.
        check: function of samples, or of a tuple of samples and what comes beside them.
        lists: whether arrays of one batch may come as a list.
        words: what messages call the parts of a batch.

    Raises:
        TypeError: if they are of a wrong kind.
        ValueError: if their parts have different numbers of examples.
    """
    if data is None:
        return
    x, y = data, None
    if isinstance(data, tuple | list) and data:
        x, y = data[0], data[1] if len(data) > 1 else None
    refuse_kinds(x, lists, words)
    if y is not None:
        refuse_labels(x, y, words)
    if isinstance(x, tf.data.Dataset):
        specs = tf.nest.flatten(x.element_spec)
        if all(type(spec) is tf.TensorSpec for spec in specs):
            # Traced with shapes and types alone, so no batch is taken.
            tf.function(check, autograph=False).get_concrete_function(x.element_spec)
    elif isinstance(x, dict | list | tuple) or hasattr(x, "shape"):
        check(first_row(x) if y is None else (first_row(x), first_row(y)))
        refuse_uneven(x)


def first_row(array: Any) -> Any:
    """A part of an array that shows its type and shape; the whole might be large."""
    if isinstance(array, dict):
        return {key: first_row(part) for key, part in array.items()}
    if isinstance(array, list | tuple):
        return list(map(first_row, array))
    return array[:1] if len(getattr(array, "shape", ())) else array


def refuse_uneven(x: Any) -> None:
    """Raises `ValueError` if arrays of one data set have different numbers of examples."""
    parts = list(x.values()) if isinstance(x, dict) else x
    numbers = sorted({len(part) for part in parts}) if isinstance(parts, list | tuple) else []
    if len(numbers) > 1:
        raise ValueError(
            "All parts of the data have one row per example. Received: parts of "
            f"{', '.join(map(str, numbers))} rows. Leave out what has no partner."
        )

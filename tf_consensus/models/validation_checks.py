"""Checks the data for validation, which Keras uses only after an epoch."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def check_validation(data: Any, check: Callable[[Any], None]) -> None:
    """Raises if `check` refuses data for validation.

    Args:
        data: `validation_data`; what cannot be looked at without taking a batch is let through.
        check: function of samples, or of a tuple of samples and what comes beside them.
    """
    if isinstance(data, tf.data.Dataset):
        specs = tf.nest.flatten(data.element_spec)
        if all(type(spec) is tf.TensorSpec for spec in specs):
            # Traced with shapes and types alone, so no batch is taken.
            tf.function(check, autograph=False).get_concrete_function(data.element_spec)
    elif isinstance(data, tuple | list) and all(hasattr(part, "shape") for part in data):
        rows = tuple(map(first_row, data))
        check(rows if len(rows) > 1 else rows[0])
    elif hasattr(data, "shape"):
        check(first_row(data))


def first_row(array: Any) -> Any:
    """A part of an array that shows its type and shape; the whole might be large."""
    if isinstance(array, dict):
        return {key: first_row(part) for key, part in array.items()}
    if isinstance(array, list | tuple):
        return list(map(first_row, array))
    return array[:1] if len(getattr(array, "shape", ())) else array

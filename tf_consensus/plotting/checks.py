"""Checks of what is drawn: each says the rule, what came and the remedy."""

import math
import numbers
from collections.abc import Mapping, Sequence

import numpy as np


def check_mapping(name: str, value, of: str) -> None:
    """Raises unless the value is a dict, as are all of its values if `of` ends in "dict".

    Args:
        name: The argument's name.
        value: What the caller passed.
        of: What its values are, in words.

    Raises:
        ValueError: If it is anything else.
    """
    inner = value.values() if isinstance(value, Mapping) and of.endswith("dict") else ()
    if not isinstance(value, Mapping) or not all(isinstance(item, Mapping) for item in inner):
        raise ValueError(
            f"`{name}` must be a dict, by name, each value {of}. Received: {name}={_short(value)}. "
            "Pass what is to be drawn by its name."
        )


def check_names(name: str, value) -> None:
    """Raises unless the value is a list of texts.

    Raises:
        ValueError: If it is one text, or anything else.
    """
    several = isinstance(value, Sequence) and not isinstance(value, str)
    if not several or not all(isinstance(item, str) for item in value):
        raise ValueError(
            f"`{name}` must be a list of names. Received: {name}={_short(value)}. Pass e.g. "
            "['fid']."
        )


def positive(name: str, value) -> float:
    """The value, a finite number above 0.

    Raises:
        ValueError: If it is anything else.
    """
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if number and math.isfinite(value) and value > 0:
        return float(value)
    raise ValueError(
        f"`{name}` must be finite and positive. Received: {name}={_short(value)}. Pass e.g. 1.5."
    )


def check_references(references: Mapping[str, float] | None) -> dict[str, float]:
    """Values to draw as lines, each finite.

    Raises:
        ValueError: If they are no dict of finite numbers.
    """
    check_mapping("references", references or {}, "a number")
    for name, value in (references or {}).items():
        number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise ValueError(
                f"References must be finite numbers. Received: {name}={_short(value)}. Leave out "
                "what has no value."
            )
    return dict(references or {})


def numbers_of(name: str, value) -> np.ndarray:
    """The value as an array of float64, of any shape.

    Raises:
        ValueError: If it holds anything but real numbers, or rows of unequal length.
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(_no_numbers(name, value)) from error
    raise ValueError(_no_numbers(name, value))


def pair(name: str, value) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values, as arrays of float64; the steps are finite.

    Raises:
        ValueError: If they are no pair of series of numbers, or a step is not finite.
    """
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str) or len(value) != 2:
        raise ValueError(
            f"Each series must be a pair (steps, values). Received: {_short(value)} for {name}. "
            "Pass one value a step."
        )
    steps, values = numbers_of(f"steps of {name}", value[0]), numbers_of(name, value[1])
    if not np.isfinite(steps).all():
        raise ValueError(
            f"Steps must be finite. Received: steps of {name} with {steps[~np.isfinite(steps)][0]}."
            " Leave such rows out."
        )
    return steps, values


def _no_numbers(name, value):
    return (
        f"`{name}` must be an array of numbers. Received: {name}={_short(value)}. Pass floats, in "
        "rows of one length."
    )


def _short(value):
    shown = repr(value)
    return shown if len(shown) < 80 else f"{shown[:80]} (cut)"

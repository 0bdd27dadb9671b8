"""Checks of what is drawn: each says the rule, what came and the remedy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_consensus.support.arrays import check_reals
from tf_consensus.support.checks import is_real, shown


def check_mapping(name: str, value: Any, of: str) -> None:
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
            f"`{name}` must be a dict, by name, each value {of}. Received: {name}={shown(value)}. "
            "Pass what is to be drawn by its name."
        )


def check_names(name: str, value: Any) -> None:
    """Raises unless the value is a list of texts.

    Raises:
        ValueError: If it is one text, or anything else.
    """
    several = isinstance(value, Sequence) and not isinstance(value, str)
    if not several or not all(isinstance(item, str) for item in value):
        raise ValueError(
            f"`{name}` must be a list of names. Received: {name}={shown(value)}. Pass e.g. ['fid']."
        )


def check_references(references: Mapping[str, float] | None) -> dict[str, float]:
    """Values to draw as lines, each finite.

    Raises:
        ValueError: If they are not a dict of finite numbers.
    """
    check_mapping("references", references or {}, "a number")
    for name, value in (references or {}).items():
        if not is_real(value):
            raise ValueError(
                f"References must be finite numbers. Received: {name}={shown(value)}. Leave out "
                "what has no value."
            )
    return dict(references or {})


def pair(name: str, value: Any) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values, as arrays of float64; the steps are finite.

    Raises:
        ValueError: If they are not a pair of series of numbers, or a step is not finite.
    """
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str) or len(value) != 2:
        raise ValueError(
            f"Each series must be a pair (steps, values). Received: {shown(value)} for {name}. "
            "Pass one value per step."
        )
    steps, values = (
        check_reals(key, part) for key, part in zip((f"steps of {name}", name), value, strict=True)
    )
    if not np.isfinite(steps).all():
        raise ValueError(
            f"Steps must be finite. Received: steps of {name} with {steps[~np.isfinite(steps)][0]}."
            " Leave such rows out."
        )
    return steps, values

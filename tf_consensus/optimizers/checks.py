"""Checks of the optimizers' options: each returns the value as a plain Python number."""

import math
import numbers


def check_count(key: str, value, hint: str) -> int:
    """The value, an integer of at least 1.

    Args:
        key: the option's name.
        value: what was given for it.
        hint: the remedy, a sentence that ends the message.

    Raises:
        ValueError: if it is anything else.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(
            f"`{key}` must be an integer of at least 1. Received: {key}={value!r}. {hint}"
        )
    return int(value)


def check_number(key: str, value, rule: str, allowed, hint: str) -> float:
    """The value, a finite real number for which `allowed(value)`.

    Args:
        key: the option's name.
        value: what was given for it.
        rule: what `allowed` asks for, in words.
        allowed: function of a float.
        hint: the remedy, a sentence that ends the message.

    Raises:
        ValueError: if it is anything else.
    """
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not allowed(float(value)):
        raise ValueError(f"`{key}` must be {rule}. Received: {key}={value!r}. {hint}")
    return float(value)

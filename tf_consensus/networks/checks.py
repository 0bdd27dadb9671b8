"""Checks of the settings that the networks share."""

import numbers


def check_int(name: str, value, minimum: int | None = None) -> int:
    """Return `value` as an int, or say what is wrong with it.

    Args:
        name: The setting's name, for the message.
        value: What the caller passed.
        minimum: Smallest allowed value; None: any integer.

    Raises:
        ValueError: If `value` is not an integer (a bool is not) or is below `minimum`.
    """
    integer = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if integer and (minimum is None or value >= minimum):
        return int(value)
    rule = "must be an integer" + ("" if minimum is None else f" of at least {minimum}")
    raise ValueError(f"`{name}` {rule}. Received: {name}={value!r}. Pass a whole number.")

"""Checks of arguments: each returns the value as a plain Python number or says what is wrong."""

import difflib
import math
import numbers
import re
from collections.abc import Iterable


def check_int(name: str, value, minimum: int | None = None) -> int:
    """Return `value` as an int, or say what is wrong with it.

    Args:
        name: The argument's name, for the message.
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


def check_float(name: str, value, *, zero: bool) -> float:
    """Return `value` as a float, or say what is wrong with it.

    Args:
        name: The argument's name, for the message.
        value: What the caller passed.
        zero: Whether 0 is allowed.

    Raises:
        ValueError: If `value` is no finite number, is negative, or is 0 where that isn't allowed.
    """
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if number and math.isfinite(value) and (value > 0 or (zero and value == 0)):
        return float(value)
    sign = "not negative" if zero else "positive"
    raise ValueError(
        f"`{name}` must be finite and {sign}. Received: {name}={value!r}. "
        f"Pass a {'non-negative' if zero else 'positive'} number."
    )


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


def check_seed(seed, name: str = "seed") -> int:
    """The seed as an int of 64 bits.

    Raises:
        ValueError: if it is not an integer, or has more bits.
    """
    integer = isinstance(seed, numbers.Integral) and not isinstance(seed, bool)
    if integer and -(2**63) <= seed < 2**63:
        return int(seed)
    raise ValueError(
        f"`{name}` must be an integer of at most 64 bits. Received: {name}={seed!r}. For example "
        f"{name}=0; None draws one."
    )


def check_bool(name: str, value) -> bool:
    """The value, which must be `True` or `False`.

    Raises:
        TypeError: if it is anything else.
    """
    if isinstance(value, bool):
        return value
    raise TypeError(f"`{name}` must be True or False. Received: {name}={value!r}. Pass a bool.")


def check_function(name: str, function):
    """Return `function`, which may be None.

    Raises:
        ValueError: If it is neither a function nor None.
    """
    if function is None or callable(function):
        return function
    raise ValueError(
        f"`{name}` must be a function or None. Received: {name}={function!r}. Pass e.g. `print`."
    )


def plain(name: str) -> str:
    """A name without what people write differently: capitals, dashes, underscores, spaces.

    Example:
        >>> plain("WGAN-GP") == plain("wgan_gp")
        True
    """
    return "".join(x for x in name.lower() if x.isalnum())


def nearest(name, known: Iterable[str]) -> str:
    """A sentence that offers the known name that is spelt most like `name`, or nothing.

    Where none is spelt alike, it is the shortest that holds the name, from three letters on.

    Example:
        >>> nearest("resnet-cf", ["dcgan3", "resnet", "resnet_cf"])
        "Did you mean 'resnet_cf'? "
    """
    if not isinstance(name, str) or not plain(name):
        return ""
    alike = {plain(key): key for key in reversed(list(known))}
    found = difflib.get_close_matches(plain(name), alike, n=1)
    if not found and len(plain(name)) >= 3:
        found = sorted((key for key in alike if plain(name) in key), key=len)
    return f"Did you mean {alike[found[0]]!r}? " if found else ""


def unknown_argument(error: TypeError, known: Iterable[str]) -> str:
    """What to write in place of an argument that a call does not know: a sentence, or nothing.

    Args:
        error: What `inspect.Signature.bind` raised.
        known: The names of the arguments there are.
    """
    key = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    return nearest(key[1], known) if key else ""

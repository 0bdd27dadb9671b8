"""Checks of numbers, texts, paths and names: each returns the plain value or says what is wrong.

Checks of arrays are in `arrays`, those of the names that a package offers in `registry`.
"""

import difflib
import math
import numbers
import os
import re
from collections.abc import Callable, Iterable
from typing import Any


def is_real(value: Any) -> bool:
    """Whether it is a finite real number that a float holds; a bool is not."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an integer beyond the largest float
        return False


def is_integer(value: Any) -> bool:
    """Whether it is an integer of Python's or NumPy's; a bool is not."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_int(
    name: str, value: Any, minimum: int | None = None, hint: str = "Pass a whole number."
) -> int:
    """Return `value` as an int, or say what is wrong with it.

    Args:
        name: The argument's name, for the message.
        value: What the caller passed.
        minimum: Smallest allowed value; None: any integer.
        hint: The remedy, a sentence that ends the message.

    Raises:
        ValueError: If `value` is not an integer (a bool is not) or is below `minimum`.
    """
    if is_integer(value) and (minimum is None or value >= minimum):
        return int(value)
    rule = "must be an integer" + ("" if minimum is None else f" of at least {minimum}")
    raise ValueError(f"`{name}` {rule}. Received: {name}={value!r}. {hint}")


def check_count(name: str, value: Any, hint: str) -> int:
    """Return `value`, an integer of at least 1; arguments and errors are those of `check_int`."""
    return check_int(name, value, 1, hint)


def check_number(
    name: str,
    value: Any,
    rule: str = "a finite number",
    allowed: Callable[[float], bool] = lambda _: True,
    hint: str = "Pass a number.",
) -> float:
    """Return `value` as a float: a finite real number for which `allowed(value)`.

    Args:
        name: The argument's name, for the message.
        value: What the caller passed.
        rule: What `allowed` asks for, in words.
        allowed: Function of a float.
        hint: The remedy, a sentence that ends the message.

    Raises:
        ValueError: If it is anything else.
    """
    if is_real(value) and allowed(float(value)):
        return float(value)
    raise ValueError(f"`{name}` must be {rule}. Received: {name}={value!r}. {hint}")


def check_float(name: str, value: Any, *, zero: bool, hint: str | None = None) -> float:
    """Return `value` as a float: finite, and positive or, if `zero`, not negative.

    Args:
        name: The argument's name, for the message.
        value: What the caller passed.
        zero: Whether 0 is allowed.
        hint: The remedy; None for a general one.

    Raises:
        ValueError: If `value` is not finite, is negative, or is 0 where that is not allowed.
    """
    rule = f"finite and {'not negative' if zero else 'positive'}"
    usual = f"Pass a {'non-negative' if zero else 'positive'} number."
    return check_number(name, value, rule, lambda x: x > 0 or (zero and x == 0), hint or usual)


def check_seed(seed: Any, name: str = "seed") -> int:
    """Return the seed as an int of 64 bits.

    Raises:
        ValueError: If it is not an integer, or has more bits.
    """
    if is_integer(seed) and -(2**63) <= seed < 2**63:
        return int(seed)
    raise ValueError(
        f"`{name}` must be an integer of at most 64 bits. Received: {name}={seed!r}. For example "
        f"{name}=0; None draws one."
    )


def check_bool(name: str, value: Any, hint: str = "Pass a bool.") -> bool:
    """Return `value`, which must be `True` or `False`.

    Raises:
        TypeError: If it is anything else.
    """
    if isinstance(value, bool):
        return value
    raise TypeError(f"`{name}` must be True or False. Received: {name}={value!r}. {hint}")


def check_text(name: str, value: Any, hint: str) -> str:
    """Return `value`, a string that is not blank.

    Raises:
        ValueError: If it is anything else.
    """
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(f"`{name}` must be a string. Received: {name}={value!r}. {hint}")


def check_path(name: str, value: Any, hint: str, what: str = "the name of a file") -> str:
    """Return `value` as the text of a path.

    Args:
        name: The argument's name, for the message.
        value: What the caller passed.
        hint: The remedy, a sentence that ends the message.
        what: What it is the path of, in words.

    Raises:
        ValueError: If it is neither a string nor a `pathlib.Path`, or is empty.
    """
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if isinstance(path, str) and path and "\0" not in path:
        return path
    raise ValueError(f"`{name}` must be {what}. Received: {name}={value!r}. {hint}")


def check_function(name: str, function: Any) -> Callable | None:
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


def with_article(name: str) -> str:
    """The name with "a" or "an" before it, as in "a GAN" and "an InfoGAN"."""
    return f"{'an' if plain(name)[:1] in tuple('aeiou') else 'a'} {name}"


def nearest(name: Any, known: Iterable[str]) -> str:
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


def shown(value: Any) -> str:
    """The `repr` of a value for a message, cut after 80 characters."""
    text = repr(value)
    return text if len(text) < 80 else f"{text[:80]} (cut)"

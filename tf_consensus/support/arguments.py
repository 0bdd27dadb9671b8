"""The arguments of a call, by name."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def given_to(
    method: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """What a call gives to a method, by the names of its parameters; without defaults.

    Args:
        method: the method, bound.
        args: the positional arguments.
        options: the arguments by name.

    Raises:
        TypeError: if the method takes no such arguments.
    """
    return inspect.signature(method).bind_partial(*args, **options).arguments

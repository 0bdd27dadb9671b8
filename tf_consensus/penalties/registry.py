"""From a name, a config or an instance to a penalty, and back to a config."""

import inspect
from collections.abc import Callable
from typing import Any

from tf_consensus.penalties.gradient_penalty import GradientPenalty
from tf_consensus.penalties.instance_noise import InstanceNoise
from tf_consensus.penalties.one_centered import DRAGAN, WGANGP
from tf_consensus.penalties.zero_centered import R1, R2, ZeroCenteredInterpolated
from tf_consensus.support.registry import Registry

_ENTRIES = {
    "r1": R1,
    "r2": R2,
    "wgan_gp": WGANGP,
    "zero_centered_interpolated": ZeroCenteredInterpolated,
    "dragan": DRAGAN,
    "instance_noise": InstanceNoise,
}
# Other names of the same, without capitals and separators.
_ALIASES = {
    "gp": "wgan_gp",
    "gradientpenalty": "wgan_gp",
    "0gp": "zero_centered_interpolated",
    "zerogp": "zero_centered_interpolated",
    "zerocentered": "zero_centered_interpolated",
}
_PENALTIES = Registry("penalty", _ENTRIES, _ALIASES)


def names() -> list[str]:
    """Returns the names that `get` knows."""
    return _PENALTIES.names()


def get(identifier: str | dict | Callable) -> Callable:
    """Returns the penalty that a name, a config or an instance stands for.

    Args:
        identifier: one of `names()` or a class's name, for the default arguments, where capitals,
            dashes and underscores do not count; a dict as `serialize` returns it, or with
            "class_name" and "config" only; or a penalty: an instance, or any function
            `penalty(discriminator, real, fake)` that returns a scalar.

    Returns:
        The penalty; an instance or function is returned as it is.

    Raises:
        ValueError: if the name is unknown.
        TypeError: if the identifier is none of these.

    Example:
        >>> get("r1")
        R1(gamma=10.0)
    """
    penalty = _PENALTIES.made(identifier, "an instance, for example R1(10.0)")
    if not callable(penalty) or isinstance(penalty, type):
        raise TypeError(
            "A penalty is a name, a config dict, an instance such as R1(10.0), or a function of "
            f"(discriminator, real, fake) that returns a scalar. Received: {identifier!r}. "
            f"The names are {sorted(names())}."
        )
    if not isinstance(penalty, GradientPenalty | InstanceNoise):
        _check_arguments(penalty)
    return penalty


def _check_arguments(function: Callable) -> None:
    """Raises `TypeError` if a function does not take a discriminator and both batches."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # of a builtin that does not say
        return
    try:
        signature.bind("discriminator", "real", "fake")
    except TypeError as error:
        name = getattr(function, "__name__", type(function).__name__)
        raise TypeError(
            "A penalty is a function of (discriminator, real, fake). Received: "
            f"{name}{signature}. Give it these three arguments."
        ) from error


def get_all(identifiers: Any) -> list[Callable]:
    """The penalties that a list of names, configs, instances and functions stands for.

    One of these alone is a list of one.

    Raises:
        TypeError: if it is neither, or `get` refuses one of them.
        ValueError: if a name is unknown.

    Example:
        >>> get_all(R1(1.0)) == get_all([R1(1.0)])
        True
    """
    if isinstance(identifiers, str | dict) or callable(identifiers):
        identifiers = [identifiers]
    if not isinstance(identifiers, list | tuple):
        raise TypeError(
            "`penalties` must be a penalty or a list of them. Received: "
            f"penalties={identifiers!r}. Write [] for none, or for example [R1(10.0)]."
        )
    return [get(identifier) for identifier in identifiers]


def serialize(penalty: Callable) -> dict[str, Any]:
    """Returns a JSON-ready dict from which `get` rebuilds the penalty.

    Args:
        penalty: an instance, or a registered function.

    Raises:
        TypeError: if it is no penalty.
    """
    valid = callable(penalty) and not isinstance(penalty, type)
    return _PENALTIES.serialized(penalty, valid, "an instance or a function", "R1(10.0)")

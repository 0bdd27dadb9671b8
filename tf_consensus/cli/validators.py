"""Checks values of flags before TensorFlow is imported; messages offer the nearest name."""

import math
from collections.abc import Callable, Collection
from typing import Any

from absl import app, flags

from tf_consensus.cli.messages import did_you_mean


def one_of(names: Collection[str], also: Collection[str] = ()) -> Callable[[str | None], bool]:
    """A validator for an optional name.

    Args:
        names: The names that messages offer.
        also: Further names that are accepted.
    """

    def check(name):
        if name is None or name in names or name in also:
            return True
        near = did_you_mean(name, names)
        raise flags.ValidationError(f"{near}It must be one of {', '.join(sorted(names))}")

    return check


def list_of(
    names: Collection[str], also: Collection[str] = (), least: int = 0
) -> Callable[[list[str] | None], bool]:
    """A validator for a list of different names.

    Args:
        names: The names that messages offer.
        also: Further names that are accepted.
        least: The smallest number of names.
    """
    rule = f"It must be a comma list of different names out of {', '.join(names)}"

    def check(given):
        given = given or []
        for name in given:
            if name not in names and name not in also:
                raise flags.ValidationError(f"{did_you_mean(name, names)}{rule}")
        if len(set(given)) != len(given) or len(given) < least:
            raise flags.ValidationError(rule)
        return True

    return check


def seeds(below: int | None = None) -> Callable[[list[str]], bool]:
    """A validator for a list of seeds, at least one.

    Args:
        below: Bound of each seed, if there is one: a power of 2.
    """
    bound = "" if below is None else f" and below 2^{below.bit_length() - 1}"

    def check(given):
        numbers = [int(text) for text in given or () if text.isdecimal()]
        whole = bool(numbers) and len(numbers) == len(given) == len(set(numbers))
        if whole and (below is None or max(numbers) < below):
            return True
        rule = f"It must be a comma list of different integers of at least 0{bound}"
        raise flags.ValidationError(rule)

    return check


def multiple_or_less(part: int, what: str) -> Callable[[int | None], bool]:
    """A validator for an optional number of steps.

    Args:
        part: The number of steps that it must be a multiple of, unless it is smaller.
        what: What this number is, in words.
    """

    def check(number):
        if number is None or _is_multiple_or_less(number, part):
            return True
        raise flags.ValidationError(f"It must be below {part} or a multiple of it, {what}")

    return check


def check_multiple(run: dict[str, Any], whole: str, part: str) -> None:
    """Raise `absl.app.UsageError` unless one number of steps is a multiple of another, or less.

    Args:
        run: Values of flags by their names.
        whole: The flag that is checked.
        part: The flag of whose value it must be a multiple.
    """
    if not _is_multiple_or_less(run[whole], run[part]):
        raise app.UsageError(
            f"--{whole} must be a multiple of --{part}. Received: "
            f"--{whole}={run[whole]} --{part}={run[part]}. Round one of them."
        )


def check_parts(run: dict[str, Any], devices: int = 1) -> None:
    """Raise `absl.app.UsageError` unless a batch can be cut into the parts that flags ask for.

    Args:
        run: Values of flags by their names.
        devices: How many devices share a batch, each of which cuts its own part.
    """
    parts = {key: run[key] for key in ("pack", "microbatches") if run.get(key, 1) > 1}
    shared = devices if "microbatches" in parts else 1
    if not parts or run["batch_size"] % (math.prod(parts.values()) * shared) == 0:
        return
    factors = [f"--{key}" for key in parts] + [f"the {shared} devices"] * (shared > 1)
    given = " ".join(f"--{key}={run[key]}" for key in ("batch_size", *parts))
    raise app.UsageError(
        f"--batch_size must be a multiple of {' times '.join(factors)}. Received: {given}. Change "
        "one of them."
    )


def _is_multiple_or_less(number, part):
    return number < part or number % part == 0

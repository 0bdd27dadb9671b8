"""Describes flags: all of a command, or those that a model of `train` takes."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from tf_consensus.experiments.families.presets import FAMILIES, flags_of

_GIVEN = {
    "pairs": "PICTURES",
    "labels": "PICTURES",
    "table": "TABLE.csv",
    "sequences": "SEQUENCES.npy",
}


def describe(values: flags.FlagValues, defaults: Mapping[str, Any] | None = None) -> str:
    """A line or two per flag: its name, what it is for, and its default.

    Args:
        values: The flags.
        defaults: Those to show, with their defaults; None: all, with their own.
    """
    lines = []
    for name in sorted(values if defaults is None else defaults):
        flag = values[name]
        value = flag.default if defaults is None else defaults[name]
        shown = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        default = "" if value in (None, []) else f" (default: {shown})"
        lines.append(f"  --{name}: {flag.help}{default}")
    return "\n".join(lines)


def named_family(typed: Sequence[str]) -> str | None:
    """The family that --model names among what was typed, if one is."""
    words = [word.lstrip("-") for word in typed]
    named = [word.removeprefix("model=") for word in words if word.startswith("model=")]
    named += [after for word, after in itertools.pairwise(words) if word == "model"]
    return next((name for name in named if name in FAMILIES), None)


def help_of_family(model: str, values: flags.FlagValues) -> str:
    """The help of `train` for a model: what it is for, and the flags that it takes.

    Args:
        model: One of `FAMILIES`.
        values: The flags of `train`.
    """
    family = FAMILIES[model]
    names = sorted(flags_of(model) & {*values})
    own = {name: values[name].default for name in names}
    own |= {name: family.settings[name] for name in names if name in family.settings}
    own["optimizer"] = family.method
    given = _GIVEN[family.kind]
    return (
        f"usage: tf-consensus train --model={model} {given} [flags]\n\n"
        f"{model}: {family.line}.\n\nflags that it takes, with its defaults; without one the data "
        f"decide:\n{describe(values, own)}"
    )

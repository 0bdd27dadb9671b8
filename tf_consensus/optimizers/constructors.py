"""Constructors of optimizers: refused arguments are explained, shared ones described once."""

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from tf_consensus.optimizers.inner import INNER_OPTIONS

_SECTION = re.compile(r"^(Args|Returns|Raises|Attributes|Example|Reference):$", re.MULTILINE)
_ENTRY = re.compile(r"^ {4}(\w+): ", re.MULTILINE)


def refusing(init: Callable[..., None]) -> Callable[..., None]:
    """The constructor, which hands arguments that it does not know to the class's `refuse`.

    Its signature stays as it is written. Python's own error would not say that an argument such as
    `weight_decay` belongs to the inner optimizer.

    Args:
        init: an `__init__`. One with `**options` passes these on, so that they are checked there.
    """
    parameters = inspect.signature(init).parameters
    if any(x.kind is x.VAR_KEYWORD for x in parameters.values()):
        return init

    @functools.wraps(init)
    def checked(self: Any, *args: Any, **options: Any) -> None:
        self.refuse({key: value for key, value in options.items() if key not in parameters})
        init(self, *args, **options)

    return checked


def refuse_options(
    name: str,
    options: dict[str, Any],
    inner: Sequence[str] = ("inner_optimizer",),
    inner_options: Sequence[str] = INNER_OPTIONS,
) -> None:
    """Raises if there is any option, saying where those of the inner optimizer belong.

    Args:
        name: the class's name.
        options: the arguments that its constructor does not know, by name.
        inner: the arguments that take an inner optimizer each.
        inner_options: the names of what belongs there.

    Raises:
        ValueError: if an option belongs on the inner optimizer.
        TypeError: if there is any other option.
    """
    misplaced = sorted(set(options) & set(inner_options))
    if misplaced:
        given = ", ".join(f"{key}={options[key]!r}" for key in misplaced)
        written = ", ".join(f"{key}=keras.optimizers.RMSprop({given})" for key in inner)
        raise ValueError(
            f"These are options of the inner optimizer, not of {name}. Received: {given}. "
            f"Write {name}({written}), or with another of Keras' optimizers."
        )
    if options:
        raise TypeError(
            f"{name} does not know these arguments. Received: {sorted(options)}. "
            "See its documentation for those it takes."
        )


def parameters_of(cls: type) -> Mapping[str, inspect.Parameter]:
    """The parameters of a class's constructor, by name, `self` among them."""
    init = cls.__init__  # type: ignore[misc]  # mypy takes a class for an instance of `type`
    return inspect.signature(init).parameters


def describe_arguments(cls: type) -> None:
    """Completes a class's docstring: arguments that it leaves out are described as in its bases.

    The section `Args` then has all arguments of the constructor, in their order, each described
    once in the source.
    """
    text = vars(cls).get("__doc__")
    if not text:
        return
    text = inspect.cleandoc(text)
    known = _entries(text)
    for base in cls.__mro__[1:]:
        if base is keras.optimizers.Optimizer:
            break
        for name, entry in _entries(inspect.cleandoc(base.__doc__ or "")).items():
            known.setdefault(name, entry)
    names = [name for name in parameters_of(cls) if name in known]
    if names:
        cls.__doc__ = _with_section(text, "Args:\n" + "\n".join(known[name] for name in names))


def _section(text: str, title: str) -> tuple[int, int]:
    """Where the section begins and ends; where it belongs if there is none."""
    found = list(_SECTION.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=False):
        if match[1] == title:
            return match.start(), end
    start = found[0].start() if found else len(text)
    return start, start


def _entries(text: str) -> dict[str, str]:
    """The descriptions in the section `Args`, by name."""
    start, end = _section(text, "Args")
    section = text[start:end].rstrip()
    found = list(_ENTRY.finditer(section))
    ends = [*(match.start() for match in found[1:]), len(section)]
    pairs = zip(found, ends, strict=False)
    return {match[1]: section[match.start() : end].rstrip() for match, end in pairs}


def _with_section(text: str, section: str) -> str:
    start, end = _section(text, "Args")
    before, after = text[:start].rstrip(), text[end:].lstrip("\n")
    return "\n\n".join(part for part in (before, section, after) if part)


def refuse_lost_arguments(cls: type) -> None:
    """Raises `TypeError` if a class takes arguments of its own but inherits its `get_config`.

    Args:
        cls: an optimizer's class.
    """
    maker, saver = (_definer(cls, name) for name in ("__init__", "get_config"))
    if maker is saver or not issubclass(maker, saver):
        return
    known = parameters_of(saver)
    own = [name for name in parameters_of(maker) if name not in known]
    named = [name for name in own if name not in ("options", "kwargs")]
    if named:
        raise TypeError(
            "An optimizer is saved by its constructor's arguments. Received: "
            f"{maker.__name__}({', '.join(named)}), which the inherited get_config leaves out."
            " Define a get_config that returns {**super().get_config(), 'name': value} with them."
        )


def _definer(cls: type, name: str) -> type:
    return next(base for base in cls.__mro__ if name in vars(base))

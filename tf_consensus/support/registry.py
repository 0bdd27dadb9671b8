"""What a package offers by name: looked up, described by a config, and written to one."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from tf_consensus.support.checks import nearest, plain
from tf_consensus.support.configurable import deserialized


class Registry:
    """Classes or functions of one kind by their names.

    Capitals, dashes, underscores and spaces of a name do not count where it is `spelt`.

    Args:
        kind: What all of them are, a word for messages, for example "penalty".
        entries: The classes or functions by their names.
        aliases: Other names, without capitals and separators, and the name that each stands for.

    Example:
        >>> shapes = Registry("shape", {"round_one": dict}, {"circle": "round_one"})
        >>> shapes.spelt("Round-One"), shapes.spelt("circle"), shapes.spelt("square")
        ('round_one', 'round_one', None)
    """

    def __init__(
        self, kind: str, entries: Mapping[str, Callable], aliases: Mapping[str, str] | None = None
    ) -> None:
        self.kind = kind
        self.entries = dict(entries)
        self._aliases = dict(aliases or {})

    def names(self) -> list[str]:
        """The names, in the order of registration, without aliases."""
        return list(self.entries)

    @property
    def classes(self) -> dict[str, Callable]:
        """The entries by their own names, which configs without a module have."""
        return {x.__name__: x for x in self.entries.values() if isinstance(x, type)}

    def spelt(self, name: str) -> str | None:
        """The name, or the class's name, that a user's spelling stands for; None if there is none.

        Args:
            name: As the user wrote it.
        """
        known = {plain(x): x for x in reversed([*self.entries, *self.classes])}
        return known.get(plain(name)) or self._aliases.get(plain(name))

    def nearest(self, name: Any) -> str:
        """A sentence that offers the known name that is spelt most like `name`, or nothing."""
        return nearest(name, [*self.entries, *self.classes])

    def made(self, identifier: Any, instance: str) -> Any:
        """What an identifier stands for, made.

        Args:
            identifier: A name, for the default arguments; a config dict; or anything else, which
                is returned as it is.
            instance: What may be passed in place of a name, for the message.

        Raises:
            ValueError: If the name is unknown, or the config cannot be loaded.
        """
        if isinstance(identifier, dict):
            return deserialized(self.kind, identifier, self.classes)
        if not isinstance(identifier, str):
            return identifier
        name = self.spelt(identifier)
        if name is None:
            raise ValueError(
                f"Unknown {self.kind}. Received: identifier={identifier!r}. "
                f"{self.nearest(identifier)}Use one of {sorted(self.entries)}, or pass {instance}."
            )
        return {**self.classes, **self.entries}[name]()

    def serialized(self, instance: Any, valid: bool, rule: str, example: str) -> dict[str, Any]:
        """A JSON-ready dict from which `made` rebuilds an instance.

        Args:
            instance: What is to be described.
            valid: Whether it is of the registry's kind.
            rule: What it has to be, in words, for the message.
            example: One such, in Python.

        Raises:
            TypeError: If it is not valid.
        """
        if not valid:
            raise TypeError(
                f"{'An' if self.kind[0] in 'aeiou' else 'A'} {self.kind} that is serialized is "
                f"{rule}. Received: {instance!r}. For example {example}."
            )
        return keras.saving.serialize_keras_object(instance)

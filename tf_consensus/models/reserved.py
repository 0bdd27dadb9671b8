"""A model's own names, which a subclass must not give to something else."""

from collections.abc import Iterable
from typing import Any

import keras

_PACKAGE = __name__.partition(".")[0]


class ReservedNames(keras.Model):
    """A model that refuses attributes with the names of its methods, properties and settings.

    A subclass declares with `settle` which attributes its constructor has made.
    """

    _settled: frozenset[str] = frozenset()

    def settle(self, names: Iterable[str]) -> None:
        """Protects these attributes from here on."""
        super().__setattr__("_settled", frozenset(names))

    def refuse_taken(self, names: Iterable[str]) -> None:
        """Raises `ValueError` if one of the names is an attribute before the model makes it."""
        for name in names:
            if name in vars(self):
                raise ValueError(_RESERVED.format(name, type(self).__name__))

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._settled or _is_method_of_ours(type(self), name):
            raise ValueError(_RESERVED.format(name, type(self).__name__))
        super().__setattr__(name, value)


def _is_method_of_ours(cls: type, name: str) -> bool:
    """Whether a class of this package defines it as a method or a property."""
    ours = [base for base in cls.__mro__ if base.__module__.partition(".")[0] == _PACKAGE]
    found = [vars(base)[name] for base in ours if name in vars(base)]
    return any(callable(x) or isinstance(x, property | classmethod) for x in found)


_RESERVED = (
    "A game's own names are not given to something else. Received: an attribute `{}` of {}. Choose "
    "another name for it."
)

"""Public functions of other packages, replaced during a block."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any


class Replacement:
    """Functions that stand for others while at least one block is entered.

    Blocks may be entered from several threads, as the replicas of a strategy are, and within one
    another. All threads see the functions, so these must be right for all.

    Args:
        entries: triples of a module, a name in it, and the function that stands for what it names.

    Example:
        >>> import math
        >>> with Replacement([(math, "sin", math.cos)]).active():
        ...     math.sin(0.0)
        1.0
        >>> math.sin(0.0)
        0.0
    """

    def __init__(self, entries: Sequence[tuple[Any, str, Callable]]) -> None:
        self._entries = [(*entry, getattr(*entry[:2])) for entry in entries]
        self._lock = threading.Lock()
        self._users = 0

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """In the block the functions are in place."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change):
        """One user more or less; with the first the functions come, with the last they go."""
        with self._lock:
            before, self._users = self._users, self._users + change
            if before and self._users:
                return
            for module, name, function, original in self._entries:
                setattr(module, name, function if self._users else original)

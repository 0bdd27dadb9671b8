"""The program `tf-consensus` loads the library at its first use; any other import loads it at once.

The program answers help and wrong flags in under a second, and TensorFlow alone takes longer.
Elsewhere importing the package must register every serializable class at once, so that saved
models load: only the process whose entry point is the program waits.
"""

import importlib
import importlib.abc
import importlib.machinery
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

_PACKAGE = "tf_consensus"
_PROGRAM = "tf-consensus"
_ENDINGS = (".exe", "-script.py")
# Packages and modules that need no TensorFlow, or are above the library and no part of it.
_LIGHT = (
    "",
    "__main__",
    "_deferred",
    "cli",
    "experiments",
    "plotting",
    "support",
    "support.arrays",
    "support.checks",
    "support.files",
    "theory",
)
_WITH_ARGUMENT = "WX"

_loading = _loaded = False


def waits() -> bool:
    """Whether the library is left out of this import."""
    return not _loading and is_program(sys.orig_argv)


def is_program(command: Sequence[str]) -> bool:
    """Whether a command line runs the program: `python -m tf_consensus` or its script.

    Args:
        command: The interpreter and its arguments, as in `sys.orig_argv`.
    """
    kind, name = _entry_point(command[1:])
    if kind == "module":
        return name == _PACKAGE
    name = pathlib.PurePath(name).name.lower()
    return kind == "script" and name in (_PROGRAM, *(_PROGRAM + ending for ending in _ENDINGS))


def _entry_point(arguments):
    """What an interpreter runs: ("module", name), ("script", path) or ("", "")."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            return "script", next(rest, "")
        if argument == "--check-hash-based-pycs":
            next(rest, "")
        elif not argument.startswith("-") or argument == "-":
            return "script", argument
        elif not argument.startswith("--"):
            # Options of one letter may stand together, and the last may hold its argument.
            for place, letter in enumerate(argument[1:], start=2):
                if letter == "c":
                    return "", ""
                if letter == "m":
                    return "module", argument[place:] or next(rest, "")
                if letter in _WITH_ARGUMENT:
                    _ = argument[place:] or next(rest, "")
                    break
    return "", ""


def defer() -> None:
    """Sets a watch for the first use of the library."""
    if not any(isinstance(finder, _Watch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch())


def get(name: str) -> Any:
    """A public name of the package; loads the library for it.

    Raises:
        AttributeError: If the package has no such name, or is being loaded.
    """
    package = sys.modules[_PACKAGE]
    if name in package.__all__ and not _loading:
        load()
        return vars(package)[name]
    raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")


def load() -> None:
    """Runs the package's `__init__` again, now with all of its imports."""
    global _loading, _loaded
    _loading = True
    try:
        importlib.reload(sys.modules[_PACKAGE])
        _loaded = True
    finally:
        _loading = False


class _Watch:
    """Loads the library before the first of its modules that needs TensorFlow.

    So a model that the program loads finds every class, whichever module it imported.
    """

    def find_spec(self, name, path=None, target=None):
        """The module that was asked for, if loading has already made it; otherwise nothing."""
        package, _, rest = name.partition(".")
        if package != _PACKAGE or _is_light(rest) or _loading or _loaded:
            return None
        load()
        if (module := sys.modules.get(name)) is None:
            return None
        # Python prefers the specification of a module that now exists to the one returned here.
        module.__spec__ = importlib.machinery.ModuleSpec(name, _Made(module))
        return module.__spec__


def _is_light(module):
    # Some modules of `support` need TensorFlow; each that does not is named.
    room = module.partition(".")[0]
    return module in _LIGHT or (room in _LIGHT and room != "support")


class _Made(importlib.abc.Loader):
    """The loader of a module that exists already; Python would make a second one."""

    def __init__(self, module):
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec):
        return self._module

    def exec_module(self, module):
        module.__spec__ = self._spec

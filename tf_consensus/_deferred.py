"""The program `tf-consensus` loads the library at its first use; everybody else at the import.

The program answers help and wrong flags in under a second, and TensorFlow alone takes longer.
Elsewhere importing the package must register every serializable class at once, so that saved
models load: only the process whose entry point is the program waits.
"""

import importlib
import importlib.util
import pathlib
import sys
from collections.abc import Sequence

_PACKAGE = "tf_consensus"
_PROGRAM = "tf-consensus"
_ENDINGS = (".exe", "-script.py")
# Modules of these may ask for the library while they are imported themselves.
_CALLERS = (f"{_PACKAGE}.cli", f"{_PACKAGE}.__main__", f"{_PACKAGE}._deferred")
_WITH_ARGUMENT = "WX"

_loading = False


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


def get(name: str):
    """A public name of the package, which is loaded for it.

    Raises:
        AttributeError: If the package has no such name, or is being loaded.
    """
    package = sys.modules[_PACKAGE]
    if name in package.__all__ and not _loading:
        place = f"{_PACKAGE}.{name}"
        # Loading everything would come back to the module that asks and is not ready.
        if _in_the_middle() and importlib.util.find_spec(place):
            return importlib.import_module(place)
        load()
        return vars(package)[name]
    raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")


def load() -> None:
    """Runs the package's `__init__` again, now with all of its imports."""
    global _loading
    _loading = True
    try:
        importlib.reload(sys.modules[_PACKAGE])
    finally:
        _loading = False


def _in_the_middle():
    """Whether a module of the library is being imported."""
    return any(
        getattr(getattr(module, "__spec__", None), "_initializing", False)
        for name, module in list(sys.modules.items())
        if name.startswith(f"{_PACKAGE}.") and not name.startswith(_CALLERS)
    )

"""What is public, which page of the reference holds it, and what its documentation leaves out."""

import ast
import functools
import importlib
import inspect
import pathlib
import pkgutil
import re
import types
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

PACKAGE = "tf_consensus"
# Public as a module, though the package exports the names of most use by itself.
MODULES = (PACKAGE, f"{PACKAGE}.optimizers")
_BLOCK = re.compile(r"^::: +([\w.]+) *$", re.MULTILINE)
_ARGUMENTS = re.compile(r"^(?:Args|Attributes):\n((?: {4}.*\n|\n)*)", re.MULTILINE)
_SAID = re.compile(r"`(\w+)")
_ENTRY = re.compile(r"^ {4}(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: \([^)]*\))?:", re.MULTILINE)


class Name(NamedTuple):
    """A public name: where it is public, where it is written, and what it is."""

    path: str
    home: str
    value: Any

    @property
    def written(self) -> str:
        """Its path where it is written, the same for all places where it is public."""
        return f"{self.home}.{self.path.rpartition('.')[2]}"


def gaps(root: pathlib.Path) -> list[str]:
    """What is missing in the reference of a repository, a sentence each."""
    pages = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((root / "docs" / "api").glob("*.md"))
    }
    names = all_public()
    undocumented = [gap for name in names for gap in undocumented_parts(name)]
    return sorted({*misplaced(names, pages), *undocumented})


def all_public() -> list[Name]:
    """The public names of the library, each once, by the path that is most used."""
    names = [name for module in MODULES for name in public(importlib.import_module(module), module)]
    return list({name.written: name for name in reversed(names)}.values())


def public(module: types.ModuleType, path: str, nested: bool = True) -> Iterator[Name]:
    """The public names of a module: those of `__all__`, or all that it defines without underscore.

    Args:
        module: a package or a module.
        path: where it is public itself.
        nested: whether those of the modules among them are in their place.
    """
    names = getattr(module, "__all__", None) or [
        name for name in _definitions(module) if not name.startswith("_")
    ]
    for name in names:
        value = getattr(module, name)
        if isinstance(value, types.ModuleType):
            yield from public(value, f"{path}.{name}") if nested else ()
        else:
            yield Name(f"{path}.{name}", _home(module, name).__name__, value)


def misplaced(names: list[Name], pages: dict[str, str]) -> Iterator[str]:
    """The names that are on no page, or on several; and what a page has that is not public."""
    held, known = defaultdict(list), {name.written for name in names}
    for page, text in pages.items():
        for path in _BLOCK.findall(text):
            for name in _held(path):
                held[name.written].append(page)
                if name.written not in known:
                    yield f"{page} holds {path}, which is not public."
    for name in names:
        count = len(held[name.written])
        if count != 1:
            where = " and ".join(held[name.written]) or "no page of docs/api"
            yield f"{name.path} must be on one page of the reference. It is on {where}."


def _held(path):
    """The names that a block of a page shows: a module's, or one."""
    value = pkgutil.resolve_name(path)
    if isinstance(value, types.ModuleType):
        return list(public(value, path, nested=False))
    holder = pkgutil.resolve_name(path.rpartition(".")[0])
    return [Name(path, _home(holder, path.rpartition(".")[2]).__name__, value)]


def undocumented_parts(name: Name) -> Iterator[str]:
    """What the documentation of a name leaves out: all of it, arguments, methods."""
    value = name.value
    if isinstance(value, type):
        yield from _undocumented_class(name.path, value)
    elif inspect.isroutine(value):
        yield from _undocumented_function(name.path, value)
    elif not _definitions(importlib.import_module(name.home))[name.path.rpartition(".")[2]]:
        yield f"{name.path} has no text under its assignment."


def _undocumented_class(path, cls):
    text = vars(cls).get("__doc__") or ""
    if not text:
        yield f"{path} has no docstring."
    if fields := getattr(cls, "_fields", ()):
        yield from _unnamed(path, fields, text)
    elif _is_ours(cls.__init__):
        yield from _unnamed(path, _parameters(cls.__init__)[1:], text)
    for name, value in vars(cls).items():
        # What overrides a base's method is described there.
        inherited = any(hasattr(base, name) for base in cls.__mro__[1:])
        function = getattr(value, "fget", None) or getattr(value, "__func__", value)
        if not name.startswith("_") and not inherited and _is_ours(function):
            bound = not isinstance(value, staticmethod)
            yield from _undocumented_function(f"{path}.{name}", function, True, bound)


def _undocumented_function(path, function, method=False, bound=False):
    if not function.__doc__:
        yield f"{path} has no docstring."
    text = function.__doc__ or ""
    # The line of a method may name what it takes.
    said = _SAID.findall(text) if method else ()
    yield from _unnamed(path, _parameters(function)[bound:], text, said)


def _is_ours(function):
    return inspect.isfunction(function) and function.__module__.partition(".")[0] == PACKAGE


def _parameters(function):
    return list(inspect.signature(function).parameters)


def _unnamed(path, arguments, text, said=()):
    section = _ARGUMENTS.search(inspect.cleandoc(text) + "\n")
    entries = _ENTRY.findall(section[1]) if section else []
    named = {*said, *(name.strip(" *") for entry in entries for name in entry.split(","))}
    for argument in arguments:
        if argument not in named:
            yield f"{path}: `Args` must name {argument}."


@functools.cache
def _definitions(module):
    """The names that a module's source defines: whether a text belongs to each."""
    found, before = {}, ()
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            before = [target.id for target in targets if isinstance(target, ast.Name)]
            found |= dict.fromkeys(before, False)
            continue
        if isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str):
            found |= dict.fromkeys(before, True)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = ast.get_docstring(node) is not None
        before = ()
    return found


@functools.cache
def _home(module, name):
    """The module that a name of a module is written in."""
    if name in _definitions(module):
        return module
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and name in [x.asname or x.name for x in node.names]:
            return _home(importlib.import_module(node.module), name)
    raise LookupError(f"{module.__name__} does not define {name}.")

"""Every public function says what it takes and returns."""

import ast
import pathlib

import pytest

import tf_consensus

PACKAGE = pathlib.Path(tf_consensus.__file__).parent
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
PUBLIC = ("__init__", "__call__")


def gaps(source):
    """Line, function and argument of each annotation that is missing; the result is "return"."""
    return list(_in(ast.parse(source).body, "", method=False))


def _in(body, before, method):
    for node in body:
        if isinstance(node, FUNCTIONS) and _is_public(node.name):
            for name in _missing(node, method):
                yield node.lineno, before + node.name, name
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _in(node.body, f"{before}{node.name}.", method=True)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            parts = [getattr(node, part, []) for part in ("body", "orelse", "finalbody")]
            parts += [handler.body for handler in getattr(node, "handlers", [])]
            yield from _in([x for part in parts for x in part], before, method)


def _is_public(name):
    return not name.startswith("_") or name in PUBLIC


def _missing(function, method):
    given = function.args
    arguments = [*given.posonlyargs, *given.args]
    static = any(ast.unparse(x) == "staticmethod" for x in function.decorator_list)
    if method and not static:
        arguments = arguments[1:]  # self or cls
    arguments += [*given.kwonlyargs, *(x for x in (given.vararg, given.kwarg) if x)]
    yield from (x.arg for x in arguments if x.annotation is None)
    if function.returns is None:
        yield "return"


def test_public_functions_are_annotated():
    found = [
        f"{path.relative_to(PACKAGE.parent)}:{line} {function}: {argument}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, function, argument in gaps(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


FULL = """
def f(a: int, *b: int, c: int = 0, **d: int) -> int: ...
def _private(a): ...
class A:
    def __init__(self, a: int) -> None: ...
    def __eq__(self, other): ...
    def _private(self, a): ...
    @classmethod
    def made(cls, a: int) -> "A": ...
    @staticmethod
    def plain(a: int) -> int: ...
class _Private:
    def f(self, a): ...
"""
LACKING = {
    "def f(a: int): ...": [(1, "f", "return")],
    "def f(a, b: int) -> int: ...": [(1, "f", "a")],
    "def f(a, /, b, *c, d, **e) -> int: ...": [(1, "f", x) for x in "abdce"],
    "async def f(a) -> int: ...": [(1, "f", "a")],
    "\nclass A:\n    def __call__(self, a) -> int: ...": [(3, "A.__call__", "a")],
    "class A:\n    @staticmethod\n    def f(a) -> int: ...": [(3, "A.f", "a")],
    "class A:\n    class B:\n        def f(self): ...": [(3, "A.B.f", "return")],
    "if x:\n    pass\nelse:\n    def f(): ...": [(4, "f", "return")],
    "try:\n    pass\nexcept E:\n    def f(): ...": [(4, "f", "return")],
}


def test_a_source_with_all_annotations():
    assert gaps(FULL) == []


@pytest.mark.parametrize("source", LACKING)
def test_a_source_that_lacks_some(source):
    assert gaps(source) == LACKING[source]

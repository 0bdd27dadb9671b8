"""The site's pages, without MkDocs: the reference is complete, links lead somewhere."""

import importlib
import json
import pathlib
import re
import sys
import types

import pytest
from absl import flags

import tf_consensus as tfc
from tf_consensus.cli.main import COMMANDS

ROOT = pathlib.Path(__file__).parents[1]
API = ROOT / "docs" / "api"


def hook(name):
    """A module of `docs/hooks`, as MkDocs imports them."""
    sys.path.insert(0, str(ROOT / "docs" / "hooks"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


public_names, links = hook("public_names"), hook("links")


def test_every_public_name_is_documented_on_one_page():
    assert public_names.gaps(ROOT) == []


def test_what_is_public():
    names = {name.path: name.value for name in public_names.all_public()}
    modules = {name for name in tfc.__all__ if isinstance(getattr(tfc, name), types.ModuleType)}
    assert {f"tf_consensus.{name}" for name in set(tfc.__all__) - modules} <= set(names)
    for module in modules:
        exported = getattr(getattr(tfc, module), "__all__", ())
        assert [x for x in names if x.startswith(f"tf_consensus.{module}.")], module
        for name in exported:
            value = getattr(getattr(tfc, module), name)
            assert isinstance(value, types.ModuleType) or names[f"tf_consensus.{module}.{name}"]
    assert names["tf_consensus.strategies.make"] is tfc.strategies.make
    assert names["tf_consensus.metrics.inception.FrozenInception"]
    assert "tf_consensus.optimizers.ConsensusOptimizer" not in names  # it is there by a shorter one
    assert "tf_consensus.strategies.check_count" not in names


SOURCE = '''
from typing import NamedTuple

def silent(): ...
def lacking(a: int, b: int = 0, *rest: int, **options: int):
    """Text.

    Args:
        a: a number. `b` is said here only.
        rest, other: more.

    Returns:
        options: no argument.
    """
def full(a: int, *rest: int, **options: int):
    """Text.

    Args:
        a: a number.

        *rest: more,
            and more: of it.
        **options: others.
    """
class Silent: ...
class Lacking:
    """Text."""
    def __init__(self, size): ...
    def silent(self): ...
    def said(self, x):
        """Takes `x`."""
    def lacking(self, x):
        """Takes it."""
    @staticmethod
    def plain(x):
        """Takes it."""
    @property
    def silent_too(self): ...
    def _private(self, x): ...
class Derived(Lacking):
    """Text.

    Args:
        size: a number.
    """
    def lacking(self, x): ...
class Fields(NamedTuple):
    """Text.

    Attributes:
        a: a number.
    """
    a: int
    b: int
class Foreign(dict):
    """Its constructor is another's."""
SILENT = 1
SAID = 2
"""Two."""
_PRIVATE = 3
'''
FOUND = {
    "silent has no docstring.",
    "lacking: `Args` must name b.",
    "lacking: `Args` must name options.",
    "Silent has no docstring.",
    "Lacking: `Args` must name size.",
    "Lacking.silent has no docstring.",
    "Lacking.lacking: `Args` must name x.",
    "Lacking.plain: `Args` must name x.",
    "Lacking.silent_too has no docstring.",
    "Fields: `Args` must name b.",
    "SILENT has no text under its assignment.",
}


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A module of made-up names; it counts as one of the library."""
    (tmp_path / "made_up.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(public_names, "PACKAGE", "made_up")
    monkeypatch.setattr(public_names, "MODULES", ("made_up",))
    yield importlib.import_module("made_up")
    del sys.modules["made_up"]


def test_what_is_undocumented_is_found(made_up, tmp_path):
    page = tmp_path / "docs" / "api" / "page.md"
    page.parent.mkdir(parents=True)
    page.write_text("# All\n\n::: made_up\n", encoding="utf-8")
    assert set(public_names.gaps(tmp_path)) == {f"made_up.{gap}" for gap in FOUND}


def test_a_name_on_no_page_or_on_two_is_found(made_up):
    names = list(public_names.public(made_up, "made_up"))
    whole = "text\n\n::: made_up\n    options:\n      heading_level: 1\n"
    assert not list(public_names.misplaced(names, {"a.md": whole}))
    one, twice = "::: made_up.full\n", "::: made_up.full\n\n::: made_up.full\n"
    found = list(public_names.misplaced(names, {"a.md": whole, "b.md": one}))
    where = "must be on one page of the reference. It is on"
    assert found == [f"made_up.full {where} a.md and b.md."]
    full = [name for name in names if name.path == "made_up.full"]
    assert not list(public_names.misplaced(full, {"b.md": one}))
    assert list(public_names.misplaced(full, {"b.md": twice}))
    assert list(public_names.misplaced(full, {})) == [f"made_up.full {where} no page of docs/api."]
    private = {"b.md": one, "c.md": "::: made_up._PRIVATE\n"}
    assert list(public_names.misplaced(full, private)) == [
        "c.md holds made_up._PRIVATE, which is not public."
    ]


def test_every_page_is_in_the_navigation():
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    lines = [line for line in nav.partition("\n\n")[0].splitlines() if "# -" not in line]
    named = re.findall(r"[\w/]+\.md", "\n".join(lines))
    assert len(named) == len(set(named))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/*.md")}
    pages |= {f"api/{path.name}" for path in API.glob("*.md")}
    assert set(named) == pages | {"index.md", "contributing.md", "changelog.md"}


PAGES = {
    "README.md": "index.md",
    "docs/a.md": "a.md",
    "docs/api/b.md": "api/b.md",
    "docs/c.png": "c.png",
}


@pytest.mark.parametrize(
    ("source", "uri", "text", "result"),
    [
        ("README.md", "index.md", "[a](docs/a.md#x)", "[a](a.md#x)"),
        ("README.md", "index.md", "![c](docs/c.png)", "![c](c.png)"),
        ("docs/a.md", "a.md", "[read](../README.md)", "[read](index.md)"),
        ("docs/a.md", "a.md", "[b](api/b.md), [a](a.md)", "[b](api/b.md), [a](a.md)"),
        ("docs/api/b.md", "api/b.md", "[a](../a.md)", "[a](../a.md)"),
        ("docs/api/b.md", "api/b.md", "[r](../../README.md#y)", "[r](../index.md#y)"),
        ("docs/a.md", "a.md", "[s](../setup.py)", "s (`setup.py`)"),
        ("docs/a.md", "a.md", "[`setup.py`](../setup.py)", "`setup.py`"),
        ("docs/a.md", "a.md", "[two\nlines](fashion_mnist)", "two\nlines (`docs/fashion_mnist`)"),
        ("docs/a.md", "a.md", "[x](https://x.org/a.md)", "[x](https://x.org/a.md)"),
        ("docs/a.md", "a.md", "[x](#here)", "[x](#here)"),
        ("docs/a.md", "a.md", "[lost](lost.md)", "[lost](lost.md)"),
        ("docs/a.md", "a.md", "`[s](../setup.py)`", "`[s](../setup.py)`"),
        (
            "docs/a.md",
            "a.md",
            "```text\n[s](api)\n```\n[s](api)",
            "```text\n[s](api)\n```\ns (`docs/api`)",
        ),
    ],
)
def test_links_on_the_site(source, uri, text, result):
    assert links.on_the_site(text, source, uri, PAGES, ROOT) == result


def test_links_of_the_pages_lead_to_files_of_the_repository():
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for link in links.LINK.finditer(links.CODE.sub("", page.read_text(encoding="utf-8"))):
            path = link[3].partition("#")[0]
            assert (page.parent / path).exists(), f"{page.name}: {path}"


def test_the_program_has_all_flags_of_all_commands():
    text = hook("program").with_commands("# Top\n\n<!-- commands -->\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(COMMANDS)
    for name in COMMANDS:
        command, values = importlib.import_module(f"tf_consensus.cli.{name}"), flags.FlagValues()
        command.define(values)
        part = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert command.HELP.rstrip() in part
        assert re.findall(r"^- `--(\w+)`: \S", part, re.MULTILINE) == sorted(values)
    assert "- `--batch_size`: Pictures that are computed at a time. Default: `64`." in text


def test_a_notebook_as_a_page(tmp_path):
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["1\n", "2\n"]},
        {"output_type": "stream", "name": "stderr", "text": ["a warning"]},
        {"output_type": "display_data", "data": {"image/png": "AAAA\n", "text/plain": "<x>"}},
        {"output_type": "execute_result", "data": {"text/plain": ["3"]}},
    ]
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "\n", "Text"]},
        {"cell_type": "code", "source": ["print(1)\n", "3"], "outputs": outputs},
        {"cell_type": "code", "source": [], "outputs": []},
    ]
    path = tmp_path / "notebooks" / "try.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert hook("notebook_pages").pages(tmp_path) == {
        "notebooks/try.md": "# Title\n\nText\n\n"
        "*This page is the notebook `notebooks/try.ipynb` of the repository. Run it to see what it "
        "draws.*\n\n```python\nprint(1)\n3\n```\n\n"
        "```text\n1\n2\n```\n\n![What the code above draws](data:image/png;base64,AAAA)\n\n"
        "```text\n3\n```\n"
    }

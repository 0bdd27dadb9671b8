"""Wheel, source distribution and what the package's page says."""

import ast
import email
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

import tf_consensus

ROOT = pathlib.Path(__file__).parents[1]
HOME = "https://example.org/owner/tf_consensus"
# As `python -m build` does: the wheel out of the source distribution.
BUILD = """
import os, sys, tarfile
from setuptools import build_meta

out = sys.argv[1]
with tarfile.open(os.path.join(out, build_meta.build_sdist(out))) as archive:
    archive.extractall(out)
os.chdir(os.path.join(out, os.path.commonprefix(next(os.walk(out))[1])))
build_meta.build_wheel(out)
"""
SOURCES = (
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "README.md"),
    *("mkdocs.yml", "pyproject.toml", "setup.py"),
)
FOLDERS = ("docs", "examples", "notebooks", "tests", "tf_consensus")


def files_of(folder):
    """What a repository holds in a folder: no caches, no leavings of editors."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def build(folder, url=""):
    """The files of a source distribution, those of a wheel, and the wheel's metadata."""
    source, out = folder / "source", folder / "dist"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name)
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    environment = {**os.environ, "PROJECT_URL": url}
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)],
        capture_output=True,
        text=True,
        cwd=source,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-2000:]
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    with tarfile.open(sdist) as archive:
        top = f"tf_consensus-{tf_consensus.__version__}/"
        sources = {m.name.removeprefix(top) for m in archive.getmembers() if m.isfile()}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        inside = {n.rpartition("/")[2]: archive.read(n).decode() for n in names if ".dist-" in n}
    return sources, names, inside


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("built"))


def test_the_source_distribution_holds_the_repository(built):
    wanted = set(SOURCES).union(*map(files_of, FOLDERS))
    assert not wanted - built[0]
    extra = {name for name in built[0] - wanted if ".egg-info/" not in name}
    assert extra <= {"PKG-INFO", "setup.cfg"}
    assert {"docs/figure_2.png", "examples/fashion_mnist_classifier.keras"} <= built[0]


def test_the_wheel_holds_the_package_alone(built):
    inside = {name for name in built[1] if ".dist-info/" not in name}
    assert inside == files_of("tf_consensus")
    assert "tf_consensus/py.typed" in inside


def test_the_wheel_installs_the_program(built):
    entries = built[2]["entry_points.txt"]
    assert "tf-consensus = tf_consensus.cli.main:run" in entries.splitlines()


def test_the_metadata_say_what_the_package_is(built):
    metadata = email.message_from_string(built[2]["METADATA"])
    assert metadata["Version"] == tf_consensus.__version__
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert {"gan", "keras", "tensorflow"} <= set(metadata["Keywords"].split(","))
    classifiers = metadata.get_all("Classifier")
    assert {"Typing :: Typed", "Intended Audience :: Science/Research"} <= set(classifiers)
    oldest = metadata["Requires-Python"].removeprefix(">=")
    assert f"Programming Language :: Python :: {oldest}" in classifiers
    extras = metadata.get_all("Requires-Dist")
    cuda = [line for line in extras if "and-cuda" in line.split(";")[-1]]
    assert [line.split(";")[0].strip() for line in cuda] == ["tensorflow[and-cuda]>=2.16.2"]
    for url in metadata.get_all("Project-URL"):
        name, _, address = url.partition(", ")
        assert len(name) <= 32  # a registry's limit
        assert address.startswith("https://")


RELATIVE = re.compile(r"\]\((?!#|https?://)")


def prose(page):
    return "".join(re.split(r"^```.*?^```$", page, flags=re.MULTILINE | re.DOTALL))


def test_without_an_address_no_link_is_dead_and_no_picture_missing(built):
    page = email.message_from_string(built[2]["METADATA"]).get_payload()
    readme = prose((ROOT / "README.md").read_text(encoding="utf-8"))
    assert RELATIVE.search(readme)
    assert not RELATIVE.search(prose(page))
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", readme)
    assert pictures
    assert all(f"(`{picture}`)*" in page for picture in pictures)
    assert all(picture in built[0] for picture in pictures)


def test_with_an_address_pictures_and_links_are_absolute(tmp_path):
    metadata = email.message_from_string(build(tmp_path, HOME + "/")[2]["METADATA"])
    page, version = metadata.get_payload(), tf_consensus.__version__
    assert f"]({HOME}/raw/v{version}/docs/figure_2.png)" in page
    assert f"]({HOME}/blob/v{version}/docs/memory.md)" in page
    assert not RELATIVE.search(prose(page))
    assert f"Source, {HOME}" in metadata.get_all("Project-URL")
    assert metadata["Home-page"] in (HOME, None)


def links_to_files(path):
    return re.findall(r"\]\((?!#|[a-z]+:)([^()\s#]+)", prose(path.read_text(encoding="utf-8")))


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_of_a_page_leads_somewhere(path):
    assert not [link for link in links_to_files(path) if not (path.parent / link).exists()]


def test_the_code_of_the_readme_is_the_same_on_the_page(built):
    page = email.message_from_string(built[2]["METADATA"]).get_payload()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?^```$", readme, flags=re.MULTILINE | re.DOTALL)
    assert blocks
    assert all(block in page for block in blocks)


def test_the_version_is_written_in_one_place():
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert tf_consensus.__version__ not in texts

"""Packaging of tf_consensus; tool settings live in pyproject.toml.

PROJECT_URL in the environment of a build is the repository's address, `https://HOST/OWNER/NAME`.
With it the package's page links there and shows the README's pictures from there; without it the
page names the files of the source distribution instead, so that no link is dead.
"""

import os
import pathlib
import re

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent
PACKAGE = (ROOT / "tf_consensus" / "__init__.py").read_text(encoding="utf-8")
VERSION = re.search(r'^__version__ = "(.+)"$', PACKAGE, re.MULTILINE)[1]
URL = os.environ.get("PROJECT_URL", "").rstrip("/")

RELATIVE_LINK = re.compile(r"(!?)\[([^][]*)\]\((?!#|[a-z]+:)([^()\s]+)\)")


def outside_link(link):
    """A relative link of the README as it reads outside of the repository."""
    picture, text, path = link.groups()
    if URL:
        return f"{picture}[{text}]({URL}/{'raw' if picture else 'blob'}/v{VERSION}/{path})"
    return f"*Picture: {text} (`{path}`)*" if picture else f"{text} (`{path}`)"


def long_description():
    """The README, of which only what is not code has links."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    parts = re.split(r"(^```.*?^```$)", readme, flags=re.MULTILINE | re.DOTALL)
    parts[::2] = [RELATIVE_LINK.sub(outside_link, part) for part in parts[::2]]
    return "".join(parts)


def project_urls():
    """What the package's page links to; the papers in any case."""
    pages = {"Changelog": "CHANGELOG.md", "Documentation": "docs"}
    home = {"Source": URL, "Issues": f"{URL}/issues"} if URL else {}
    home |= {name: f"{URL}/blob/v{VERSION}/{path}" for name, path in pages.items() if URL}
    return home | {
        "The Numerics of GANs": "https://arxiv.org/abs/1705.10461",
        "Which Training Methods Converge": "https://arxiv.org/abs/1801.04406",
    }


# What opens, runs and exports the notebooks; the tests run them without a browser.
NOTEBOOKS = ["ipykernel>=6.29", "ipywidgets>=8.1", "nbclient>=0.10", "nbformat>=5.10"]

setup(
    name="tf_consensus",
    version=VERSION,
    description="GAN training that converges, for TensorFlow 2 and Keras 3",
    long_description=long_description(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    url=URL or None,
    project_urls=project_urls(),
    keywords=[
        "adversarial",
        "consensus optimization",
        "gan",
        "game",
        "generative adversarial networks",
        "gradient penalty",
        "keras",
        "optimizer",
        "tensorflow",
    ],
    packages=find_packages(include=["tf_consensus", "tf_consensus.*"]),
    package_data={"tf_consensus": ["py.typed"]},
    entry_points={"console_scripts": ["tf-consensus=tf_consensus.cli.main:run"]},
    python_requires=">=3.10",
    install_requires=[
        "absl-py>=2.0",
        "filelock>=3.13",
        "h5py>=3.11",
        "importlib_resources>=5.0",
        "keras>=3.11",
        "matplotlib>=3.8",
        "numpy>=1.26",
        "pillow>=10.1",
        "protobuf>=3.20.3",
        "scipy>=1.11",
        "tensorflow>=2.16.2",
        "tensorflow-datasets>=4.9.7",
    ],
    extras_require={
        "and-cuda": ["tensorflow[and-cuda]>=2.16.2"],
        "docs": [
            "mkdocs>=1.6",
            "mkdocs-material>=9.6",
            "mkdocstrings>=1.0",
            "mkdocstrings-python>=2.0",
        ],
        "notebooks": [*NOTEBOOKS, "jupyterlab>=4.2", "nbconvert>=7.16"],
        "tensorboard": ["tensorboard>=2.16"],
        "test": [
            *NOTEBOOKS,
            "mypy>=1.11",
            "pytest>=8.0",
            "pytest-xdist>=3.5",
            "ruff>=0.6",
            "setuptools>=70.1",
            "tensorboard>=2.16",
        ],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Education",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Processing",
        "Typing :: Typed",
    ],
)

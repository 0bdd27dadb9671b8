"""Packaging of tf_consensus; tool settings live in pyproject.toml."""

import pathlib
import re

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent
PACKAGE = (ROOT / "tf_consensus" / "__init__.py").read_text(encoding="utf-8")
VERSION = re.search(r'^__version__ = "(.+)"$', PACKAGE, re.MULTILINE)[1]

setup(
    name="tf_consensus",
    version=VERSION,
    description="GAN training that converges, for TensorFlow 2 and Keras 3",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
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
        "matplotlib>=3.10.9",
        "numpy>=1.26",
        "pillow>=10.1",
        "protobuf>=3.20.3",
        "scipy>=1.11",
        "tensorflow>=2.16.2",
        "tensorflow-datasets>=4.9.7",
    ],
    extras_require={
        "tensorboard": ["tensorboard>=2.16"],
        "test": ["pytest>=8.0", "pytest-xdist>=3.5", "ruff>=0.6", "tensorboard>=2.16"],
    },
    classifiers=[
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)

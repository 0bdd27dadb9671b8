"""Finds what TensorFlow Datasets has on the disk, and raises its errors in plain words."""

import json
import os
import pathlib
import shlex
import types
from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    import tensorflow_datasets

_MANUAL = "https://www.tensorflow.org/datasets/catalog"
_DESCRIPTION = ("dataset_info.json", "features.json")


def load_tfds() -> types.ModuleType:
    """Return the module, which is imported only when needed, because this takes seconds.

    Raises:
        ImportError: If it is missing or incomplete.
    """
    import tensorflow_datasets as tfds

    # If its dependency tensorflow-metadata is newer than protobuf, the import logs an error and
    # leaves an empty module.
    if not hasattr(tfds, "builder"):
        raise ImportError(
            "TensorFlow Datasets must import completely. Received: a module without `builder`, "
            f"beside TensorFlow {tf.__version__}. Before TensorFlow 2.18, pip install "
            "'tensorflow-metadata<1.18'."
        )
    return tfds


def prepared_builder(name: str, data_dir: str | None) -> "tensorflow_datasets.core.DatasetBuilder":
    """Return the builder of a data set that is on the disk; nothing is downloaded.

    Raises:
        ValueError: If the name is unknown, or a file that describes the data set is damaged.
        FileNotFoundError: If the data set is not there.
        ImportError: As `load_tfds`.
    """
    tfds = load_tfds()
    try:
        builder = tfds.builder(name, data_dir=data_dir)
        splits = builder.info.splits
    except _failures() as error:
        root = pathlib.Path(data_dir or tfds.core.constants.DATA_DIR).expanduser()
        raise ValueError(_unusable(name, root, error)) from error
    if not splits:
        raise FileNotFoundError(_absent(builder, name))
    return builder


def _failures():
    """The errors of TensorFlow Datasets for unknown names and versions, and for damaged files."""
    from google.protobuf import json_format

    wrong_type = (TypeError, AttributeError, AssertionError, LookupError)
    return (ValueError, OSError, ImportError, RuntimeError, json_format.ParseError, *wrong_type)


def _unusable(name, root, error):
    lines = str(error).strip().splitlines()
    reason = lines[0].rstrip(".") if lines else type(error).__name__
    says = f"TensorFlow Datasets says: {reason}."
    folder = root / name.partition(":")[0]
    known = [file for file in _DESCRIPTION for file in _at_most_two_below(folder, file)]
    for file in known:
        reason = _damage(file)
        if reason:
            return (
                f"A data set's description must be whole. Received: {file}: {reason}. Delete "
                f"{file.parent} and prepare the data set again."
            )
    if known:
        return (
            f"A data set must be known, and its description whole. Received: name={name!r}. "
            f"{says} If the name is right, delete {known[0].parent} and prepare it again."
        )
    return (
        f"`name` must be that of a known data set. Received: name={name!r}. Pass fashion_mnist, "
        f"folder:PATH, or a name of TensorFlow Datasets. {says}"
    )


def _at_most_two_below(folder, name):
    """The files with a name below a data set's folder, for its versions and configurations."""
    try:
        return [file for depth in ("", "*/", "*/*/") for file in folder.glob(depth + name)]
    except (OSError, ValueError):  # not a name that a folder can have
        return []


def _damage(file):
    """Why a file is not JSON; None if it is."""
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        return error.strerror
    except ValueError as error:
        return f"no JSON: {error}"
    return None


def _absent(builder, name):
    root = shlex.quote(str(builder.data_dir_root))
    text = (
        f"{name} must be on the disk, and is not. Download and prepare it ({_size(builder)}) by\n"
        f"    tfds build {name} --data_dir={root}\n"
        f"or copy a prepared one, the folder with dataset_info.json, to {builder.data_dir}, or "
        'pass a folder of its images as name="folder:PATH".'
    )
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        folder = os.path.join(root, "downloads", "manual")
        steps = " ".join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
        text += f" Its archives are to be put into {folder} by hand first: {steps}"
    return text


def _size(builder):
    """The size of the downloads of this configuration, in words."""
    urls = builder.url_infos or {}
    config = builder.builder_config
    if config is not None and len(builder.builder_configs) > 1:
        urls = {url: value for url, value in urls.items() if config.name in url}
    total = sum(value.size for value in urls.values())
    if not total:
        return f"its size: {_MANUAL}/{builder.name}"
    return f"{total / 2**30:.1f} GiB" if total > 2**30 else f"{total / 2**20:.0f} MiB"

"""Reads what is typed for a folder of pictures or a data set."""

import os
import pathlib

from tf_consensus.cli.messages import UsageError

# Files that other models are trained on, by their endings.
_OTHERS = {
    ".csv": "Add --model=table to train on a table.",
    ".npy": "Add --model=sequences to train on sequences.",
    ".npz": "Add --model=sequences to train on sequences.",
}


def as_dataset(given: str) -> str:
    """A name for `data.images`: a path becomes folder:PATH.

    Raises:
        UsageError: If it names a folder that is not there, or a file.
    """
    path = given.removeprefix("folder:")
    looks = given.startswith(("folder:", ".", "~", os.sep)) or os.path.isdir(given)
    # A data set has no ending, so that a file beside it may have its name.
    looks = looks or (os.path.isfile(given) and bool(pathlib.Path(given).suffix))
    if not looks:
        return given
    full = pathlib.Path(path).expanduser()
    if not path or not os.path.exists(full):
        raise UsageError(
            f"A folder of pictures must exist. Received: {given}. Check the path; there is "
            f"{_nearest_parent(full)}."
        )
    if not os.path.isdir(full):
        above = f"Name the folder it is in: folder:{full.parent}."
        remedy = _OTHERS.get(full.suffix.lower(), above)
        raise UsageError(f"Pictures come in a folder. Received: {given}, a file. {remedy}")
    return f"folder:{path}"


def _nearest_parent(path):
    """The part of a path that exists, in words."""
    there = next((p for p in path.absolute().parents if p.is_dir()), None)
    return f"{there}, without {path.name}" if there == path.absolute().parent else f"only {there}"

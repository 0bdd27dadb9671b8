"""The file of a reference: arrays and text with a checksum; reading it runs nothing."""

import io
import json
import os
import pathlib
import zipfile
import zlib
from typing import Any

import numpy as np

from tf_consensus.metrics import fingerprints
from tf_consensus.support.checks import check_path
from tf_consensus.support.files import replacing

_ARRAYS = ("mean", "cov", "sample")
_ABOUT = {"n_real", "split", "description"}
_REMEDY = "Make it anew by `Reference.of(...).save(path)`."
# Python and NumPy were seen to raise these for damaged archives.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError),
    *(ValueError, TypeError, OverflowError, MemoryError, OSError),
)


def save(path: str | os.PathLike[str], arrays: dict[str, np.ndarray], about: dict) -> None:
    """Writes the file, whole or not at all.

    Raises:
        OSError: If it cannot be written.
        ValueError: If the name does not end in .npz.
    """
    check_path("path", path, "Pass e.g. 'reference.npz'.")
    path = pathlib.Path(path)
    if path.suffix != ".npz":
        raise ValueError(
            f"A reference is an .npz file. Received: path={str(path)!r}. Let it end in '.npz'."
        )
    text = json.dumps(about)
    with replacing(path) as partial:
        entries: dict[str, Any] = {**arrays, "about": text, "digest": _digest(arrays, text)}
        np.savez(partial, **entries)


def load(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays and their description.

    Raises:
        OSError: If there is no such file, or it cannot be read.
        ValueError: If it is not such a file, or damaged. The message says which.
    """
    check_path("path", path, _REMEDY)
    content = _read(path)
    try:
        entries = _entries(content)
        text = str(entries.get("about", ""))
        about: Any = json.loads(text) if text else None
    except _DAMAGE as error:
        kind = "damaged" if content[:2] == b"PK" else "no .npz file"
        raise ValueError(
            f"A reference must be a whole .npz file. Received: {str(path)!r}, which is {kind} "
            f"({len(content):,} bytes). {_REMEDY}"
        ) from error
    if not {*_ARRAYS, "about"} <= set(entries) or not _is_about(about):
        raise ValueError(
            f"A reference holds mean, cov, sample and about. Received: {str(path)!r} with "
            f"{', '.join(entries) or 'nothing'}. {_REMEDY}"
        )
    arrays = {name: entries[name] for name in _ARRAYS}
    if "digest" in entries and str(entries["digest"]) != _digest(arrays, text):
        raise ValueError(
            f"A reference must be as it was written. Received: {str(path)!r}, whose content does "
            f"not have the checksum in it. {_REMEDY}"
        )
    return arrays, about


def _read(path) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        kind = type(error) if type(error) in _KINDS else OSError
        raise kind(
            f"A reference must be a file that can be read. Received: {os.fspath(path)!r}, "
            f"{error.strerror}. Look at the path and its permissions, or make it by "
            "`Reference.of(...).save(path)`."
        ) from error


_KINDS = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)


def _entries(content):
    """The arrays of an archive, without arrays of Python objects, which reading would run."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        read = [io.BytesIO(archive.read(name)) for name in archive.namelist()]
    return {n: np.load(x, allow_pickle=False) for n, x in zip(names, read, strict=True)}


def _is_about(about):
    return isinstance(about, dict) and set(about) == _ABOUT


def _digest(arrays, text):
    return fingerprints.digest([*(arrays[name] for name in _ARRAYS), text], length=64)

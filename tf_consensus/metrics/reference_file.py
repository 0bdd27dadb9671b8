"""The file of a reference: arrays and text with a checksum; reading it runs nothing."""

import json
import os
from typing import Any

import numpy as np

from tf_consensus.metrics import fingerprints, npz_file
from tf_consensus.support.files import replacing

_ARRAYS = ("mean", "cov", "sample")
_ABOUT = {"n_real", "split", "description"}
_WHAT = "A reference"
_REMEDY = "Make it anew by `Reference.of(...).save(path)`."
_REMEDY_OF_READING = "Make it by `Reference.of(...).save(path)`."
_OTHERS = "Read what another tool wrote by `Reference.load_moments`."


def save(path: str | os.PathLike[str], arrays: dict[str, np.ndarray], about: dict) -> None:
    """Writes the file, whole or not at all.

    Raises:
        OSError: If it cannot be written.
        ValueError: If the name does not end in .npz.
    """
    path = npz_file.check_suffix(path, _WHAT)
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
    content = npz_file.read(path, _WHAT, _REMEDY_OF_READING)
    with npz_file.damage_told(path, content, _WHAT, _REMEDY):
        entries = npz_file.arrays(content)
        text = str(entries.get("about", ""))
        about: Any = json.loads(text) if text else None
    if not {*_ARRAYS, "about"} <= set(entries) or not _is_about(about):
        raise ValueError(
            f"A reference holds mean, cov, sample and about. Received: {str(path)!r} with "
            f"{', '.join(entries) or 'nothing'}. "
            f"{_OTHERS if {'mu', 'sigma'} <= set(entries) else _REMEDY}"
        )
    arrays = {name: entries[name] for name in _ARRAYS}
    if "digest" in entries and str(entries["digest"]) != _digest(arrays, text):
        raise ValueError(
            f"A reference must be as it was written. Received: {str(path)!r}, whose content does "
            f"not have the checksum in it. {_REMEDY}"
        )
    return arrays, about


def _is_about(about):
    return isinstance(about, dict) and set(about) == _ABOUT


def _digest(arrays, text):
    return fingerprints.digest([*(arrays[name] for name in _ARRAYS), text], length=64)

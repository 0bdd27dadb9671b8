"""Reading what a run has left, damaged or not."""

import hashlib
import json
import pathlib
from typing import Any

from tf_consensus.experiments.errors import RunError

_CHUNK = 1 << 20


def read_json(path: pathlib.Path, remedy: str) -> Any:
    """The content of a JSON file.

    Args:
        path: The file.
        remedy: A sentence that says what to do if it is damaged.

    Raises:
        RunError: If it is missing, unreadable or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path.name} must be the file that was written. Received: {path}, "
            f"{reason(error)}. {remedy}"
        ) from error


def digest(path: pathlib.Path) -> str:
    """SHA-256 of a file, the first 16 hexadecimal digits."""
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()[:16]


def reason(error: Exception) -> str:
    """What is wrong with a file, in a few words."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return "damaged"

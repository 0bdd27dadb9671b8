"""Reads the files of a run, damaged or not."""

import json
import pathlib
from typing import Any

from tf_consensus.experiments.errors import RunError


def read_json(path: pathlib.Path, remedy: str) -> Any:
    """The content of a JSON file.

    Args:
        path: The file.
        remedy: A sentence that says what to do if it is damaged.

    Raises:
        RunError: If it is missing, unreadable or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path.name} must be the file that was written. Received: {path}, "
            f"{reason(error)}. {remedy}"
        ) from error


def reason(error: Exception) -> str:
    """What is wrong with a file, in a few words."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return "damaged"

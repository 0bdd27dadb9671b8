"""result.json: the result of a finished run, and whether the files that it names are whole."""

import hashlib
import json
import pathlib
import warnings
import zipfile
from collections.abc import Sequence
from typing import Any

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.files import reason
from tf_consensus.experiments.log import read_rows, write_rows
from tf_consensus.support.files import digest, write_json

RESULT, LOG = "result.json", "log.csv"


def write_result(folder: pathlib.Path, result: dict[str, Any], files: Sequence[str] = ()) -> None:
    """Write a run's result, which reveals damage to itself, to the log and to other files.

    Args:
        folder: Folder of the run.
        result: Numbers by name that JSON can hold.
        files: Names of other files that the run leaves; their digests are written as "files". The
            rows of log.csv are written as "log", so that the log can be restored.
    """
    digests = {name: digest(folder / name) for name in (LOG, *files) if (folder / name).exists()}
    content = {**result, "log": read_rows(folder / LOG), "files": digests}
    write_json(folder / RESULT, {**content, "digest": _digest_of(content)})


def read_result(folder: pathlib.Path) -> dict[str, Any] | None:
    """The result of a run; `None` if it has none, or, with a warning, if it is damaged."""
    path = folder / RESULT
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and found.pop("digest", None) in (None, _digest_of(found)):
            return found
        what = "damaged"
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        what = reason(error)
    warnings.warn(
        f"A damaged result is left out: {path}, {what}. --resume writes it again.", stacklevel=2
    )
    return None


def numbers_of(result: dict[str, Any]) -> dict[str, Any]:
    """A result without the entries that only serve to find and mend damage."""
    return {key: value for key, value in result.items() if key not in ("log", "files")}


def mend_log(folder: pathlib.Path, result: dict[str, Any]) -> None:
    """Write a finished run's log again from its result, if it is damaged or missing."""
    path = folder / LOG
    if result.get("log") and not (path.is_file() and digest(path) == result["files"].get(LOG)):
        warnings.warn(f"A damaged log is written again: {path}.", stacklevel=2)
        write_rows(path, result["log"])


def _digest_of(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def damaged_files(folder: pathlib.Path, result: dict[str, Any]) -> list[str]:
    """The files of a result that are there but no longer as they were written."""
    files = {name: folder / name for name in result.get("files", {})}
    there = {name: path for name, path in files.items() if path.exists()}
    return [
        name
        for name, path in there.items()
        if not path.is_file() or digest(path) != result["files"][name]
    ]


def check_model(path: pathlib.Path, result: dict[str, Any] | None) -> None:
    """Raise unless a saved model is whole.

    Args:
        path: The `.keras` file.
        result: The run's result with the file's digest, if there is one.

    Raises:
        RunError: If it is damaged.
    """
    known = (result or {}).get("files", {}).get(path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            whole = archive.testzip() is None
        if whole and known in (None, digest(path)):
            return
        what = "damaged"
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError) as error:
        what = reason(error)
    raise RunError(
        f"A run goes on with the model that was saved. Received: {path}, {what}. Restore it from a "
        "copy, or delete the run's folder to train it from the start."
    )

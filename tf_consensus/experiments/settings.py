"""The settings that a folder of results was started with, and whether a new start fits them."""

import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.callbacks import backup_files
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.files import read_json
from tf_consensus.support.differences import differences
from tf_consensus.support.files import write_json

SETTINGS = "settings.json"
# Any of these files shows that a folder holds a run.
_LEFT = ("result.json", "results.json", "log.csv", "model.keras")


def versions() -> dict[str, str]:
    """Versions of the packages on which numbers depend."""
    import tf_consensus

    packages = {"tensorflow": tf, "keras": keras, "numpy": np, "tf_consensus": tf_consensus}
    return {name: package.__version__ for name, package in packages.items()}


def check(
    folder: pathlib.Path,
    settings: dict[str, Any],
    *,
    resume: bool,
    backups: Sequence[pathlib.Path] = (),
    may_change: Callable[[dict, dict], Sequence[str]] = lambda before, now: (),
) -> None:
    """Raise unless a run of these settings may start, or go on, in the folder.

    Args:
        folder: Folder of the run; it need not be there.
        settings: Some or all of the settings that determine the result, as JSON can hold them.
        resume: Whether to go on with what the folder holds.
        backups: Folders of backups that hold the settings too, in case settings.json is damaged.
        may_change: Function of the earlier and the present settings that returns the keys in which
            they may differ.

    Raises:
        RunError: If the folder holds a run and `resume` is false, or if settings differ or cannot
            be compared.
    """
    path = folder / SETTINGS
    if not path.exists() and not _holds_a_run(folder, backups):
        if resume:
            others = sorted(path.parent.name for path in folder.parent.glob(f"*/{SETTINGS}"))
            there = f" (the runs there are {', '.join(others)})" if others else ""
            print(f"nothing to resume in {folder}{there}: training starts anew", flush=True)
        return
    if not resume:
        raise RunError(
            f"Results need a new folder. Received: {folder}, which holds runs. Add --resume to go "
            "on with them, or name another folder."
        )
    before, now = _known(path, backups), json.loads(json.dumps(settings))
    allowed = may_change(before, now)
    changed = [
        text
        for key, value in now.items()
        if key not in allowed
        for text in differences(before.get(key), value, key)
    ]
    if changed:
        raise RunError(
            "--resume needs the settings the runs were started with. Received: "
            f"{', '.join(changed)}, in {path}. Repeat the first command, or name another folder."
        )


def claim(folder: pathlib.Path, settings: dict[str, Any], **options: Any) -> None:
    """`check` all settings of a run, make its folder and write them there.

    Args:
        folder: The folder, which this process holds by `lock.locked`.
        settings: All settings that determine the result, `versions` included.
        **options: As for `check`.

    Raises:
        RunError: As `check`.
    """
    check(folder, settings, **options)
    keep(folder, settings)


def keep(folder: pathlib.Path, settings: dict[str, Any]) -> None:
    """Make the folder of a run, and write its settings there; `check` them before."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / SETTINGS, settings)


def check_example(folder: pathlib.Path, name: str) -> None:
    """Raise if a folder holds the results, and so the settings, of another example.

    Args:
        folder: Folder of all results of an example.
        name: Name of this example; it has a folder of settings per run.

    Raises:
        RunError: If it does.
    """
    path = folder / SETTINGS
    if path.exists():
        raise RunError(
            f"Each example needs a folder of its own. Received: {folder} for {name}, with the "
            f"{SETTINGS} of another example. Name another folder."
        )


def _holds_a_run(folder, backups):
    return any((folder / name).exists() for name in _LEFT) or any(b.exists() for b in backups)


def _known(path, backups):
    """The earlier settings: from the file, or from a backup if the file is damaged."""
    remedy = (
        "It may be the folder of another example: name another one. Or restore the file from a "
        "copy, or delete the run to train from the start."
    )
    try:
        return _dict(read_json(path, remedy), path, remedy)
    except RunError:
        for folder in backups:
            found = backup_files.newest(folder)
            if found is not None:
                return found[1].settings["settings"]
        raise


def _dict(content, path, remedy):
    if not isinstance(content, dict) or not content:
        raise RunError(f"{path.name} must hold settings. Received: {path}, damaged. {remedy}")
    return content

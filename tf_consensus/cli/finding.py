"""Finds the folder of a run from what is typed as RUN, before TensorFlow is imported."""

import dataclasses
import json
import pathlib
import re
import shlex
from typing import Any

from tf_consensus.cli.messages import UsageError, did_you_mean
from tf_consensus.cli.run_settings import read_settings, settings_and_kind
from tf_consensus.experiments.families.presets import kind_of

_SETTINGS, _MODEL = "settings.json", "model.keras"
# Any of these files shows that a folder belongs to a run.
_LEFT = ("log.csv", "result.json", _MODEL, "generator.keras")
_BACKUPS = "backup/step-*.weights.h5"
_LISTED = 12


@dataclasses.dataclass(frozen=True)
class FoundRun:
    """A run that has left something to open.

    Attributes:
        path: Its folder, or the `.keras` file that was named.
        settings: What it was started with; empty if unknown.
        kind: "images"; "points", of `examples/mixture_of_gaussians.py`; "pairs", "labels",
            "table" or "sequences", of the families of games; or "file".
        unfinished: Whether there are backups, newer than any saved model.
    """

    path: pathlib.Path
    settings: dict[str, Any]
    kind: str
    unfinished: bool = False

    @property
    def folder(self) -> pathlib.Path:
        """The folder that the run is in."""
        return self.path.parent if self.kind == "file" else self.path

    @property
    def seed(self) -> int:
        """The seed in the folder's name."""
        found = re.search(r"-seed(\d+)$", self.path.absolute().name)
        return int(found[1]) if found else 0

    @property
    def family(self) -> str | None:
        """The kind of the family that trained the run or wrote the file; `None` for a GAN."""
        model = self.settings.get("model")
        return kind_of(model) if isinstance(model, str) else None

    @property
    def num_classes(self) -> int | None:
        """The classes of a conditional run, 0 for none; `None` if unknown."""
        return (self.settings.get("num_classes") or 0) if self.settings else None


def find_run(word: str) -> FoundRun:
    """The run that a word names: its folder, an output folder with one run, or a `.keras` file.

    Raises:
        UsageError: If there is no such path, it holds no run or several, the run has nothing to
            open yet, or its settings are damaged.
    """
    path = existing(word)
    if path.is_file():
        return _file(word, path)
    runs = find_runs(word)
    if len(runs) > 1:
        raise UsageError(
            f"The command takes one run. Received: {word}, with {len(runs)} runs. Name one of them:"
            f"{_lines(runs)}"
        )
    return _opened(runs[0])


def find_runs(word: str) -> list[pathlib.Path]:
    """The folders of the runs that a word names: a run's folder, or an output folder.

    Raises:
        UsageError: If there is no such folder, or no run in it.
    """
    path = existing(word)
    if not path.is_dir():
        raise UsageError(
            f"A run is a folder. Received: {word}, which is a file. Name the folder it is in: "
            f"{path.parent}."
        )
    inner = runs_in(path)
    if is_run(path) or ((path / _SETTINGS).exists() and not inner):
        return [path]
    if inner:
        return inner
    deeper = [run for folder in _folders(path) for run in runs_in(folder)]
    remedy = (
        f"Name one of those below:{_lines(deeper)}"
        if deeper
        else "A run is the folder that `tf-consensus train` leaves, with its settings.json."
    )
    raise UsageError(f"The folder must hold a run. Received: {word}, which holds none. {remedy}")


def existing(word: str) -> pathlib.Path:
    """The path that a word names, where ~ is the home folder.

    Raises:
        UsageError: If nothing is there; the message offers the nearest names.
    """
    path = pathlib.Path(word).expanduser() if word and "\0" not in word else None
    try:
        if path is not None and path.exists():
            return path
        found = [] if path is None else _near(path)
    except OSError as error:  # a name that is too long, or a folder without permission
        raise UsageError(
            f"The path must be readable. Received: {word}: {error.strerror}. Check the path."
        ) from error
    near = f"Did you mean {' or '.join(found)}? " if found else ""
    raise UsageError(f"There is no such path. Received: {word!r}. {near}Check the spelling.")


def is_run(path: pathlib.Path) -> bool:
    """Whether a folder is that of a run that has begun."""
    return any((path / name).exists() for name in _LEFT) or any(path.glob(_BACKUPS))


def runs_in(path: pathlib.Path) -> list[pathlib.Path]:
    """The folders of the runs of an output folder, sorted."""
    return [folder for folder in _folders(path) if is_run(folder) or _has_settings(folder)]


def _has_settings(folder):
    return (folder / _SETTINGS).exists() and not any(is_run(inner) for inner in _folders(folder))


def _folders(path):
    try:
        return sorted(entry for entry in path.iterdir() if entry.is_dir())
    except OSError as error:
        raise UsageError(
            f"A folder must be readable. Received: {path}: {error.strerror}. Allow reading it."
        ) from error


def _file(word, path):
    if path.suffix != ".keras":
        raise UsageError(
            f"A run is a folder, or a .keras file of one. Received: {word}. Name the run's folder."
        )
    settings = path.parent / _SETTINGS
    known = read_settings(settings) if settings.exists() else {}
    return FoundRun(path, known, "file")


def _opened(path):
    settings, kind = settings_and_kind(path)
    unfinished = any(path.glob(_BACKUPS))
    if unfinished and kind != "images":
        what = "the mixture of Gaussians" if kind == "points" else settings["model"]
        raise UsageError(
            f"A run of {what} can be opened only when it has finished. Received: {path}, with "
            "backups. Repeat its command with --resume."
        )
    if not unfinished and not (path / _MODEL).exists():
        raise UsageError(
            f"A run must have left a model or a backup. Received: {path}, with neither: it has "
            f"ended, or has not reached its first backup yet. {_go_on(path)}"
        )
    return FoundRun(path, settings, kind, unfinished)


def _go_on(path):
    """A sentence that says how to continue a run, from its run.json."""
    try:
        command = json.loads((path / "run.json").read_text(encoding="utf-8"))["command"]
        return f"Wait for it, or go on with it: {shlex.join([*command, '--resume'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return "Wait for it, or repeat its command with --resume."


def _near(path):
    """Paths with similar names in the path's folder and in output/."""
    found = []
    for parent in (path.parent, pathlib.Path("output")):
        names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
        if names and (said := did_you_mean(path.name, names)):
            found.append(str(parent / said.removeprefix("Did you mean ").removesuffix("? ")))
    return list(dict.fromkeys(found))


def _lines(runs):
    """The runs, one per line."""
    more = [f"and {len(runs) - _LISTED} more"] if len(runs) > _LISTED else []
    return "".join(f"\n  {line}" for line in [*map(str, runs[:_LISTED]), *more])

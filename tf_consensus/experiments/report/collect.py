"""Reads what a run's folder holds: whole, half-way or damaged."""

import dataclasses
import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tf_consensus.experiments.captions import CAPTIONS
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.files import read_json, reason
from tf_consensus.experiments.log import read_log
from tf_consensus.experiments.result import LOG, RESULT, read_result
from tf_consensus.experiments.settings import SETTINGS
from tf_consensus.experiments.shared_settings import shared_settings

ADVICE, MADE, SPECTRUM = "advice.json", "run.json", "spectrum.json"
SAMPLES = "samples"
# Any of these files shows that a folder holds a run.
_OF_A_RUN = (SETTINGS, LOG, RESULT, SAMPLES)
_REMEDY = "The rest of the page is complete without it; restore it from a copy."


@dataclasses.dataclass
class Run:
    """A run as its folder shows it.

    Attributes:
        folder: The run's folder.
        label: Its name among other runs.
        settings: The settings that it was started with; empty if unknown.
        log: Columns of numbers by name, one number per epoch; empty if there is none.
        result: The numbers that it ended with; empty if it has not ended.
        samples: Pairs of a step and a picture, in order.
        pictures: Other pictures that it left.
        advice: Warnings met, each a dict with "step", "name" and "message".
        made: How it was started, with "command" and "started".
        captions: What the rows and columns of pictures are, by the name of a picture, or "samples".
        spectrum: What is known about its eigenvalues, with "step" and "sentence".
        damage: For each damaged file by its name, a sentence that says what is wrong with it.
    """

    folder: pathlib.Path
    label: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    log: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    result: dict[str, Any] = dataclasses.field(default_factory=dict)
    samples: list[tuple[int, pathlib.Path]] = dataclasses.field(default_factory=list)
    pictures: list[pathlib.Path] = dataclasses.field(default_factory=list)
    advice: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    made: dict[str, Any] = dataclasses.field(default_factory=dict)
    captions: dict[str, Any] = dataclasses.field(default_factory=dict)
    spectrum: dict[str, Any] = dataclasses.field(default_factory=dict)
    damage: dict[str, str] = dataclasses.field(default_factory=dict)


def collect(folders: Sequence[str | os.PathLike[str]]) -> list[Run]:
    """The runs of folders.

    Raises:
        RunError: If one holds no run, or is named twice.
        ValueError: If there are none.
    """
    if isinstance(folders, str | bytes | pathlib.Path) or not len(folders):
        raise ValueError(
            "`folders` must be a list of folders of runs, at least one. Received: "
            f"folders={folders!r}. Pass for example [folder]."
        )
    paths = [pathlib.Path(folder) for folder in folders]
    for folder in paths:
        _check_run(folder)
    places = [folder.resolve() for folder in paths]
    twice = [str(f) for f, place in zip(paths, places, strict=True) if places.count(place) > 1]
    if twice:
        raise RunError(
            "A report shows each run once. Received: "
            f"{' and '.join(twice)}, which are one folder. Leave one of them out."
        )
    return [_read(*each) for each in zip(paths, _labels(places), strict=True)]


def _check_run(folder):
    inner = []
    if folder.is_dir():
        inner = sorted(f.name for f in folder.iterdir() if f.is_dir() and _is_run(f))
        # An example's folder of all results has settings too.
        if _is_run(folder) and not (inner and not _has(folder, LOG, RESULT, SAMPLES)):
            return
    what = "which holds none" if folder.is_dir() else "which is no folder"
    remedy = "Name the folder that a run has written to, the one with its log.csv."
    if inner:
        what = f"which holds the folders of {len(inner)} runs"
        more = ", …" * (len(inner) > 5)
        remedy = f"Name one or several of them: {', '.join(inner[:5])}{more}."
    raise RunError(f"A report needs the folder of a run. Received: {folder}, {what}. {remedy}")


def _is_run(folder):
    return _has(folder, *_OF_A_RUN)


def _has(folder, *names):
    return any((folder / name).exists() for name in names)


def _labels(places):
    """The shortest ends of the paths that tell the paths apart."""
    for parts in range(1, max(len(place.parts) for place in places) + 1):
        labels = ["/".join(place.parts[-parts:]) for place in places]
        if len(set(labels)) == len(labels):
            break
    return labels


def _read(folder, label):
    run = Run(folder, label)
    run.settings = _part(run, SETTINGS, lambda path: _of(dict, path)) or {}
    if not run.settings and SETTINGS not in run.damage:
        run.settings = _attempt(run, SETTINGS, lambda: shared_settings(folder, _REMEDY)) or {}
    run.log = _part(run, LOG, _log) or {}
    run.result = _part(run, RESULT, _result) or {}
    run.advice = _part(run, ADVICE, _advice) or []
    run.made = _part(run, MADE, lambda path: _of(dict, path)) or {}
    run.captions = _part(run, CAPTIONS, lambda path: _of(dict, path)) or {}
    run.spectrum = _part(run, SPECTRUM, lambda path: _of(dict, path)) or {}
    run.samples = _part(run, SAMPLES, _samples) or []
    found = [path for path in folder.iterdir() if path.suffix.lower() in (".png", ".gif")]
    # A file that is being written has the number of the process and "partial" in its name.
    run.pictures = sorted(path for path in found if path.is_file() and ".partial" not in path.name)
    return run


def _part(run, name, read):
    """What `read` returns for a file that may be missing; a damaged file is noted as damage."""
    path = run.folder / name
    return _attempt(run, name, lambda: read(path)) if path.exists() else None


def _attempt(run, name, read):
    path = run.folder / name
    try:
        return read()
    except RunError as error:
        run.damage[name] = str(error)
    except OSError as error:
        run.damage[name] = _damaged(path, reason(error))
    # These come from numbers beyond float64, lists nested too deep, and rows that end early.
    except (OverflowError, RecursionError, AttributeError):
        run.damage[name] = _damaged(path, "damaged")
    return None


def _damaged(path, what):
    return f"{path.name} must be what the run has written. Received: {path}, {what}. {_REMEDY}"


def _of(kind, path):
    found = read_json(path, _REMEDY)
    if not isinstance(found, kind):
        raise RunError(_damaged(path, "of another form"))
    return found


def _log(path):
    log = read_log(path)
    if log and not any(np.isfinite(values).any() for values in log.values()):
        raise RunError(_damaged(path, "without numbers"))
    return log


def _result(path):
    # Other readers leave a damaged result out with a warning; here the page shows the sentence.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = read_result(path.parent)
    if caught:
        raise RunError(str(caught[-1].message))
    return found


def _advice(path):
    found = _of(list, path)
    if not all(isinstance(item, dict) and "message" in item for item in found):
        raise RunError(_damaged(path, "with entries that have no message"))
    return found


def _samples(folder):
    paths = [path for path in folder.iterdir() if path.suffix == ".png" and path.stem.isdecimal()]
    return sorted((int(path.stem), path) for path in paths)

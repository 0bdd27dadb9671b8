"""Claims the folders of all runs of a family, trains those that are not finished, and reports."""

import pathlib
import sys
from typing import Any

from tf_consensus.callbacks import BackupError, DivergedError
from tf_consensus.experiments import settings as claims
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families.game import FamilyRequest, Settings
from tf_consensus.experiments.families.kinds import fingerprints
from tf_consensus.experiments.families.training import ready, result_of, train
from tf_consensus.experiments.finished import finished, results_of, write_results
from tf_consensus.experiments.image_session import going_on
from tf_consensus.experiments.pages import write_pages
from tf_consensus.experiments.result import write_result
from tf_consensus.experiments.stopping import say_how_to_go_on


def train_and_report(request: FamilyRequest) -> int:
    """Train all runs in the folder of results, which this process locks; leave pages of them.

    Returns:
        The exit status: 0, 1 if a run failed, 130 after Ctrl-C, 143 after SIGTERM.

    Raises:
        RunError: If the folder holds other runs, or the data are not there.
    """
    output, folders = request.output, [folder for folder, _ in request.runs]
    claims.check_example(output, "train")
    status = train_all(request)
    found = results_of(folders)
    write_results(output, found, [settings for _, settings in request.runs])
    write_pages(output, {"all": folders})
    if status in (0, 1):
        for result in found:
            print(_line(result))
        print(f"results in {output}/; {output}/report.html shows them")
    return status


def train_all(request: FamilyRequest) -> int:
    """Train every run that has no result yet, in a folder that this process locks.

    Returns:
        The exit status, as `train_and_report`.

    Raises:
        RunError: If a folder holds another run, or the data are not there.
    """
    try:
        more = _check(request)
        failed = [
            folder.name
            for folder, settings in request.runs
            if not _train(settings, folder, request, more)
        ]
    except KeyboardInterrupt as stop:
        return say_how_to_go_on(stop, request.command, request.resume)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _check(request: FamilyRequest) -> dict[str, Any]:
    """Refuse folders of other runs; returns what determines results beside the settings."""
    more: dict[str, Any] = {"versions": claims.versions()}
    _compare(request, more)  # before the data are read through
    more |= fingerprints(request.runs[0][1], request)
    _compare(request, more)
    return more


def _compare(request: FamilyRequest, more: dict[str, Any]) -> None:
    for folder, settings in request.runs:
        options: dict[str, Any] = {"resume": request.resume, "backups": [folder / "backup"]}
        claims.check(folder, settings | more, may_change=going_on, **options)


def _train(
    settings: Settings, folder: pathlib.Path, request: FamilyRequest, more: dict[str, Any]
) -> bool:
    """Train a run that is not finished; returns whether it has a result of all its steps."""
    title, known = f"{settings['name']}, seed {settings['seed']}", settings | more
    try:
        if _is_finished(folder, settings):
            print(f"finished before: {folder}")
            return True
        print(f"{title}: {settings['steps']} steps", flush=True)
        game = ready(settings, request)
        # Only now, so that data or sizes that do not fit leave no run behind.
        claims.keep(folder, known)
        known = {key: value for key, value in known.items() if key != "steps"}
        train(game, settings, folder, request, known)
        return True
    except (RunError, BackupError) as error:
        print(f"{title}: {error}", file=sys.stderr)
    except DivergedError as error:
        print(f"{title}: {error}", file=sys.stderr)
        write_result(folder, result_of(settings, folder, str(error)))
    return False


def _is_finished(folder: pathlib.Path, settings: Settings) -> bool:
    """Whether the run has a result of all its steps or has diverged, and its files are whole."""
    steps = settings["steps"]
    found = finished(folder, lambda x: x["diverged"] is not None or x["steps"] >= steps)
    if found is not None and found.damaged:
        print(f"{folder}: {', '.join(found.damaged)} damaged", file=sys.stderr)
    return found is not None and not found.damaged


def _line(result: dict[str, Any]) -> str:
    """A finished run's time and scores."""
    beside = ("seed", "steps", "gamma", "learning_rate", "measured_images")
    times = ("seconds", "cpu_seconds", "ms_per_step")
    numbers = {
        key: value
        for key, value in result.items()
        if isinstance(value, float) and key not in (*beside, *times)
    }
    scores = "  ".join(f"{key.replace('_', ' ')} {value:.3f}" for key, value in numbers.items())
    end = "  diverged" if result["diverged"] else ""
    return f"{result['name']}, seed {result['seed']}: {result['seconds']:.0f} s  {scores}{end}"

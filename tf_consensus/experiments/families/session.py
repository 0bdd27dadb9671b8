"""Claims the folders of all runs of a family, trains those that are not finished, and reports."""

import pathlib
import sys
from collections.abc import Callable, Collection
from typing import Any

from tf_consensus.callbacks import BackupError, DivergedError
from tf_consensus.experiments import settings as claims
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families.game import FamilyRequest, Game, Settings
from tf_consensus.experiments.families.kinds import fingerprints
from tf_consensus.experiments.families.training import ready, result_of, train
from tf_consensus.experiments.finished import finished, results_of, write_results
from tf_consensus.experiments.folder_runs import check_model, known_settings, with_earlier
from tf_consensus.experiments.image_session import going_on
from tf_consensus.experiments.pages import write_pages
from tf_consensus.experiments.result import write_result
from tf_consensus.experiments.stopping import say_how_to_go_on


def train_and_report(request: FamilyRequest, tell: Callable[[], None] = lambda: None) -> int:
    """Train all runs in the folder of results, which this process locks; leave pages of its runs.

    Args:
        request: What to train.
        tell: As of `train_all`.

    Returns:
        The exit status: 0, 1 if a run failed, 130 after Ctrl-C, 143 after SIGTERM.

    Raises:
        RunError: As `train_all`, or if the folder holds runs of another model.
    """
    output = request.output
    claims.check_example(output, "train")
    check_model(output, request.runs[0][1]["model"])
    status = train_all(request, tell)
    own = dict(request.runs)
    folders = with_earlier(output, [*own])
    if numbers := results_of(folders):
        write_results(output, numbers, [own.get(x) or known_settings(x) for x in folders])
    write_pages(output, {"all": folders})
    if status in (0, 1):
        found = results_of(own)
        for result in found:
            print(_line(result))
        if found:
            print(f"results in {output}/; {output}/report.html shows them")
    return status


def train_all(request: FamilyRequest, tell: Callable[[], None] = lambda: None) -> int:
    """Train every run that has no result yet, in a folder that this process locks.

    Args:
        request: What to train.
        tell: Called before the first run is trained, when none is refused.

    Returns:
        The exit status, as `train_and_report`.

    Raises:
        RunError: If a folder holds another run, or the data are not there or do not fit the
            settings; nothing has been trained or written then.
    """
    try:
        more = _check(request)
        done = {folder for folder, settings in request.runs if _is_finished(folder, settings)}
        games = _games(request, done)
        tell()
        failed = []
        for folder, settings in request.runs:
            if folder in done:
                print(f"finished before: {folder}")
            elif not _train(settings, folder, request, more, games.pop(folder, None)):
                failed.append(folder.name)
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


def _games(request: FamilyRequest, done: Collection[pathlib.Path]) -> dict[pathlib.Path, Game]:
    """The games of one run of each group that differs in the seed alone.

    To make them refuses data, sizes and files that do not fit, once and before any run is trained.
    """
    games: dict[pathlib.Path, Game] = {}
    made: list[Settings] = []
    for folder, settings in request.runs:
        without_seed = settings | {"seed": None}
        if folder not in done and without_seed not in made:
            games[folder] = ready(settings, request)
            made.append(without_seed)
    return games


def _train(
    settings: Settings,
    folder: pathlib.Path,
    request: FamilyRequest,
    more: dict[str, Any],
    game: Game | None,
) -> bool:
    """Train a run that is not finished; returns whether it has a result of all its steps."""
    title, known = f"{settings['name']}, seed {settings['seed']}", settings | more
    try:
        print(f"{title}: {settings['steps']} steps", flush=True)
        game = game or ready(settings, request)
        # Only now, so that what is refused leaves no run behind.
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
    scored = "  ".join(f"{key.replace('_', ' ')} {value:.3f}" for key, value in numbers.items())
    scores = scored or "no scores"
    end = "  diverged" if result["diverged"] else ""
    return f"{result['name']}, seed {result['seed']}: {result['seconds']:.0f} s  {scores}{end}"

"""Finds the runs that are finished, and trains the others."""

import pathlib
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tf_consensus.experiments.result import damaged_files, mend_log, numbers_of, read_result
from tf_consensus.experiments.settings import versions
from tf_consensus.support.files import write_json


class Finished(NamedTuple):
    """A run's result, and what has happened to its files since.

    Attributes:
        result: The numbers that it ended with.
        damaged: Names of files that are no longer as they were written.
    """

    result: dict[str, Any]
    damaged: list[str]


def finished(
    folder: pathlib.Path, is_enough: Callable[[dict[str, Any]], bool] = lambda result: True
) -> Finished | None:
    """The result of a run; a damaged log is written again.

    Args:
        folder: Folder of the run.
        is_enough: Function of a result that says whether it covers all that is asked for.

    Returns:
        `None` if there is no result, or it is damaged or not enough.
    """
    result = read_result(folder)
    if result is None or not is_enough(result):
        return None
    mend_log(folder, result)
    return Finished(result, damaged_files(folder, result))


def results_of(folders: Iterable[pathlib.Path]) -> list[dict[str, Any]]:
    """The numbers of the finished runs, in order."""
    found = map(read_result, folders)
    return [numbers_of(result) for result in found if result is not None]


def write_results(
    output: pathlib.Path, runs: list[dict[str, Any]], settings: Any, **more: Any
) -> None:
    """Write results.json: the runs' numbers, their settings, and the versions they ran with.

    Args:
        output: The folder of all results.
        runs: As `results_of` returns them.
        settings: Settings that JSON can hold.
        **more: Further entries of the file.
    """
    found = {"python": sys.version.split()[0], **versions()}
    write_json(
        output / "results.json", {"runs": runs, **more, "settings": settings, "versions": found}
    )


def train_rest(
    runs: Iterable[tuple[str, Any]],
    is_finished: Callable[[Any], bool],
    train: Callable[[str, Any], None],
) -> bool:
    """Train every run that has no result yet.

    Args:
        runs: Pairs of a title and a run.
        is_finished: Function that says whether a run has a result.
        train: Called with the title and the run.

    Returns:
        Whether all are finished: `False` if Ctrl-C stopped them.
    """
    try:
        for title, run in runs:
            if is_finished(run):
                print(f"{title}: finished before")
            else:
                train(title, run)
    except KeyboardInterrupt:
        return False
    return True


def exit_interrupted() -> None:
    """End the program as Ctrl-C does, and say how to continue.

    Raises:
        SystemExit: With status 130.
    """
    print("interrupted; the same command with --resume goes on", file=sys.stderr)
    sys.exit(130)

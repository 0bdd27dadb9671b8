"""The pages of a session: one for each run, and one with all side by side."""

import pathlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tf_consensus.experiments.report.collect import MADE
from tf_consensus.experiments.report.index import write_index
from tf_consensus.experiments.report.page import REPORT, write_report
from tf_consensus.experiments.result import LOG
from tf_consensus.support.files import write_json

# More runs than this cannot be compared at a glance.
SIDE_BY_SIDE = 12


def write_made(folder: pathlib.Path, command: Sequence[str]) -> None:
    """Write run.json: the command of a run, and the present time as its start."""
    started = time.strftime("%Y-%m-%dT%H:%M:%S")
    write_json(folder / MADE, {"command": list(command), "started": started})


def write_page(folder: pathlib.Path) -> None:
    """Write report.html into the folder of a run that has ended."""
    write_report([folder], folder / REPORT)


def write_pages(output: pathlib.Path, groups: Mapping[str, Sequence[pathlib.Path]]) -> None:
    """Write report.html for each run that has begun, and one for all of them.

    Up to twelve runs, or those of a single group, are side by side in `output`. With more, the page
    is an index, and `report-GROUP.html` has the runs of a group side by side.

    Args:
        output: The folder of all results.
        groups: Folders of runs by the group's name, which must be fit for a file's name.
    """
    begun = {name: [f for f in folders if (f / LOG).exists()] for name, folders in groups.items()}
    begun = {name: folders for name, folders in begun.items() if folders}
    folders = [folder for group in begun.values() for folder in group]
    for folder in folders:
        write_page(folder)
    if len(begun) > 1 and len(folders) > SIDE_BY_SIDE:
        pages: dict[Any, list[pathlib.Path]] = {
            output / f"report-{name}.html": group for name, group in begun.items()
        }
        for path, group in pages.items():
            write_report(group, path)
        write_index(pages, output / REPORT)
    elif folders:
        write_report(folders, output / REPORT)

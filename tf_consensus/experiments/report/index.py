"""A page that leads to others: how each run stands, group by group."""

import os
import pathlib
from collections.abc import Mapping, Sequence

from tf_consensus.experiments.report.collect import Run, collect
from tf_consensus.experiments.report.page import REPORT, document
from tf_consensus.experiments.report.sections import section
from tf_consensus.experiments.report.state import State, state_of
from tf_consensus.experiments.report.text import escape
from tf_consensus.support.files import write_text


def write_index(
    groups: Mapping[str | os.PathLike, Sequence[str | os.PathLike]], path: str | os.PathLike
) -> None:
    """Write a page that says how each run stands, and links to its page and to those of groups.

    Args:
        groups: For each page of several runs the folders of these, each with its report.html.
        path: The page, in a folder above the others; an existing page is replaced.

    Raises:
        RunError: If a folder holds no run, or is named twice.
        ValueError: If a group is empty.
        OSError: If the page cannot be written, or a folder cannot be read.

    Example:
        >>> write_index({"output/report-circle.html": ["output/r1", "output/r2"]},
        ...             "output/report.html")
    """
    path = pathlib.Path(path)
    collected = {pathlib.Path(page): collect(folders) for page, folders in groups.items()}
    number = sum(map(len, collected.values()))
    title = f"{number} runs"
    sections = [
        _group(page, runs, path.parent, i) for i, (page, runs) in enumerate(collected.items())
    ]
    body = f"<header><h1>{title}</h1></header>\n<main>\n{''.join(sections)}</main>\n"
    write_text(path, document(title, body, "several"))


def _group(page, runs, root, number):
    """The runs of a group, with links."""
    name = page.stem.removeprefix("report-")
    lines = [_line(run, state_of(run, False), root) for run in runs]
    beside = f"<p>{_link(page, root, f'{len(runs)} runs side by side')}</p>\n"
    body = f'{beside}<ul class="states">{"".join(lines)}</ul>\n'
    return section(f"group{number}", name, body)


def _line(run: Run, state: State, root: pathlib.Path) -> str:
    """How a run stands."""
    warned = len(run.advice)
    said = f" {warned} {'warnings' if warned > 1 else 'warning'}." if warned else ""
    return (
        f"<li><strong>{_link(run.folder / REPORT, root, run.label)}</strong> "
        f'<span class="badge {state.kind}">{state.word}</span> '
        f"<span>{escape(state.sentence)}{said}</span></li>\n"
    )


def _link(path, root, text):
    target = pathlib.PurePath(os.path.relpath(path, root)).as_posix()
    return f'<a href="{escape(target)}">{escape(text)}</a>'

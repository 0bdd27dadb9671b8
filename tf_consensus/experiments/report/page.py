"""report.html: everything about one run, or several side by side, in one file."""

import base64
import datetime
import hashlib
import os
import pathlib
from collections.abc import Sequence

from tf_consensus.experiments.report import parts, tables
from tf_consensus.experiments.report.collect import Run, collect
from tf_consensus.experiments.report.samples import samples
from tf_consensus.experiments.report.script import SCRIPT
from tf_consensus.experiments.report.state import state_of
from tf_consensus.experiments.report.style import STYLE
from tf_consensus.experiments.report.text import escape, plain
from tf_consensus.support.checks import check_count
from tf_consensus.support.files import write_text

REPORT = "report.html"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{reload}<style>{style}</style>
<script>{script}</script>
</head>
<body class="{number}"{refresh}>
{body}</body>
</html>
"""


def write_report(
    folders: Sequence[str | os.PathLike],
    path: str | os.PathLike,
    *,
    refresh: int | None = None,
) -> None:
    """Write a page about runs that needs no other file and no network.

    It shows how far each run is and how it ended, warnings met in training, samples over the steps,
    curves, best and final values, the spectrum, the settings and the command. Missing files of a
    run are left out, and the page says what is wrong with damaged ones. At most 60 samples per run
    are shown, evenly spread, and the page stays below 25 MB.

    Args:
        folders: Folders of runs. Several runs are shown side by side, and the settings that differ
            are marked.
        path: The page, in a folder that exists; an existing page is replaced.
        refresh: Seconds after which an open page reloads while the run goes on; `None` for runs
            that have ended.

    Raises:
        RunError: If a folder holds no run, or is named twice.
        ValueError: If there is no folder, or `refresh` is not a positive integer.
        OSError: If the page cannot be written, or a folder cannot be read.

    Example:
        >>> write_report(["output/first", "output/second"], "compared.html")
    """
    if refresh is not None:
        refresh = check_count("refresh", refresh, "Pass seconds, or None for runs that have ended.")
    write_text(pathlib.Path(path), page(collect(folders), refresh))


def page(runs: Sequence[Run], refresh: int | None = None) -> str:
    """The page as text; arguments as for `write_report`."""
    title = _title(runs)
    states = [state_of(run, refresh is not None) for run in runs]
    written = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    sections = (
        parts.header(runs, states, title, written),
        parts.advice(runs),
        "<main>\n",
        _beside(samples(runs), tables.best_and_final(runs)) if len(runs) == 1 else samples(runs),
        parts.curves(runs),
        tables.best_and_final(runs) if len(runs) > 1 else "",
        parts.spectrum(runs),
        parts.pictures(runs),
        tables.settings(runs),
        parts.making(runs),
        "</main>\n",
    )
    name = f"{title} – {states[0].word}" if len(runs) == 1 else title
    number = "several" if len(runs) > 1 else "single"
    return document(name, "".join(sections), number, refresh)


def document(title: str, body: str, number: str, refresh: int | None = None) -> str:
    """A whole page around a body.

    Args:
        title: Title of the window, text.
        body: HTML.
        number: "single" or "several": how many runs the page shows.
        refresh: As for `write_report`.
    """
    reload = f'<noscript><meta http-equiv="refresh" content="{refresh}"></noscript>\n'
    return _PAGE.format(
        policy=_policy(),
        title=escape(title),
        reload=reload if refresh else "",
        refresh=f' data-refresh="{refresh}"' if refresh else "",
        number=number,
        style=STYLE,
        script=SCRIPT,
        body=body,
    )


def _beside(first, second):
    """Two sections, beside one another where there is room."""
    return f'<div class="beside">\n{first}{second}</div>\n' if first and second else first + second


def _title(runs):
    if len(runs) > 1:
        return f"{len(runs)} runs"
    (run,) = runs
    names = (run.settings.get("experiment"), run.settings.get("name"))
    if names[0] == "recommended":  # the data set's name says more
        names = (pathlib.PurePath(str(run.settings.get("dataset"))).name.removeprefix("folder:"),)
    named = [plain(name) for name in names if name]
    return f"{named[0]}: {run.label}" if named and named[0] != run.label else run.label


def _policy():
    """What the page may load and run: its own pictures, style and script, and nothing else."""
    script = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode("ascii")
    own = f"img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{script}'"
    return f"default-src 'none'; {own}"

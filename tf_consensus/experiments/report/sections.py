"""Parts that all sections of the page share."""

from collections.abc import Sequence

from tf_consensus.experiments.report.collect import Run
from tf_consensus.experiments.report.text import escape, plain


def section(name: str, title: str, body: str) -> str:
    """A section with its title; "" without a body.

    Args:
        name: Name of its style and of its title's address.
        title: Its title, text.
        body: HTML.
    """
    if not body:
        return ""
    top = f'<section class="{name}" aria-labelledby="{name}"><h2 id="{name}">{escape(title)}</h2>'
    return f"{top}\n{body}</section>\n"


def heading(run: Run, runs: Sequence[Run]) -> str:
    """The name of a run above its part of a section, if there are several runs."""
    return f"<h3>{escape(run.label)}</h3>\n" if len(runs) > 1 else ""


def caption(run: Run, name: str) -> str:
    """What the rows and columns of a run's picture are; "" if the run does not say.

    Args:
        run: The run.
        name: Name of the picture without its ending, or "samples".
    """
    said = run.captions.get(name)
    return f'<p class="note">{escape(plain(said))}</p>\n' if said is not None else ""


def problem(sentence: object) -> str:
    """What is wrong with a file, shown in place of its content."""
    return f'<p class="damage">{escape(sentence)}</p>\n'


def damages(runs: Sequence[Run], file: str) -> str:
    """What is wrong with a file of each run, if anything is wrong."""
    return "".join(problem(run.damage[file]) for run in runs if file in run.damage)

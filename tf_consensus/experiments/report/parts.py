"""The parts of the page besides curves, samples and tables."""

import re
import shlex
from collections.abc import Sequence

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.report.charts import chart, legend
from tf_consensus.experiments.report.collect import ADVICE, LOG, MADE, SPECTRUM, Run
from tf_consensus.experiments.report.curves import LOSSES, curves_of, places, quantities_of
from tf_consensus.experiments.report.pictures import PICTURES_ROOM, embed, image
from tf_consensus.experiments.report.sections import caption, damages, heading, problem, section
from tf_consensus.experiments.report.state import State
from tf_consensus.experiments.report.text import escape, number, pairs, plain
from tf_consensus.plotting.style import words

_SPECTRUM_PICTURE = "spectrum.png"
_OVER = {"step": "steps", "epoch": "epochs", "seconds": "seconds"}


def header(runs: Sequence[Run], states: Sequence[State], title: str, written: str) -> str:
    """The title and how each run stands."""
    lines = []
    for run, state in zip(runs, states, strict=True):
        name = f"<strong>{escape(run.label)}</strong> " if len(runs) > 1 else ""
        bar = ""
        if state.kind in ("running", "unfinished") and state.done is not None:
            said = f"{100 * state.done:.0f} % of the steps"
            bar = (
                f'<progress value="{state.done:.4f}" max="1" aria-label="{said}">{said}</progress>'
            )
        lines.append(
            f'<li>{name}<span class="badge {state.kind}">{state.word}</span> '
            f"<span>{escape(state.sentence)}</span>{bar}</li>\n"
        )
    return (
        f'<header><h1>{_breakable(title)}</h1>\n<ul class="states">{"".join(lines)}</ul>\n'
        f'<p class="note">Written <time datetime="{escape(written)}" id="written">'
        f'{escape(written.replace("T", " ")[:19])}</time><span id="age"></span></p></header>\n'
    )


def _breakable(title):
    """A title with places at which names of several words may break."""
    return escape(title).replace("_", "_<wbr>")


def advice(runs: Sequence[Run]) -> str:
    """The warnings met in training."""
    items = []
    for run in runs:
        name = f"<strong>{escape(run.label)}</strong>: " if len(runs) > 1 else ""
        for met in run.advice:
            step, what = met.get("step"), met.get("name")
            about = [words(plain(what))] if what is not None else []
            about += [f"step {number(step)}"] if step is not None else []
            at = f'<span class="at">{escape(", ".join(about))}</span>' if about else ""
            items.append(f"<li>{name}{_flagged(met['message'])} {at}</li>\n")
    warned = f"<ul>{''.join(items)}</ul>\n" if items else ""
    return section("warnings", "Warnings met in training", damages(runs, ADVICE) + warned)


def _flagged(message):
    """A sentence whose flags are not broken after their dashes."""
    return re.sub(r"--\w\S*", r'<span class="whole">\g<0></span>', escape(plain(message)))


def curves(runs: Sequence[Run]) -> str:
    """One chart per quantity, over steps and over seconds; both losses of one run share a chart."""
    names = quantities_of(runs)
    losses = [name for name in LOSSES if name in names]
    groups = [(name, [name]) for name in names]
    if len(runs) == 1 and len(losses) == 2:
        groups = [("losses", losses)] + [(n, [n]) for n in names if n not in losses]
    ways = [along for along in ("step", "seconds") if any(_knows(run, along) for run in runs)]
    charts = [
        chart(words(title), found, _axis(runs, along), keyed=len(runs) == 1)
        for title, group in groups
        for along in ways
        if (found := curves_of(runs, group, along))
    ]
    axes = [_axis(runs, along) for along in ways]
    switch = ""
    if charts and len(axes) > 1:
        switch = "".join(
            f'<input type="radio" name="along" id="along-{axis}"{" checked" * (i == 0)}>'
            f'<label for="along-{axis}">over {_OVER[axis]}</label>\n'
            for i, axis in enumerate(axes)
        )
    having = [(run.label, i) for i, run in enumerate(runs) if run.log]
    shared = legend(having) if len(runs) > 1 else ""
    body = damages(runs, LOG)
    if charts:
        body += f'{switch}<div class="shared">{shared}</div>\n'
        body += f'<div class="charts">\n{"".join(charts)}</div>\n'
    return section("curves", "Curves", body)


def _knows(run, along):
    return places(run.log, along) is not None


def _axis(runs, along):
    """The axes of the charts; logs without steps have epochs."""
    return "epoch" if along == "step" and not any("step" in run.log for run in runs) else along


def pictures(runs: Sequence[Run]) -> str:
    """The other pictures that a run has left."""
    found = [(run, path) for run in runs for path in run.pictures]
    shown = [_figure(run, path, len(found), runs) for run, path in found if not _of_spectrum(path)]
    return section("pictures", "Pictures", _side_by_side(shown))


def _side_by_side(items):
    return f'<div class="stacks">{"".join(items)}</div>\n' if items else ""


def spectrum(runs: Sequence[Run]) -> str:
    """What is known about the eigenvalues, in words and as a picture."""
    parts = []
    number_of = sum(len(run.pictures) for run in runs)
    for run in runs:
        figures = [_figure(run, p, number_of, runs) for p in run.pictures if _of_spectrum(p)]
        if not run.spectrum and not figures:
            continue
        step, sentence = run.spectrum.get("step"), run.spectrum.get("sentence")
        said = f"<p>{escape(plain(sentence))}</p>\n" if sentence is not None else ""
        at = f'<p class="note">At step {escape(number(step))}.</p>\n' if step is not None else ""
        rest = [
            (words(name), number(value))
            for name, value in run.spectrum.items()
            if name not in ("step", "sentence") and not isinstance(value, dict | list)
        ]
        numbers = pairs(rest) if rest else ""
        text = f"{heading(run, runs)}{said}{at}{numbers}{''.join(figures)}"
        parts.append(f"<div>{text}</div>\n")
    body = _side_by_side(parts) if len(runs) > 1 else "".join(parts)
    return section("spectrum", "Spectrum", damages(runs, SPECTRUM) + body)


def _of_spectrum(path):
    return path.name == _SPECTRUM_PICTURE


def _figure(run, path, of, runs):
    name = words(path.stem)
    title = f"{run.label}: {name}" if len(runs) > 1 else name
    try:
        shown = image(embed(path, PICTURES_ROOM // of), f"{name} of {run.label}")
    except RunError as error:
        return problem(error)
    said = caption(run, path.stem)
    return f"<figure>{shown}<figcaption>{escape(title)}{said}</figcaption></figure>\n"


def making(runs: Sequence[Run]) -> str:
    """The command of each run, when it started, and the versions that it ran with."""
    parts = []
    for i, run in enumerate(runs):
        command = run.made.get("command")
        items = [
            (words(name), plain(value)) for name, value in run.made.items() if name != "command"
        ]
        versions = run.settings.get("versions") or run.result.get("versions")
        if isinstance(versions, dict):
            items += [(name, plain(value)) for name, value in versions.items()]
        items.append(("folder", str(run.folder)))
        shown = ""
        if command is not None:
            shown = (
                f'<div class="command"><pre tabindex="0"><code id="command{i}">'
                f'{_arguments(command)}</code></pre><button type="button" '
                f'data-copy="command{i}">Copy</button></div>\n'
            )
        parts.append(heading(run, runs) + shown + pairs(items))
    return section("making", "How it was made", damages(runs, MADE) + "".join(parts))


def _arguments(command):
    """A command whose lines break between arguments, not after their dashes."""
    if isinstance(command, list):
        command = shlex.join(map(str, command))
    words_of = plain(command).split(" ")
    return " ".join(f'<span class="whole">{escape(word)}</span>' for word in words_of)

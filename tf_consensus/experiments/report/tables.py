"""Numbers and settings of runs as tables."""

from collections.abc import Sequence
from typing import Any

from tf_consensus.experiments.report.collect import RESULT, SETTINGS, Run
from tf_consensus.experiments.report.curves import NORM, curves_of, quantities_of
from tf_consensus.experiments.report.meanings import meaning
from tf_consensus.experiments.report.sections import damages, heading, section
from tf_consensus.experiments.report.text import (
    duration,
    escape,
    finite,
    number,
    pairs,
    plain,
    table,
)
from tf_consensus.plotting.style import words

# Settings that the page shows elsewhere, or that are of no use to a reader.
_ELSEWHERE = ("versions", "scores", "files", "log", "metrics", "losses", "diverged", "name")
_CHOSEN = ("method", "network", "seed", "gamma", "learning_rate")
_NONE = ("–", "–")
_MISSING = "not there"
# Parts of a score that a page has room for: those with the largest numbers.
_PARTS = 20


def best_and_final(runs: Sequence[Run]) -> str:
    """Best and final values of each score, the last losses, and the time of training."""
    lines = [_numbers_of(run) for run in runs]
    names = list(dict.fromkeys(name for line in lines for name in line))
    body = ""
    if names and len(runs) == 1:
        some_best = any(best != _NONE[1] for _, best in lines[0].values())
        ends = ["final", "best"] if some_best else ["final"]
        rows = [[_named(name), *lines[0][name][: len(ends)]] for name in names]
        body = table("Best and final values", ["", *ends], rows)
    elif names:
        rows = [row for name in names for row in _rows(name, lines)]
        body = table("Best and final values", ["", *(run.label for run in runs)], rows)
    return section("best", "Best and final", damages(runs, RESULT) + body + _measured(runs))


def settings(runs: Sequence[Run]) -> str:
    """All settings; for several runs side by side, those that differ come first and are marked."""
    # If a folder's settings are those of several runs, the result says which ones a run had.
    own = [{key: run.result[key] for key in _CHOSEN if key in run.result} for run in runs]
    flat = [_flat({**own[i], **run.settings}) for i, run in enumerate(runs)]
    names = list(dict.fromkeys(name for each in flat for name in each))
    body = damages(runs, SETTINGS)
    if names and len(runs) == 1:
        body += pairs([(name, flat[0][name]) for name in names])
    elif names:
        body += _compared(runs, names, flat)
    return section("settings", "Settings", body)


def _compared(runs, names, flat):
    """A table of settings; those that differ come first."""
    texts = {name: [each.get(name, _MISSING) for each in flat] for name in names}
    differs = [name for name in names if len(set(texts[name])) > 1]
    order = differs + [name for name in names if name not in differs]
    rows = [
        [escape(name) + ' <span class="mark">differs</span>' * (name in differs)]
        + [escape(text) for text in texts[name]]
        for name in order
    ]
    said = f"{len(differs)} of {len(names)} settings differ." if differs else "All are the same."
    head = ["setting", *(run.label for run in runs)]
    return f"<p>{said}</p>\n" + table("Settings of each run", head, rows, range(len(differs)))


def _rows(name, lines):
    """A row of final values and, if some run has one, a row of best ones."""
    final, best = ([line.get(name, _NONE)[end] for line in lines] for end in (0, 1))
    if set(best) == {_NONE[1]}:
        return [[_named(name), *final]]
    return [[f"{escape(name)}, final", *final], [f"{escape(name)}, best", *best]]


def _named(name):
    """The name of a number, with what it means."""
    known = meaning(name.partition(":")[0].replace(" ", "_"))
    return escape(name) + (f' <span class="at">{escape(known)}</span>' if known else "")


def _numbers_of(run):
    """HTML of the final and of the best value, by name."""
    line: dict[str, tuple[str, str]] = {}
    metrics = run.result.get("metrics")
    for name, value in (metrics if isinstance(metrics, dict) else {}).items():
        if isinstance(value, dict):
            line[words(name)] = tuple(_at(value, end) for end in ("final", "best"))
    for name in quantities_of([run]):
        if words(name) not in line:
            for curve in curves_of([run], [name], "step"):
                if len(curve.y):
                    line[words(name)] = (escape(number(float(curve.y[-1]))), "–")
    for name, said in _cost(run).items():
        line[name] = (escape(said), "–")
    known = {
        *line,
        *(words(name) for name in (*_ELSEWHERE, *_CHOSEN, *run.log, *run.settings, NORM)),
    }
    for name, value in run.result.items():
        if finite(value) is not None and words(name) not in known and name not in _COST:
            line[words(name)] = (escape(number(value)), "–")
    return line | _parts_of(run)


def _parts_of(run):
    """Scores that have a number for each of several parts, such as the columns of a table."""
    found = {}
    for name, parts in run.result.items():
        if name in _ELSEWHERE or not isinstance(parts, dict):
            continue
        numbers = {part: value for part, value in parts.items() if finite(value) is not None}
        worst = sorted(numbers, key=numbers.__getitem__)[-_PARTS:]
        for part in (part for part in numbers if part in worst):
            found[f"{words(name)}: {part}"] = (escape(number(numbers[part])), "–")
    return found


_COST = ("steps", "seconds", "cpu_seconds", "ms_per_step", "train_seconds")


def _cost(run):
    """The time that training took, from the log or the result."""
    found = {}
    for name in ("seconds", "cpu_seconds"):
        value = run.log[name][-1] if name in run.log else run.result.get(name)
        if duration(value):
            found[{"seconds": "time", "cpu_seconds": "CPU time"}[name]] = duration(value)
    pace = finite(run.result.get("ms_per_step"))
    if pace is not None:
        found["time per step"] = f"{number(pace, 3)} ms"
    return found


def _at(value, end):
    """A value of a score and its step."""
    step = value.get(f"{end}_step")
    at = f' <span class="at">at step {escape(number(step))}</span>' if step is not None else ""
    return escape(number(value.get(end))) + at


def _measured(runs):
    """How scores were measured, which decides whether they can be compared."""
    parts = []
    for run in runs:
        scores = run.result.get("scores")
        for score in scores if isinstance(scores, list) else []:
            items = list(_flat(score).items()) if isinstance(score, dict) else [("", plain(score))]
            parts.append(heading(run, runs) + pairs(items))
    if not parts:
        return ""
    return (
        "<details><summary>How the scores were measured</summary>\n"
        + "".join(parts)
        + "</details>\n"
    )


def _flat(settings: dict[str, Any], before: str = "") -> dict[str, str]:
    """Settings as text; nested ones have both names."""
    found: dict[str, str] = {}
    for name, value in settings.items():
        if name == "versions" and not before:
            continue
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{before}{name}.")
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            found |= _flat({str(i): item for i, item in enumerate(value)}, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = plain(value)
    return found

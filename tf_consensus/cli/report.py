"""`tf-consensus report`: a page about one run, or about several side by side."""

import pathlib

from absl import flags

from tf_consensus.cli.finding import existing, find_runs
from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.telling import failures_told

HELP = """\
usage: tf-consensus report RUN... [--output=FILE.html]

Writes a page that needs no other file and no network. It shows how far the runs are,
their warnings, samples over the steps, curves, best and final scores, the spectrum if
it was measured, the settings and the command. RUN is a run's folder, or an output
folder, which stands for all runs in it. Several runs are shown side by side, and the
settings that differ are marked.

examples:
  tf-consensus report output/pictures
  tf-consensus report output/pictures output/other --output=compared.html
  tf-consensus report "slow=output/a" "fast=output/b" --output=rates.html

flags (--helpfull shows all):
  --output=FILE.html  the page; for one RUN the default is RUN/report.html

LABEL=FOLDER says what to call a run on the page. If the folder holds several runs, the
label comes before their names. A run writes its own report.html while it trains; this
command writes other pages, or that one anew.
"""
_NAME = "report.html"


def define(values: flags.FlagValues) -> None:
    """Define the command's flags."""
    hint = "The page; none: report.html in the folder of the one RUN."
    flags.DEFINE_string("output", None, hint, flag_values=values)


def main(values: flags.FlagValues, words: list[str], command: list[str]) -> int:
    """Write the page; returns the exit status."""
    del command
    if not words:
        raise UsageError(
            "A report needs runs. Received: none. For example `tf-consensus report "
            "output/pictures`."
        )
    labels = _labels(words)
    path = _place(values.output, words)
    with failures_told():
        _write(labels, path)
    return 0


def _labels(words: list[str]) -> dict[pathlib.Path, str | None]:
    """The folders of all runs, each with the label that was typed for it."""
    found: dict[pathlib.Path, str | None] = {}
    places: dict[pathlib.Path, str] = {}
    for word in words:
        label, folder = _split(word)
        runs = find_runs(folder)
        for run in runs:
            if run.resolve() in places:
                raise UsageError(
                    "A report shows each run once. Received: "
                    f"{run}, as {places[run.resolve()]} and as {word}. Leave one out."
                )
            places[run.resolve()] = word
            found[run] = f"{label}: {run.name}" if label and len(runs) > 1 else label
    twice = {label for label in found.values() if label and list(found.values()).count(label) > 1}
    if twice:
        raise UsageError(
            f"Labels must tell runs apart. Received: {min(twice)} twice. Choose others."
        )
    return found


def _split(word):
    """The label, if there is one, and the folder; a folder with = in its name is a folder."""
    label, equals, folder = word.partition("=")
    if not equals or pathlib.Path(word).expanduser().exists():
        return None, word
    if not label or not folder:
        raise UsageError(
            f"A labelled run is LABEL=FOLDER. Received: {word!r}. For example slow=output/a."
        )
    return label, folder


def _place(output, words):
    """The path of the page."""
    if output is None:
        if len(words) > 1:
            raise UsageError(
                f"The page of several runs needs a name. Received: {len(words)} runs and no "
                "--output. Pass --output=compared.html."
            )
        return existing(_split(words[0])[1]) / _NAME
    path = pathlib.Path(output).expanduser()
    if path.suffix.lower() not in (".html", ".htm") or path.is_dir():
        raise UsageError(
            f"--output must be an .html file. Received: {output!r}. For example "
            "--output=compared.html."
        )
    if not path.parent.is_dir():
        raise UsageError(
            f"--output must be in a folder that exists. Received: {output!r}. Make {path.parent} "
            "first."
        )
    return path


def _write(labels, path):
    from tf_consensus.experiments.report.collect import collect
    from tf_consensus.experiments.report.page import page
    from tf_consensus.support.files import write_text

    runs = collect(list(labels))
    for run, label in zip(runs, labels.values(), strict=True):
        run.label = label or run.label
    write_text(path, page(runs))
    what = f"{len(runs)} runs" if len(runs) > 1 else "1 run"
    print(f"{what} in {path}")

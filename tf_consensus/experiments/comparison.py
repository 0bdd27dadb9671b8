"""Pictures and tables of finished runs of `train_images.py`."""

import pathlib
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

import tf_consensus as tfc
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.files import read_json
from tf_consensus.experiments.image_results import LOSSES, best_and_final
from tf_consensus.experiments.log import columns, read_log
from tf_consensus.experiments.resolving import SWEPT
from tf_consensus.experiments.result import read_result
from tf_consensus.plotting.style import words

# The settings that tell runs of one name apart, and how a label shows them.
TELLING = {
    "dataset": "{}",
    "inner": "{}",
    "learning_rate": "lr {:g}",
    "schedule": "{}",
    "gamma": "γ {:g}",
    "penalty_weight": "weight {}",
    "objective": "{}",
    "filters": "F {}",
    "batch_size": "batch {}",
    "ema": "average {:g}",
}

Run: TypeAlias = dict[str, Any]  # a result, as `load_runs` returns it


def load_runs(folders: Iterable[str | pathlib.Path], names: Sequence[str] = ()) -> list[Run]:
    """The finished runs of output folders, each a result with its "log", "label" and "settings".

    Runs with one label differ in the seed alone. A label is the run's name or what the user says;
    if runs of one name have different settings, the label has these too.

    Args:
        folders: output folders of `train_images.py`, or pairs LABEL=FOLDER.
        names: runs to load, in this order; none: all, in alphabetical order.
    """
    runs = []
    for given in map(str, folders):
        said, folder = split_label(given)
        for path in sorted(folder.glob("*/result.json")):
            run = read_run(path.parent)
            if run is not None and (not names or run["name"] in names):
                runs.append(run | {"said": said})
    if names:
        runs.sort(key=lambda run: names.index(run["name"]))
    for run in runs:
        run["label"] = label_of(run, [r for r in runs if r["said"] == run["said"]])
    return runs


def read_run(folder: pathlib.Path) -> Run | None:
    """A finished run's result with its "log" and "settings"; None, with a warning, if damaged."""
    result = read_result(folder)
    if result is None:
        return None
    try:
        settings = read_json(folder / "settings.json", "Restore it from a copy.")
        # Folders from older versions have their log in log.csv alone.
        log = columns(result["log"]) if "log" in result else read_log(folder / "log.csv")
    except RunError as error:
        warnings.warn(f"A run is left out of pictures and tables. {error}", stacklevel=2)
        return None
    # A run that goes on to more steps has logged more than its result holds.
    log = {key: values[log["step"] <= result["steps"]] for key, values in log.items()}
    # Epochs without an evaluation repeat the last one.
    evaluated = log.get("evaluated", np.ones(len(log["step"]))) > 0
    log |= {key: np.where(evaluated, log[key], np.nan) for key in result["metrics"] if key in log}
    return result | {"log": log, "settings": settings}


def split_label(given: str) -> tuple[str | None, pathlib.Path]:
    """The label, None without one, and the folder of LABEL=FOLDER."""
    if pathlib.Path(given).is_dir():
        return None, pathlib.Path(given)
    said, equals, folder = given.partition("=")
    return (said, pathlib.Path(folder)) if equals else (None, pathlib.Path(given))


def label_of(run: Run, others: list[Run]) -> str:
    """The label of a run among others."""
    if run["said"] is not None:
        alone = len({other["name"] for other in others}) == 1
        return run["said"] if alone else f"{run['said']}: {run['name']}"
    return run["name"] + telling(run, [other for other in others if other["name"] == run["name"]])


def telling(run: Run, others: list[Run], without: Sequence[str] = ()) -> str:
    """The settings that tell a run from others, in brackets."""
    parts = [
        form.format(run["settings"].get(key))
        for key, form in TELLING.items()
        if key not in without
        and run["settings"].get(key) is not None
        and len({str(other["settings"].get(key)) for other in others}) > 1
    ]
    return f" ({', '.join(parts)})" if parts else ""


def within(run: Run, clock: str, limit: float) -> Run:
    """The run as it would be if it had been stopped at `limit` on a clock of its log."""
    log = run["log"]
    rows = log[clock] <= limit
    if not rows.any():
        raise ValueError(
            "Every run must have an evaluation within the limit. Received: "
            f"{limit:g} {clock} for {run['label']}, whose first is at {log[clock][0]:g}."
            " Raise the limit, or leave the run out."
        )
    cut = {key: values[rows] for key, values in log.items()}
    metrics = {key: _cut_metric(value, log, cut, key) for key, value in run["metrics"].items()}
    ends = {key: cut[name][-1] for key, name in _ENDS.items()}
    return run | ends | {"log": cut, "metrics": metrics}


_ENDS = {"steps": "step", "seconds": "seconds", "cpu_seconds": "cpu_seconds"}


def _cut_metric(value, log, cut, key):
    if not value or not np.isfinite(cut[key]).any():
        return None
    direction = "up" if value["best"] == np.nanmax(log[key]) else "down"
    return best_and_final(cut, key, direction)


def by_label(runs: list[Run]) -> dict[str, list[Run]]:
    """The runs of one label, one per seed."""
    groups = defaultdict(list)
    for run in runs:
        groups[run["label"]].append(run)
    return groups


def metrics_of(runs: list[Run]) -> list[str]:
    """Names of the metrics that some run has."""
    return list(
        dict.fromkeys(key for run in runs for key, value in run["metrics"].items() if value)
    )


def draw(runs: list[Run], output: pathlib.Path) -> list[str]:
    """Draws metrics over steps and seconds, losses, and sweeps; returns the pictures' names."""
    groups = by_label(runs)
    logs = {label: [r["log"] for r in group if r["log"]] for label, group in groups.items()}
    logs = {label: group for label, group in logs.items() if group}
    metrics = metrics_of(runs)
    drawn = []
    if logs:
        tfc.plotting.run_curves(logs, LOSSES, path=output / "losses.png")
        drawn.append("losses.png")
    if metrics:
        for along in ("step", "seconds", "cpu_seconds"):
            path = output / f"curves_{along}{'s' * (along == 'step')}.png"
            tfc.plotting.run_curves(logs, metrics, along, path=path)
            drawn.append(path.name)
        drawn += draw_sweeps(runs, metrics, output)
    return drawn


def draw_sweeps(runs: list[Run], metrics: Sequence[str], output: pathlib.Path) -> list[str]:
    """Draws one picture for each setting that has several values in a method; returns the names."""
    drawn = []
    for key in SWEPT:
        sweeps: dict[str, Any] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for run in runs:
            base = (run["method"], run["network"])
            same = [r for r in runs if (r["method"], r["network"]) == base]
            label = "-".join(base) + telling(run, same, without=[key])
            for metric, value in run["metrics"].items():
                if value:
                    sweeps[label][run[key]][metric].append((value["best"], value["final"]))
        sweeps = {label: sweep for label, sweep in sweeps.items() if len(sweep) > 1}
        if sweeps:
            path = output / f"sweep_{key}.png"
            tfc.plotting.sweep_curves(sweeps, metrics, words(key), path=path)
            drawn.append(path.name)
    return drawn


def table(runs: list[Run]) -> str:
    """A Markdown table: one row per run, mean and range over its seeds, best and final."""
    metrics = metrics_of(runs)
    head = ["run", "seeds", "steps", "seconds", "CPU seconds", "ms per step"]
    head += [f"{words(key)}, {end}" for key in metrics for end in ("final", "best")]
    lines = [head, ["---"] * len(head)]
    for label, group in by_label(runs).items():
        diverged = sum(run["diverged"] is not None for run in group)
        name = label + (f" ({diverged} of {len(group)} diverged)" if diverged else "")
        row = [name, str(len(group))]
        row += [_mean(group, key) for key in ("steps", "seconds", "cpu_seconds")]
        row.append(_mean(group, "ms_per_step", 1))
        row += [_cell(group, key, end) for key in metrics for end in ("final", "best")]
        lines.append(row)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _mean(group, key, digits=0):
    values = [run[key] for run in group if run[key] is not None]
    return f"{np.mean(values):,.{digits}f}" if values else "–"


def _cell(group, key, end):
    values = [run["metrics"][key][end] for run in group if run["metrics"].get(key)]
    if not values:
        return "–"
    spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    steps = [run["metrics"][key]["best_step"] for run in group if run["metrics"].get(key)]
    at = f" at {np.mean(steps):,.0f}" if end == "best" else ""
    return f"{np.mean(values):.2f}{spread}{at}"

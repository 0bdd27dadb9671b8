"""Turns the flags of `train` into runs with all of their settings."""

from collections.abc import Mapping
from typing import Any

from absl import flags

from tf_consensus import data
from tf_consensus.cli import train_flags
from tf_consensus.experiments import burn_in
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.held_out import parts_of
from tf_consensus.experiments.making import check_taken
from tf_consensus.experiments.presets import EXPERIMENTS, RECOMMENDED
from tf_consensus.experiments.recommended import (
    check_classes,
    has_accelerator,
    look_at,
    recommend,
    remarks,
)
from tf_consensus.experiments.resolving import SWEPT, resolve
from tf_consensus.experiments.sizes import average_of, between_evaluations, network_of
from tf_consensus.experiments.unused import check_used

# Settings that follow from the pictures, with the flags that change them.
SHOWN = {
    "method": "--optimizer=consensus",
    "network": "--network=NAME",
    "filters": "--filters=N",
    "image_size": "--image_size=N",
    "channels": "--channels=1",
    "num_classes": "--num_classes=N",
    "flip": "--flip",
    "batch_size": "--batch_size=N",
    "learning_rate": "--learning_rate=X",
    "schedule": "--schedule=constant",
    "ema": "--ema=X",
    "steps": "--steps=N",
    "eval_every": "--eval_every=N",
}
SETTINGS_FILE = "settings.json holds all settings; --helpfull lists all flags\n"
_WORDS = {"ema": "average", "eval_every": "samples every"}


def overrides_of(values: flags.FlagValues) -> dict[str, Any]:
    """The settings that flags give."""
    keys = train_flags.OVERRIDES
    return {key: values[key].value for key in keys if values[key].value is not None}


def sweeps_of(values: flags.FlagValues) -> dict[str, list[float]]:
    """The values that flags give for settings that a sweep may run over."""
    given = {key: values[key].value or () for key in SWEPT}
    return {key: [float(x) for x in found] for key, found in given.items() if found}


def experiment_runs(values: flags.FlagValues) -> tuple[list[dict[str, Any]], str | None]:
    """The runs of an experiment with the flags' overrides, and the data set to measure by.

    Raises:
        RunError: If the data set is not there, or no run takes a setting.
    """
    measure = None
    if values.dataset is not None:
        values.dataset, measure = _parts_of(values.dataset)
    experiment = EXPERIMENTS[values.experiment]
    given = overrides_of(values)
    runs = resolve(experiment, given, values.optimizer, sweeps_of(values))
    _check(runs, given, values)
    for run in runs:
        run["experiment"] = values.experiment
        if values.dataset is not None and values.channels is None:
            # A data set other than the experiment's has colour channels of its own.
            with of_the_user("--dataset"):
                run["channels"] = data.image_info(str(values.dataset), values.data_dir).channels
    print_settings(runs)
    return runs, measure


def _check(runs, given, values):
    """Refuse settings that no run takes or uses, and a burn-in without its schedules."""
    check_taken(runs, given)
    check_used(runs, {*given, *sweeps_of(values)})
    burn_in.check(runs, given)


def _parts_of(dataset):
    found, measure = parts_of(dataset)
    if measure is not None:
        print(f"trained on {found}, scored by {measure}")
    return found, measure


def recommended_runs(
    values: flags.FlagValues, dataset: str
) -> tuple[list[dict[str, Any]], str | None]:
    """Print and return the runs that suit the pictures, with the flags' overrides.

    Returns:
        The runs, and the data set to measure by if it is not the one trained on.

    Raises:
        RunError: If the pictures are not there, no network makes images of --image_size,
            or no run takes a setting.
    """
    dataset, measure = _parts_of(dataset)
    with of_the_user("PICTURES"):
        pictures = look_at(dataset, values.data_dir)
    given = overrides_of(values)
    check_classes(pictures, given.get("num_classes"))
    found = recommend(pictures, has_accelerator(), values.image_size)
    network = values.network or network_of(found["image_size"])
    first = RECOMMENDED["runs"][0] | {"network": network}
    steps = values.steps or RECOMMENDED["steps"]
    found["ema"] = average_of(steps)
    if values.eval_every is None:
        found["eval_every"] = between_evaluations(steps)
    experiment = RECOMMENDED | found | {"runs": [first]}
    runs = resolve(experiment, {**given, "dataset": dataset}, values.optimizer, sweeps_of(values))
    _check(runs, given, values)
    print(pictures.describe())
    for sentence in remarks(pictures, runs[0]):
        print(f"  {sentence}")
    for run in runs:
        run["experiment"] = "recommended"
        print("\nsettings that suit them, and flags that change them:")
        print_chosen({"schedule": "constant"} | run, SHOWN)
    print(SETTINGS_FILE, flush=True)
    return runs, measure


def print_chosen(run: Mapping[str, Any], shown: Mapping[str, str]) -> None:
    """Print settings, each with the flag that changes it.

    Args:
        run: All settings of a run.
        shown: The flags by the names of the settings to print.
    """
    for key, flag in shown.items():
        word, value = _WORDS.get(key, key.replace("_", " ")), run[key]
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        print(f"  {word:14} {'no' if value in (None, False, []) else text:14} {flag}")


def print_settings(runs: list[dict[str, Any]]) -> None:
    """Print what all runs have in common, and what sets each apart."""
    common = {k: v for k, v in runs[0].items() if all(run[k] == v for run in runs)}
    print("settings:")
    for key, value in sorted(common.items()):
        print(f"  {key}: {value}")
    for run in runs:
        own = {key: value for key, value in run.items() if key not in {*common, "name"}}
        print(f"run {run['name']}: " + ", ".join(f"{k}={v}" for k, v in own.items()))

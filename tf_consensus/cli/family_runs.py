"""Turns the flags of `train --model=NAME` into runs of a family with all of their settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from tf_consensus.cli.asked_runs import SETTINGS_FILE, print_chosen, sweeps_of
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.families.pair_source import check_sides, look_at_sides
from tf_consensus.experiments.families.presets import FAMILIES, flags_of, usual_settings
from tf_consensus.experiments.families.sequence_source import look_at_sequences
from tf_consensus.experiments.families.table_look import look_at_table
from tf_consensus.experiments.making import check_taken
from tf_consensus.experiments.recommended import (
    Pictures,
    check_classes,
    has_accelerator,
    look_at,
    recommend,
    remarks,
    remarks_on_sizes,
)
from tf_consensus.experiments.resolving import SWEPT, named_by, resolve
from tf_consensus.experiments.sizes import between_evaluations
from tf_consensus.experiments.unused import check_used, uses

# The settings that are printed, where a family has them, with the flags that change them.
SHOWN = {
    "method": "--optimizer=consensus",
    "network": "--network=NAME",
    "source": "--source=folder:PATH",
    "make": "--make=edges",
    "image_size": "--image_size=N",
    "channels": "--channels=1",
    "num_classes": "--num_classes=N",
    "filters": "--filters=N",
    "length": "--length=N",
    "with_numbers": "--with_numbers",
    "width": "--width=N",
    "depth": "--depth=N",
    "unroll": "--unroll",
    "batch_size": "--batch_size=N",
    "pack": "--pack=N",
    "temperature": "--temperature=X",
    "conditional": "--conditional",
    "target": "--target=COLUMN",
    "objective": "--objective=NAME",
    "penalty": "--penalty=r1",
    "reconstruction": "--reconstruction=X",
    "cycle": "--cycle=X",
    "identity": "--identity=X",
    "pool_size": "--pool_size=N",
    "gamma": "--gamma=X",
    "learning_rate": "--learning_rate=X",
    "schedule": "--schedule=constant",
    "steps": "--steps=N",
    "eval_every": "--eval_every=N",
}
_SOURCES = ("source", "make")
# Values of an InfoGAN's code if nothing says how many kinds there are.
_KINDS = 10


def family_runs(values: flags.FlagValues, dataset: str) -> list[dict[str, Any]]:
    """The runs of a family, one per method, swept value and seed; what the data are is printed.

    Raises:
        RunError: If the data are not there or lack what the model needs, or no run takes a setting.
    """
    family = FAMILIES[values.model]
    settings = {key for key in family.settings if key in values and key not in SWEPT}
    given = {key: values[key].value for key in settings if values[key].value is not None}
    looks = {
        "pairs": _look_at_pairs,
        "labels": _look_at_labels,
        "table": _look_at_table,
        "sequences": _look_at_sequences,
    }
    found = looks[family.kind](values, dataset)
    names = {"model": values.model, "experiment": values.model, "dataset": dataset}
    first = {"method": family.method, "network": family.settings["network"]}
    usual = usual_settings(values.model, values.conditional)
    base = usual | found | names | {"runs": [first]}
    sweeps = sweeps_of(values)
    runs = resolve(base, given, values.optimizer, sweeps)
    check_taken(runs, given)
    check_used(runs, {*given, *sweeps})
    for run in runs:
        run["name"] = named_by([run["method"], run["model"]], run, runs)
        run["eval_every"] = values.eval_every or between_evaluations(run["steps"])
    return [run | {"seed": int(seed)} for seed in values.seeds for run in runs]


def print_runs(runs: Sequence[Mapping[str, Any]]) -> None:
    """Print the settings of runs, once for those that differ in the seed alone."""
    for run in runs:
        if run["seed"] == runs[0]["seed"]:
            print("\nsettings that suit them, and flags that change them:")
            print_chosen(run, _shown(run))
    print(SETTINGS_FILE, flush=True)


def _shown(run):
    """The flags that change the run, by the names of their settings."""
    taken = flags_of(run["model"])
    known = {key: flag for key, flag in SHOWN.items() if key in run and uses(run, key)}
    # Sources come from one of the two, and the other cannot be added.
    known = {key: flag for key, flag in known.items() if key not in _SOURCES or run[key]}
    return {key: flag for key, flag in known.items() if flag[2:].split("=")[0] in taken}


def _look_at_pairs(values, dataset):
    """Sizes of images and networks, and the colours of either side."""
    check_sides(values.model, dataset, values.source)
    sources, targets = look_at_sides(dataset, values.source, values.data_dir)
    found = _sizes(values, targets) | {"channels": values.channels or targets.channels}
    size = values.image_size or found["image_size"]
    _print_side("to make: ", targets, size)
    if sources is not None:
        _print_side("from:    ", sources, size)
        found["source_channels"] = values.channels or sources.channels
    return found


def _print_side(word, pictures, size):
    """What the images of one side are, and what happens to their sizes."""
    print(f"{word}{pictures.describe()}")
    for sentence in remarks_on_sizes(pictures, size):
        print(f"  {sentence}")


def _look_at_labels(values, dataset):
    """Sizes of images and networks, colours and classes."""
    with of_the_user("PICTURES"):
        pictures = look_at(dataset, values.data_dir)
    classes, coded = pictures.num_classes or 0, values.model == "infogan"
    if not coded:
        check_classes(pictures, values.num_classes)
        if classes < 2:
            raise RunError(
                f"--model={values.model} learns from labels. Received: {dataset} without classes. "
                "Put the pictures of each class into a sub-folder of its own, or train "
                "--model=infogan."
            )
    found = _sizes(values, pictures) | {"channels": pictures.channels}
    found["num_classes"] = classes if classes > 1 else _KINDS
    print(pictures.describe())
    chosen = found | {"channels": values.channels or pictures.channels}
    for sentence in remarks(pictures, chosen):
        print(f"  {sentence}")
    return found


def _sizes(values: flags.FlagValues, pictures: Pictures) -> dict[str, Any]:
    found = recommend(pictures, has_accelerator(), values.image_size)
    return {key: found[key] for key in ("image_size", "filters")}


def _look_at_table(values, dataset):
    """The column that a classifier must tell."""
    named = values.categorical or (), values.target, values.conditional or False
    look = look_at_table(dataset, values.columns, *named, values.missing)
    print(look.describe(dataset))
    for sentence in look.remarks:
        print(f"  {sentence}")
    return {"target": look.target}


def _look_at_sequences(values, dataset):
    """Times and channels."""
    del values
    line, found = look_at_sequences(dataset)
    print(line)
    return found

"""Turns an experiment and the user's overrides into runs with all of their settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from tf_consensus.experiments.presets import METHODS

# These methods need batch normalization: without it their samples stay noise. With it the
# discriminators of the other methods win (docs/fashion_mnist.md).
NORMALIZED = ("alternating", "simultaneous", "clipped")
WITHOUT = {"dcgan3": "dcgan3_nobn", "dcgan4": "dcgan4_nobn"}
# The settings that a sweep may run over, with their names in the run's folder.
SWEPT = {"learning_rate": "lr", "gamma": "gamma"}


def resolve(
    experiment: Mapping,
    overrides: Mapping,
    methods: Sequence[str] = (),
    sweeps: Mapping | None = None,
) -> list[dict[str, Any]]:
    """The experiment's runs, each with all of its settings and its own name.

    Args:
        experiment: one of `EXPERIMENTS`.
        overrides: settings that hold for every run, whatever the experiment says.
        methods: methods to run; none: all of the experiment. The experiment's own runs of them are
            used. Methods that it lacks run on `network_for` the network of its first run, with the
            settings that "paired" has for them.
        sweeps: several values for keys of `SWEPT`; every run is repeated with each value.

    Returns:
        List of dicts of settings; "name" is the name of the run.
    """
    runs = list(experiment["runs"])
    if methods:
        lacking = [m for m in methods if m not in {run["method"] for run in runs}]
        runs = [run for run in runs if run["method"] in methods]
        network, paired = experiment["runs"][0]["network"], experiment.get("paired", {})
        runs += [
            {"method": m, "network": network_for(m, network)} | paired.get(m, {}) for m in lacking
        ]
    for key, values in (sweeps or {}).items():
        runs = [run | {key: value} for run in runs for value in values]
    base = {key: value for key, value in experiment.items() if key not in ("runs", "paired")}
    # An override may make runs equal, for example those of a sweep.
    resolved = [base | METHODS[run["method"]] | run | dict(overrides) for run in runs]
    resolved = [run for k, run in enumerate(resolved) if run not in resolved[:k]]
    return [run | {"name": _name(run, resolved)} for run in resolved]


def network_for(method: str, network: str) -> str:
    """The network, with or without batch normalization as the method needs it."""
    if method in NORMALIZED:
        return {without: with_it for with_it, without in WITHOUT.items()}.get(network, network)
    return WITHOUT.get(network, network)


def _name(run, runs):
    """`method-network`, and all else that tells the run from the others."""
    parts = [run["method"], run["network"]]
    usual = METHODS[run["method"]].get("objective", "standard")
    if run["objective"] != usual:
        parts.append(run["objective"])
    return named_by(parts, run, runs)


def named_by(parts: Sequence[str], run: Mapping, runs: Sequence[Mapping]) -> str:
    """A run's name: these parts, and the values of settings that a sweep runs over.

    Args:
        parts: What begins the name.
        run: The settings of the run.
        runs: Those of all runs.
    """
    swept = [
        f"{short}{run[key]:g}"
        for key, short in SWEPT.items()
        if len({other[key] for other in runs}) > 1
    ]
    return "-".join([*parts, *swept])

"""Refuses settings that no run uses, so that none is ignored in silence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families.presets import WAVES
from tf_consensus.experiments.making import OPTIMIZERS


def _of_method(key: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda run: key in OPTIMIZERS[run["optimizer"]][1].values()


def _weighs(run: Mapping[str, Any]) -> bool:
    """Whether gamma is the weight of the method or of the penalties."""
    return _of_method("gamma")(run) or bool(run["penalty"] and run["penalty_weight"] is None)


def _of_waves(run: Mapping[str, Any]) -> bool:
    return run["dataset"] == WAVES


_OF_WAVES = f"Train on {WAVES}, which the program makes"

# For each setting whether a run uses it, and what to name by which flag so that one does.
_USED: dict[str, tuple[Callable[[Mapping[str, Any]], bool], str]] = {
    "gamma": (_weighs, "Name a method that has such a weight, for example --optimizer=consensus"),
    "clip_norm": (_of_method("clip_norm"), "Pass --optimizer=clipped"),
    "penalty_weight": (
        lambda run: bool(run["penalty"]),
        "Name a penalty, for example --penalty=r1",
    ),
    "penalty_every": (lambda run: bool(run["penalty"]), "Name a penalty, for example --penalty=r1"),
    "decay": (lambda run: run["inner"] == "rmsprop", "Pass --inner=rmsprop"),
    "beta_1": (lambda run: run["inner"] == "adam", "Pass --inner=adam"),
    "beta_2": (lambda run: run["inner"] == "adam", "Pass --inner=adam"),
    "length": (_of_waves, _OF_WAVES),
    "with_numbers": (_of_waves, _OF_WAVES),
    "unroll": (lambda run: run["network"] != "sequence_conv", "Pass --network=sequence_gru"),
}
# What a setting depends on, if not on the method.
_DEPENDS = {"length": "dataset", "with_numbers": "dataset", "unroll": "network"}


def uses(run: Mapping[str, Any], key: str) -> bool:
    """Whether a setting changes a run.

    Args:
        run: All settings of the run.
        key: The setting's name.
    """
    return key not in _USED or _USED[key][0](run)


def check_used(runs: Sequence[Mapping[str, Any]], given: Collection[str]) -> None:
    """Raise if a setting changes nothing.

    Args:
        runs: All settings of the runs.
        given: Names of the settings that the user gives.

    Raises:
        RunError: If no run uses one of them.
    """
    for key, (_, remedy) in _USED.items():
        if key in given and not any(uses(run, key) for run in runs):
            what = ", ".join(dict.fromkeys(run[_DEPENDS.get(key, "method")] for run in runs))
            raise RunError(
                f"--{key} must change something. Received: --{key}={runs[0][key]} for {what}, "
                f"which has no use for it. {remedy}, or leave --{key} out."
            )

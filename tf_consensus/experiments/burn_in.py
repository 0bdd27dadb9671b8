"""The burn-in of a run: settings that go from a start to their final value along a cosine."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tf_consensus.experiments.errors import RunError
from tf_consensus.optimizers import CosineSchedule, HalfLife, ScheduledAdam

# Where the burn-in begins: factors of the learning rate and of the penalties' weight, and β₂.
STARTS = {"burn_in_rate": 4.0, "burn_in_weight": 10.0, "burn_in_beta_2": 0.9}


def make_inner(
    run: Mapping[str, Any], updates: int = 1, factor: float = 1.0
) -> keras.optimizers.Optimizer:
    """Adam with the schedules of a run that has a burn-in.

    The learning rate starts at `burn_in_rate` times its final value, β₂ at `burn_in_beta_2`, the
    half-life of the averaged weights at 0. A decay without half-life, `ema`, is constant.

    Args:
        run: Settings.
        updates: The optimizer's steps per training step.
        factor: Factor of the learning rate.
    """
    steps, start = run["burn_in"] * updates, STARTS | dict(run)
    rate = factor * run["learning_rate"]
    average: dict[str, Any] = {}
    if run.get("ema_half_life"):
        half_life = CosineSchedule(0.0, run["ema_half_life"], steps)
        decay = HalfLife(half_life, run["batch_size"] / updates)
        average = {"use_ema": True, "ema_momentum": decay}
    elif run["ema"]:
        average = {"use_ema": True, "ema_momentum": run["ema"]}
    return ScheduledAdam(
        CosineSchedule(start["burn_in_rate"] * rate, rate, steps),
        run["beta_1"],
        CosineSchedule(start["burn_in_beta_2"], run["beta_2"], steps),
        run["epsilon"],
        **average,
    )


def penalty_schedule(run: Mapping[str, Any]) -> CosineSchedule | None:
    """The factor of the penalties' weight, from `burn_in_weight` to 1; None without a burn-in."""
    if not run.get("burn_in"):
        return None
    return CosineSchedule((STARTS | dict(run))["burn_in_weight"], 1.0, run["burn_in"])


def constant_decay(run: Mapping[str, Any], updates: int = 1) -> float:
    """The decay per step of the weights' average, from a half-life in images or by itself."""
    half_life = run.get("ema_half_life")
    return 0.5 ** (run["batch_size"] / (updates * half_life)) if half_life else run["ema"]


def check(runs: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> None:
    """Refuse settings that a burn-in and a half-life exclude, or that need a burn-in.

    Args:
        runs: Runs as `resolving.resolve` returns them.
        given: The user's values, by the names of settings.

    Raises:
        RunError: If there are such settings.
    """
    for run in runs:
        if run["ema"] and run.get("ema_half_life"):
            raise RunError(
                "The average of the weights has a decay per step or a half-life in images. "
                f"Received: --ema={run['ema']:g} and --ema_half_life={run['ema_half_life']:g}. "
                "Set one of them to 0."
            )
        if run.get("burn_in"):
            _check_burn_in(run)
            continue
        for key in STARTS:
            if key in given:
                raise RunError(
                    f"--{key} is where a burn-in starts. Received: --{key}={given[key]:g} without "
                    "--burn_in. Give --burn_in=STEPS, or leave it out."
                )


def _check_burn_in(run: Mapping[str, Any]) -> None:
    received = f"Received: --burn_in={run['burn_in']}"
    if run["inner"] != "adam":
        raise RunError(
            "A burn-in changes Adam's beta_2, so it needs Adam. "
            f"{received} and --inner={run['inner']}. Add --inner=adam, or leave --burn_in out."
        )
    if run.get("schedule", "constant") != "constant":
        raise RunError(
            "A burn-in is a schedule of the learning rate. "
            f"{received} and --schedule={run['schedule']}. Leave one of them out."
        )

"""The log and the result of a run of `train_images.py`."""

import pathlib
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_consensus.experiments.log import read_log

LOSSES = ("generator_loss", "discriminator_loss", "gradient_norm")


def result_of(
    run: dict[str, Any],
    seed: int,
    folder: pathlib.Path,
    scores: Sequence[Any] = (),
    diverged: str | None = None,
) -> dict[str, Any]:
    """The run's numbers, as one entry of results.json."""
    log = read_log(folder / "log.csv")
    directions = {key: end for metric in scores for key, end in metric.directions.items()}
    return {
        "name": run["name"],
        "method": run["method"],
        "network": run["network"],
        "seed": seed,
        "gamma": run["gamma"],
        "learning_rate": run["learning_rate"],
        "diverged": diverged,
        **course_of(log),
        "metrics": {key: best_and_final(log, key, directions[key]) for key in directions if log},
        "evaluated": f"average of the weights, decay {run['ema']}" if run["ema"] else "weights",
        # A process that only writes the result again has not measured anything itself.
        "scores": [metric.description() | {"n_fake": run["eval_samples"]} for metric in scores],
    }


def course_of(log: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Steps, times and losses of a run, from its log; zeros and nothing if there is none."""
    return {
        "steps": int(log["step"][-1]) if log else 0,
        "seconds": float(log["seconds"][-1]) if log else 0.0,
        "cpu_seconds": float(log["cpu_seconds"][-1]) if log else 0.0,
        "ms_per_step": statistics.median(log["ms_per_step"]) if log else None,
        "losses": {key: spread(log[key]) for key in LOSSES} if log else {},
    }


def best_and_final(
    log: Mapping[str, np.ndarray], key: str, direction: str
) -> dict[str, float] | None:
    """The best value of a metric, which is furthest "up" or "down", and the last."""
    evaluated = log.get("evaluated", np.ones_like(log[key])) > 0
    there = np.flatnonzero(evaluated & np.isfinite(log[key]))
    if not len(there):
        return None
    values, steps = log[key][there], log["step"][there].astype(int)
    best = int(np.argmax(values) if direction == "up" else np.argmin(values))
    return {
        "best": float(values[best]),
        "best_step": int(steps[best]),
        "final": float(values[-1]),
        "final_step": int(steps[-1]),
    }


def spread(values: np.ndarray) -> dict[str, float]:
    """How far a loss moved in training, from its means over the epochs."""
    return {
        "final": float(values[-1]),
        "mean": float(values.mean()),
        "stddev": float(values.std()),
        "min": float(values.min()),
        "max": float(values.max()),
    }

"""The numbers of all runs of `toy_2d.py` together."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_consensus import metrics
from tf_consensus.experiments.toy_runs import target_sample
from tf_consensus.experiments.toy_training import json_number

FLOOR_SAMPLES = 10


def floors(targets: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each target, distances from further samples of it to the sample that measures runs."""
    found = {}
    for target in targets:
        fixed = target_sample(target, 0)
        further = (target_sample(target, seed) for seed in range(1, FLOOR_SAMPLES + 1))
        values = [metrics.wasserstein1(points, fixed) for points in further]
        found[target] = {"mean": float(np.mean(values)), "std": float(np.std(values))}
    return found


def summarize(
    results: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> dict[str, dict[str, dict[str, Any]]]:
    """For each method and target the mean and standard deviation over the seeds."""
    summary: dict[str, dict[str, dict[str, Any]]] = {method: {} for method in settings["method"]}
    for method in settings["method"]:
        for target in settings["target"]:
            found = [r for r in results if (r["method"], r["target"]) == (method, target)]
            if found:
                summary[method][target] = _spread(found)
    return summary


def _spread(results):
    """Means, standard deviations, the number of seeds, and how many of them have diverged."""
    numbers = {"seeds": len(results), "diverged": sum(r["final"] == "inf" for r in results)}
    for key in ("final", "best"):
        values = np.array([float(result[key]) for result in results])
        finite = np.isfinite(values).all()
        numbers[f"{key}_mean"] = json_number(values.mean())
        numbers[f"{key}_std"] = float(values.std()) if finite else "inf"
    return numbers


def print_table(summary: Mapping[str, Mapping], floor: Mapping[str, Mapping]) -> None:
    """One line per method: final distance as mean ± deviation, and the best mean in brackets."""
    lines = {method: [_cell(row.get(t)) for t in floor] for method, row in summary.items()}
    lines["floor"] = [f"{f['mean']:.3f} ± {f['std']:.3f}" + 8 * " " for f in floor.values()]
    print(f"\n{'method':20}" + "".join(f"{target:>26}" for target in floor))
    for name, cells in lines.items():
        print(f"{name:20}" + "".join(f"{text:>26}" for text in cells))


def _cell(numbers):
    """One entry of the table."""
    if numbers is None:
        return "-"
    final, deviation, best = (
        float(numbers[key]) for key in ("final_mean", "final_std", "best_mean")
    )
    if not np.isfinite(final):
        return f"{numbers['diverged']} of {numbers['seeds']} diverged ({best:.3f})"
    return f"{final:.3f} ± {deviation:.3f} ({best:.3f})"

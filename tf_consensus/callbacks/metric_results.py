"""Lists of metrics: what they must be, and their results by name."""

import inspect
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tf_consensus.support.checks import nearest

_ENDS = ("up", "down")
_NEEDED = ("reset_state", "update_state", "result")


def check_metrics(metrics: Sequence[Any]) -> list[Any]:
    """The metrics in a list, each an object that can be updated.

    Raises:
        ValueError: If they are not a list, or one of them is not such an object.
    """
    if isinstance(metrics, Sequence) and not isinstance(metrics, str):
        wrong = [metric for metric in metrics if not _is_metric(metric)]
    else:
        wrong = [metrics]
    if wrong:
        raise ValueError(
            f"`metrics` must be a list of objects with {', '.join(_NEEDED)}. Received: "
            f"{wrong[0]!r}. Make them first, e.g. EvaluateGAN([metrics.ImageScores(extractor, "
            "reference)])."
        )
    for metric in metrics:
        _check_update(metric)
    return list(metrics)


def check_directions(
    metrics: Sequence[Any], directions: Mapping[str, str] | None
) -> dict[str, str]:
    """Which end of each result is the better one, as the metrics and `directions` say.

    Raises:
        ValueError: If `directions` is not a dict of "up" or "down", names an unknown result, or
            contradicts a metric.
    """
    if not isinstance(directions, Mapping | None):
        raise ValueError(
            f"`directions` must be a dict by results' names. Received: directions={directions!r}. "
            "Pass e.g. {'mean': 'down'}."
        )
    known: dict[str, str] = {}
    for metric in metrics:
        known |= getattr(metric, "directions", {})
    said = dict(directions or {})
    both = said | known
    if wrong := {key: x for key, x in both.items() if not isinstance(x, str) or x not in _ENDS}:
        raise ValueError(
            f"Directions must be 'up' or 'down'. Received: directions={wrong}. Say which end of a "
            "result is the better one."
        )
    unlike = sorted(key for key in said if said[key] != both[key])
    if unlike:
        raise ValueError(
            f"`directions` must not contradict a metric. Received: {unlike[0]!r} as "
            f"{said[unlike[0]]!r}, which is {both[unlike[0]]!r}. Leave it out."
        )
    names = results_of(metrics) if said else ()
    if missing := [key for key in said if key not in names]:
        raise ValueError(
            f"`directions` must be of results of the metrics. Received: {missing[0]!r}, where the "
            f"results are {', '.join(names) or 'none'}. {nearest(missing[0], names)}Name a result."
        )
    return both


def check_free(names: Iterable[str], taken: Iterable[str], whose: str) -> None:
    """Raises if a result would replace an entry in the logs.

    Args:
        names: Names of results.
        taken: Names of entries.
        whose: Whose entries they are, in words.

    Raises:
        ValueError: If names are in both; the message lists them.
    """
    if both := sorted(set(names) & set(taken)):
        raise ValueError(
            f"Results of metrics must have names that are not yet in the logs. Received: "
            f"{', '.join(both)}, {whose}. Give the metric another `name`, or rename its results."
        )


def results_of(metrics: Sequence[Any]) -> dict[str, float]:
    """The metrics' present results, by name.

    Raises:
        ValueError: If two results have one name.
    """
    results: dict[str, float] = {}
    for metric in metrics:
        result = metric.result()
        named = result if isinstance(result, dict) else {metric.name: result}
        if twice := sorted(set(results) & set(named)):
            raise ValueError(
                "Results of metrics must have different names. Received: two of "
                f"{', '.join(twice)}. Pass another `name`, or another EvaluateGAN."
            )
        results |= {key: float(value) for key, value in named.items()}
    return results


def warn_of_missing_directions(metrics: Sequence[Any], directions: Mapping[str, str]) -> None:
    """Warns of results for which neither metrics nor `directions` say which end is better."""
    lacking = [metric for metric in metrics if not hasattr(metric, "directions")]
    names = [getattr(metric, "name", type(metric).__name__) for metric in lacking]
    missing = [name for name in names if name not in directions]
    if missing:
        warnings.warn(
            f"Nothing says which end of {', '.join(missing)} is the better one. Epochs before the "
            "first evaluation show NaN, which Keras' callbacks treat as the best. Pass "
            f"directions={{{missing[0]!r}: 'down'}}, or 'up'.",
            stacklevel=3,
        )


def _is_metric(metric):
    there = all(callable(getattr(metric, name, None)) for name in _NEEDED)
    return there and not isinstance(metric, type)


def _check_update(metric):
    """Raises if a metric needs more than the samples, such as labels."""
    try:
        signature = inspect.signature(metric.update_state)
    except ValueError:  # raised for functions in C, which have no signature to look at
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise ValueError(
            f"`update_state` of a metric must take the samples alone. Received: {metric!r}, whose "
            f"`update_state` takes {signature}. Pass a metric of samples, e.g. "
            "metrics.ModeCoverage(modes, stddev)."
        ) from error

"""Lists of metrics: what they must be, and what they say by name."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

_NEEDED = ("reset_state", "update_state", "result")


def check_metrics(metrics) -> list[Any]:
    """The metrics in a list, each an object that can be updated.

    Raises:
        ValueError: If they are no list, or one of them is a name, a class or another thing.
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
    return list(metrics)


def results_of(metrics: Sequence[Any]) -> dict[str, float]:
    """What the metrics say now, by name.

    Raises:
        ValueError: If two results have one name.
    """
    results = {}
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
    """Warns of metrics that do not say which end is the better one, unless `directions` does."""
    lacking = [metric for metric in metrics if not hasattr(metric, "directions")]
    names = [getattr(metric, "name", type(metric).__name__) for metric in lacking]
    missing = [name for name in names if name not in directions]
    if missing:
        warnings.warn(
            f"Nothing says which end of {', '.join(missing)} is the better one. Epochs before the "
            "first evaluation show NaN, which Keras' callbacks take for the best. Pass "
            f"directions={{{missing[0]!r}: 'down'}}, or 'up'.",
            stacklevel=3,
        )


def _is_metric(metric):
    there = all(callable(getattr(metric, name, None)) for name in _NEEDED)
    return there and not isinstance(metric, type)

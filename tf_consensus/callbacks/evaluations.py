"""The best and the final values of metrics, and what stands in the logs between evaluations."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_SIGNS = {"up": 1, "down": -1}


class Evaluation(NamedTuple):
    """A metric's value, and after how many optimizer steps.

    Attributes:
        step: the optimizer's iterations.
        value: the metric's value.
    """

    step: int
    value: float


class Evaluations:
    """Results by name over a run: the last, the best, and what epochs without any show.

    Args:
        metrics: what the results come from. Attributes `directions`, a dict of "up" or "down", and
            `worst`, a dict of numbers, say which end of a result is the better one and how bad it
            can be; infinitely, if `worst` does not say.
        directions: more of them, by the result's name.

    Attributes:
        best: dict of `Evaluation`; of results with a direction.
        final: dict of `Evaluation`, of all results.
        directions: of all metrics together.

    Raises:
        ValueError: if a direction is neither "up" nor "down".
    """

    def __init__(self, metrics: Sequence[Any], directions: Mapping[str, str] | None):
        self.best: dict[str, Evaluation] = {}
        self.final: dict[str, Evaluation] = {}
        self.directions = dict(directions or {})
        self._worst = {}
        for metric in metrics:
            self.directions |= getattr(metric, "directions", {})
            self._worst |= getattr(metric, "worst", {})
        if wrong := {key: x for key, x in self.directions.items() if x not in _SIGNS}:
            raise ValueError(
                f"Directions must be 'up' or 'down'. Received: directions={wrong}. Say which end "
                "of a result is the better one."
            )

    def record(self, step: int, results: Mapping[str, float]):
        """Takes results in; one that is not finite cannot be the best."""
        for key, value in results.items():
            self.final[key] = Evaluation(int(step), float(value))
            sign = _SIGNS.get(self.directions.get(key))
            if sign is None or not math.isfinite(value):
                continue
            if key not in self.best or sign * value > sign * self.best[key].value:
                self.best[key] = self.final[key]

    def shown(self, name: str) -> float:
        """What the logs show of a result: its last value, and where it has none the worst.

        Keras takes NaN for the best value there is, so NaN is shown only of results that have no
        direction.
        """
        last = self.final.get(name)
        if last is not None and math.isfinite(last.value):
            return last.value
        sign = _SIGNS.get(self.directions.get(name))
        return math.nan if sign is None else self._worst.get(name, -sign * math.inf)

    def describe(self) -> str:
        """One line of the final values and, where one is better, the best ones."""
        parts = []
        for key, (_, value) in self.final.items():
            best = self.best.get(key)
            part = f"{key} {value:.4g}"
            parts.append(part + (f" (best {best.value:.4g} at step {best.step:,})" if best else ""))
        return f"step {max(final.step for final in self.final.values()):,}: " + ", ".join(parts)

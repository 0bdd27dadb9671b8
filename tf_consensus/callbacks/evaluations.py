"""The best and the final values of metrics, and what the logs show between evaluations."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

# The entry of the logs that marks epochs with an evaluation, if other epochs have none.
MARK = "evaluated"
_SIGNS: dict[str | None, int] = {"up": 1, "down": -1}


class Evaluation(NamedTuple):
    """A metric's value, and the optimizer steps taken before it.

    Attributes:
        step: the optimizer's iterations.
        value: the metric's value.
    """

    step: int
    value: float


def own_mark(names: Iterable[str]) -> str:
    """The name of the mark if the logs already hold the mark of another callback."""
    return "_".join([MARK, *list(names)[:1]])


def mark(logs: dict[str, float], names: Iterable[str], evaluated: bool) -> None:
    """Puts the mark of an epoch into its logs; without results it leaves another's mark alone."""
    names = list(names)
    if names or MARK not in logs:
        logs[own_mark(names) if MARK in logs else MARK] = float(evaluated)


class Evaluations:
    """Results by name over a run: the last, the best, and what epochs without an evaluation show.

    Args:
        metrics: the metrics of the results. An attribute `worst`, a dict of numbers, says how bad a
            result can be; without it the worst is infinite.
        directions: "up" or "down", the better end, by the result's name.

    Attributes:
        best: dict of `Evaluation`, for results with a direction.
        final: dict of `Evaluation`, for all results.
        directions: as given.
    """

    def __init__(self, metrics: Sequence[Any], directions: Mapping[str, str]) -> None:
        self.best: dict[str, Evaluation] = {}
        self.final: dict[str, Evaluation] = {}
        self.directions = dict(directions)
        self._worst: dict[str, float] = {}
        for metric in metrics:
            self._worst |= getattr(metric, "worst", {})

    def record(self, step: int, results: Mapping[str, float]) -> None:
        """Adds results; one that is not finite cannot be the best."""
        for key, value in results.items():
            self.final[key] = Evaluation(int(step), float(value))
            sign = _SIGNS.get(self.directions.get(key))
            if sign is None or not math.isfinite(value):
                continue
            if key not in self.best or sign * value > sign * self.best[key].value:
                self.best[key] = self.final[key]

    def record_rows(
        self, rows: Sequence[Mapping[str, float]], names: Sequence[str], every: int
    ) -> None:
        """Adds what the logs have shown, one row per epoch, with its "step".

        Args:
            rows: The logs' rows, in order.
            names: Names of the results.
            every: Number of epochs from one evaluation to the next. If it is 1, any mark in the
                rows is another callback's, and a row counts if its values are new.
        """
        last: dict[str, float] = {}
        for row in rows:
            results = {key: row[key] for key in names if key in row}
            evaluated = row.get(own_mark(names), row.get(MARK, 1.0))
            if evaluated or (every == 1 and not _equal(results, last)):
                self.record(int(row["step"]), results)
            last = results

    def shown(self, name: str) -> float:
        """What the logs show of a result: its last value, or the worst if it has none.

        Keras treats NaN as the best possible value, so NaN is shown only for results that have no
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


def _equal(results, others):
    """Whether both have the same values, NaN equal to NaN."""
    return set(results) == set(others) and all(
        value == others[key] or (math.isnan(value) and math.isnan(others[key]))
        for key, value in results.items()
    )

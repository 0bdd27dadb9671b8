"""The tables of the leaderboard, in Markdown."""

from collections.abc import Mapping, Sequence

from tf_consensus.experiments.leaderboard.standings import Spread, Standing
from tf_consensus.experiments.leaderboard.tasks import Measure, Task
from tf_consensus.plotting.style import words

_NONE = "–"


def table(standings: Sequence[Standing], task: Task) -> str:
    """One row per method: final and best of each measure, failures, and the chosen point."""
    measures = task.measures
    arrows = {"up": "↑", "down": "↓"}
    head = ["method"]
    for measure in measures:
        name = f"{words(measure.name)} {arrows[measure.direction]}"
        head += [f"{name}, final", "best"]
    head += ["failed", "within 10 %", "rate", "γ", "steps", "CPU ms per step"]
    lines = [head, ["---"] * len(head), *(_line(standing, measures) for standing in standings)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _line(standing: Standing, measures: Sequence[Measure]) -> list[str]:
    cells = [standing.row]
    for measure in measures:
        for values in (standing.final, standing.best):
            cells.append(_cell(values.get(measure.name), measure.digits))
    point = standing.point
    failed = f"{standing.failures} of {standing.seeds}" if point else "all points of the grid"
    near = round(standing.robustness * standing.points)
    chosen = point or {}
    return [
        *cells,
        failed,
        f"{near} of {standing.points}",
        _rates(chosen),
        f"{chosen['gamma']:g}" if "gamma" in chosen else _NONE,
        f"{standing.steps:,.0f}" if standing.steps else _NONE,
        f"{standing.milliseconds:.2f}" if standing.milliseconds else _NONE,
    ]


def _rates(chosen: Mapping[str, float]) -> str:
    """The learning rate, or the generator's and the discriminator's if both were chosen."""
    if "learning_rate" not in chosen:
        return _NONE
    first = chosen["learning_rate"]
    ratio = chosen.get("rate_ratio", 1.0)
    return f"{first:g}" if ratio == 1.0 else f"{first:g}, {first * ratio:g}"


def _cell(spread: Spread | None, digits: int) -> str:
    if spread is None:
        return _NONE
    mean, low, high = (f"{value:.{digits}f}" for value in spread)
    return mean if low == high else f"{mean} ({low} to {high})"

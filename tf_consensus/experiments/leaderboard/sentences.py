"""Who wins where, in sentences that the results make."""

from collections.abc import Sequence

from tf_consensus.experiments.leaderboard.standings import Standing
from tf_consensus.experiments.leaderboard.tasks import Measure, Task


def verdict(standings: Sequence[Standing], task: Task, when: str) -> str:
    """Sentences that name the best row, the next one, and the rows that failed.

    Args:
        standings: The best first.
        task: On what.
        when: After what, as "the same CPU time".
    """
    whole = [standing for standing in standings if standing.whole]
    if not whole:
        return f"After {when} no method has a run that did not fail."
    return " ".join([_winner(whole, task, when), *_failures(standings)])


def _winner(whole, task, when):
    first, *others = whole
    if not others:
        return f"After {when} {first.row} is the only method with a run that did not fail."
    second = others[0]
    measure = _deciding(first, second, task.measures)
    if second.failures > first.failures:
        return (
            f"After {when} {first.row} leads with {_value(first, task.measures[0])}: fewer of its "
            f"runs failed than of the next method's, {second.row}."
        )
    if measure is None:
        return f"After {when} {first.row} and {second.row} are equal."
    words_of = f"After {when} {first.row} leads with {_value(first, measure)}, before {second.row}"
    overlap = _overlap(first, second, measure)
    seeds = "; their seeds overlap" if overlap else "; every seed of it is better" * _several(first)
    return f"{words_of} with {_number(second, measure)}{seeds}."


def _deciding(first, second, measures: Sequence[Measure]):
    """The first measure whose means differ."""
    for measure in measures:
        if first.final[measure.name].mean != second.final[measure.name].mean:
            return measure
    return None


def _overlap(first, second, measure):
    a, b = first.final[measure.name], second.final[measure.name]
    return a.low <= b.high if measure.direction == "up" else a.high >= b.low


def _several(standing):
    return standing.seeds - standing.failures > 1


def _value(standing, measure):
    return measure.said(standing.final[measure.name].mean)


def _number(standing, measure):
    return f"{standing.final[measure.name].mean:.{measure.digits}f}"


def _failures(standings):
    never = [standing.row for standing in standings if standing.point is None]
    some = [s for s in standings if s.point is not None and s.failures]
    found = []
    if never:
        found.append(f"No point of the grid worked for {_listed(never)}.")
    if some:
        parts = [f"{s.row} ({s.failures} of {s.seeds})" for s in some]
        found.append(f"Runs failed of {_listed(parts)}.")
    return found


def _listed(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

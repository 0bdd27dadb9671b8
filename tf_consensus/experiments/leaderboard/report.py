"""Writes leaderboard.md: all tables, pictures and verdicts."""

import pathlib
from collections.abc import Mapping, Sequence

from tf_consensus.experiments.leaderboard.choosing import Result
from tf_consensus.experiments.leaderboard.cuts import common_steps, until_step
from tf_consensus.experiments.leaderboard.pictures import draw
from tf_consensus.experiments.leaderboard.sentences import verdict
from tf_consensus.experiments.leaderboard.standings import standings
from tf_consensus.experiments.leaderboard.tables import table
from tf_consensus.experiments.leaderboard.tasks import Task
from tf_consensus.support.files import write_text

_HEAD = """\
# Leaderboard

Each method chose a point of its grid by runs with seed 0 and a quarter of the time, and was then
trained with other seeds. Numbers are means over the seeds that did not fail, with the smallest and
the largest. The order is by failures, then by the first measure; the other measures break ties.
Time is the processor's time for training alone. A full run has failed if it diverged or ended
beyond the task's bound, a short run if it diverged. "Within 10 %" counts the points of the grid
that came this close to the method's best.
"""


def write_report(
    output: pathlib.Path,
    tasks: Sequence[Task],
    reports: Mapping[str, tuple[Mapping[str, list[Result]], Mapping[str, list[Result]]]],
    seconds: Mapping[str, float],
) -> None:
    """Write one table and one picture per task, and leaderboard.md, which holds all.

    Args:
        output: The folder.
        tasks: All tasks; those without results are left out.
        reports: For each task the runs over the grids and the full runs, by row.
        seconds: CPU seconds of a full run, for each task.

    Raises:
        OSError: If a file cannot be written.
    """
    parts = [
        _task_page(output, task, *reports[task.name], seconds[task.name])
        for task in tasks
        if task.name in reports
    ]
    write_text(output / "leaderboard.md", "\n".join([_HEAD, *parts]))


def _task_page(output, task, choosing, full, seconds):
    timed = standings(choosing, full, task)
    picture = f"{task.name}.png"
    drawn = draw(full, timed, task, output / picture)
    name, bound = task.failure
    page = [f"## {task.name}: {task.title}\n", _bound(task, name, bound)]
    when = f"{seconds:g} CPU seconds"
    page += [verdict(timed, task, when) + "\n", f"After {when}:\n", table(timed, task)]
    steps = common_steps(full, task)
    if steps is not None:
        cut = {row: [until_step(run, steps) for run in runs] for row, runs in full.items()}
        equal = standings(choosing, cut, task)
        when = f"{steps:,} steps"
        page += [verdict(equal, task, when) + "\n", f"After {when}:\n", table(equal, task)]
    else:
        page.append("There is no number of steps at which all methods were evaluated.\n")
    if drawn:
        page.append(f"![Measures over CPU seconds]({picture})\n")
    text = "\n".join(page)
    write_text(output / f"{task.name}.md", text)
    return text


def _bound(task, name, bound):
    (measure,) = [measure for measure in task.measures if measure.name == name]
    side = "below" if measure.direction == "up" else "above"
    words = name.replace("_", " ")
    return f"A run that ends with a {words} {side} {bound:g} has failed.\n"

"""Says what would be run, and what it costs."""

from collections.abc import Mapping, Sequence

from tf_consensus.experiments.leaderboard.jobs import QUARTER, Job, choosing_jobs
from tf_consensus.experiments.leaderboard.rows import Row
from tf_consensus.experiments.leaderboard.tasks import Task


def choosing(task: Task, rows: Sequence[Row], seconds: float) -> list[Job]:
    """The runs over the grids of all rows."""
    return [job for row in rows for job in choosing_jobs(task, row, seconds)]


def cost(
    tasks: Sequence[Task],
    rows: Mapping[str, Sequence[Row]],
    seconds: Mapping[str, float],
    seeds: Sequence[int],
) -> list[float]:
    """About how many CPU seconds each task takes, if every row has full runs."""
    return [
        sum(map(cost_of, choosing(task, rows[task.name], seconds[task.name])))
        + len(rows[task.name]) * len(seeds) * (seconds[task.name] + task.overhead)
        for task in tasks
    ]


def cost_of(job: Job) -> float:
    """About how many CPU seconds a run takes, with tracing and evaluations."""
    part = job.seconds / job.task.seconds
    # A short run is traced and evaluated once too.
    return job.seconds + job.task.overhead * min(1.0, QUARTER + part)


def described(
    tasks: Sequence[Task],
    rows: Mapping[str, Sequence[Row]],
    seconds: Mapping[str, float],
    seeds: Sequence[int],
) -> str:
    """What would be run, one line per row, and the cost of each task and of all."""
    lines, costs = [], cost(tasks, rows, seconds, seeds)
    for task, each in zip(tasks, costs, strict=True):
        lines.append(f"{task.name}: {task.title}; about {each / 60:.0f} CPU minutes")
        for row in rows[task.name]:
            grid = ", ".join(
                f"{key.replace('_', ' ')} {'|'.join(f'{value:g}' for value in values)}"
                for key, values in row.grid.items()
            )
            lines.append(
                f"  {row.name}: {len(row.points())} runs of {QUARTER * seconds[task.name]:g} s "
                f"over {grid}; then {len(seeds)} of {seconds[task.name]:g} s"
            )
    return "\n".join([*lines, f"all: about {sum(costs) / 60:.0f} CPU minutes"])

"""Runs the whole leaderboard: for each task the choosing runs, the full runs and the report."""

import time
from collections.abc import Sequence
from typing import Any

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.files import read_json
from tf_consensus.experiments.leaderboard import plan, results
from tf_consensus.experiments.leaderboard.calls import prepare, train
from tf_consensus.experiments.leaderboard.choosing import Result, choose
from tf_consensus.experiments.leaderboard.jobs import Job, Place, full_jobs
from tf_consensus.experiments.leaderboard.report import write_report
from tf_consensus.experiments.leaderboard.request import Request
from tf_consensus.experiments.leaderboard.rows import Row
from tf_consensus.experiments.leaderboard.workers import Call, Workers
from tf_consensus.support.differences import differences
from tf_consensus.support.files import digest, write_json

Found = dict[str, list[Result]]  # results by row


def run_and_report(request: Request) -> None:
    """Run what is not finished, in the folder of results, which this process locks.

    Raises:
        RunError: If a run fails by anything but divergence, or the folder holds other results.
        KeyboardInterrupt: At Ctrl-C; what is finished is kept.
    """
    _claim(request.place)
    workers, progress = Workers(request.cores), _Progress(request)
    try:
        reports: dict[str, tuple[Found, Found]] = {}
        for task in request.tasks:
            list(workers.map([Call(f"files of {task.name}", prepare, (task, request.place))]))
            reports[task.name] = _run_task(task, request, workers, progress)
            write_report(request.place.output, request.tasks, reports, request.seconds)
    finally:
        workers.close()
    print(f"results in {request.place.output}/leaderboard.md")


def _claim(place: Place) -> None:
    """Refuse a folder whose runs were scored differently, or belong to another program."""
    path = place.output / "settings.json"
    classifier = None if place.classifier is None else digest(place.classifier)
    now: dict[str, Any] = {"example": "leaderboard", "classifier": classifier}
    if path.exists():
        before = read_json(path, "Restore it from a copy, or name another --output_dir.")
        if changed := differences(before, now):
            raise RunError(
                "A leaderboard goes on in its own folder, with the classifier that it began with. "
                f"Received: {', '.join(changed)}, in {path}. Name another --output_dir."
            )
    write_json(path, now)


def _run_task(task, request, workers, progress) -> tuple[Found, Found]:
    """The results of a task's runs: over the grids, and the full runs of the chosen points."""
    rows, seconds = request.rows[task.name], request.seconds[task.name]
    jobs = plan.choosing(task, rows, seconds)
    choosing = _by_row(rows, _run(jobs, request.place, workers, progress))
    chosen = {row.name: choose(choosing[row.name], task) for row in rows}
    jobs = [
        job
        for row in rows
        if (best := chosen[row.name]) is not None
        for job in full_jobs(task, row, best["point"], seconds, request.seeds)
    ]
    left_out = len(rows) * len(request.seeds) - len(jobs)
    progress.left -= left_out * (seconds + task.overhead)
    jobs.sort(key=lambda job: request.seeds.index(job.seed))
    return choosing, _by_row(rows, _run(jobs, request.place, workers, progress))


def _run(jobs: list[Job], place: Place, workers: Workers, progress: "_Progress") -> list[Result]:
    """The results of jobs in their order, read from files if these are there."""
    found = {job.name: results.read(job, place) for job in jobs}
    missing = [job for job in jobs if found[job.name] is None]
    progress.found(jobs, missing)
    calls = {job.name: job for job in missing}
    for call, result in workers.map([Call(job.name, train, (job, place)) for job in missing]):
        job = calls[call.name]
        results.write(job, place, result)
        found[job.name] = result
        progress.tell(job, result)
    return [result for job in jobs if (result := found[job.name]) is not None]


def _by_row(rows: Sequence[Row], found: list[Result]) -> Found:
    return {row.name: [r for r in found if r["row"] == row.name] for row in rows}


class _Progress:
    """Prints which runs have ended and how much is left."""

    def __init__(self, request: Request) -> None:
        self.left = sum(plan.cost(request.tasks, request.rows, request.seconds, request.seeds))
        self.done, self.start = 0.0, time.perf_counter()

    def found(self, jobs: list[Job], missing: list[Job]) -> None:
        """Counts the jobs that have a result, which cost nothing."""
        there = len(jobs) - len(missing)
        if there:
            print(f"{jobs[0].task.name}: {there} of {len(jobs)} runs finished before", flush=True)
        self.left -= sum(plan.cost_of(job) for job in jobs if job not in missing)

    def tell(self, job: Job, result: Result) -> None:
        """One line of a finished run."""
        self.left -= plan.cost_of(job)
        self.done += plan.cost_of(job)
        minutes = max(0.0, self.left) * (time.perf_counter() - self.start) / self.done / 60
        measure = job.task.measures[0]
        values = [row[measure.name] for row in result["rows"]]
        last = "diverged" if result["diverged"] else f"{measure.name} {_shown(values)}"
        print(
            f"{job.name}: {last} after {result['steps']:,} steps, "
            f"{result['cpu_seconds']:.1f} CPU s; about {minutes:.0f} min left",
            flush=True,
        )


def _shown(values):
    return "not finite" if not values or values[-1] is None else f"{values[-1]:.3f}"

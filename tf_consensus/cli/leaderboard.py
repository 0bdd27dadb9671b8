"""`tf-consensus leaderboard`: every method on every task, with the same time."""

import pathlib
import shlex
import signal
import sys
from typing import Any

from absl import flags

from tf_consensus.cli import validators
from tf_consensus.cli.messages import UsageError
from tf_consensus.experiments.leaderboard.jobs import CHOOSING_SEED, Place
from tf_consensus.experiments.leaderboard.plan import described
from tf_consensus.experiments.leaderboard.request import Request
from tf_consensus.experiments.leaderboard.rows import NAMES, ROWS
from tf_consensus.experiments.leaderboard.tasks import TASKS
from tf_consensus.experiments.leaderboard.workers import cores

CLASSIFIER = "examples/fashion_mnist_classifier.keras"
HELP = """\
usage: tf-consensus leaderboard [flags]

Compares the training methods, each with its own best settings and the same processor
time. On every task each method first chooses a learning rate, and a weight if it has
one, by short runs; then it trains longer with other seeds. leaderboard.md gets tables,
pictures and who wins where. Ctrl-C stops the program; the same command continues it.

examples:
  tf-consensus leaderboard --list
  tf-consensus leaderboard --tasks=ring,grid
  tf-consensus leaderboard --tasks=fashion_mnist --methods=consensus,alternating_bn

flags most used (--helpfull shows all):
  --tasks=ring,grid      tasks; none: all
  --methods=r1,consensus rows of the tables; none: all
  --seconds=100          CPU seconds of each full run; none: a number that suits the task
  --seeds=1,2,3          seeds of the full runs
  --workers=2            processes, one core each; none: one per core
  --output_dir=FOLDER    folder for results; runs that are finished there are not repeated
  --list                 say what would run, and what it costs
"""


def define(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the command's flags."""
    text, a_list = flags.DEFINE_string, flags.DEFINE_list
    by: dict[str, Any] = {"flag_values": values}
    a_list("tasks", [], f"Tasks, of {', '.join(TASKS)}; none: all.", **by)
    a_list("methods", [], f"Methods, of {', '.join(NAMES)}; none: all.", **by)
    a_list("seeds", ["1", "2", "3"], "Seeds of the full runs; seed 0 chooses.", **by)
    hint = "CPU seconds of training per full run; none: a number that suits the task."
    flags.DEFINE_float("seconds", None, hint, **by)
    flags.DEFINE_integer("workers", None, "Processes; none: one per core.", 1, **by)
    text("output_dir", "output/leaderboard", "Folder for all results.", **by)
    hint = f"Keras classifier of Fashion-MNIST; none: {CLASSIFIER} if it is there, else a new one."
    text("classifier", None, hint, **by)
    text("data_dir", None, "Folder of Fashion-MNIST, if not the usual one.", **by)
    flags.DEFINE_bool("list", False, "Say what would run and what it costs, and end.", **by)
    for name, check in {
        "tasks": validators.list_of(TASKS),
        "methods": validators.list_of(NAMES),
        "seeds": _seeds,
        "seconds": lambda seconds: seconds is None or 0 < seconds < float("inf"),
    }.items():
        message = "must be a positive finite number" if name == "seconds" else "flag is not right"
        flags.register_validator(name, check, message, values)


def _seeds(given):
    validators.seeds(below=2**31)(given)
    if CHOOSING_SEED in map(int, given):
        raise flags.ValidationError(
            f"They must be other seeds than {CHOOSING_SEED}, by which each method chooses"
        )
    return True


def main(values: flags.FlagValues, words: list[str], command: list[str]) -> int:
    """Run what the flags ask for; returns the exit status."""
    if words:
        raise UsageError(
            f"A leaderboard takes flags only. Received: {' '.join(words)}. For example "
            "`tf-consensus leaderboard --tasks=ring`."
        )
    request = _request(values)
    if values.list:
        print(described(request.tasks, request.rows, request.seconds, request.seeds))
        return 0
    return _run(request, command)


def _request(values: flags.FlagValues) -> Request:
    tasks = [task for name, task in TASKS.items() if not values.tasks or name in values.tasks]
    rows = {
        task.name: [
            row for row in ROWS[task.rows] if not values.methods or row.name in values.methods
        ]
        for task in tasks
    }
    tried = {row.name for each in rows.values() for row in each}
    if missing := [name for name in values.methods if name not in tried]:
        asked = f" --tasks={','.join(values.tasks)}" if values.tasks else ""
        raise UsageError(
            "Each method must be tried on one of the tasks. Received: "
            f"--methods={','.join(missing)}{asked}, none of which has it. `--list` says which are."
        )
    if values.tasks and (empty := [task.name for task in tasks if not rows[task.name]]):
        raise UsageError(
            f"Each task that is named must have one of the methods. Received: --tasks="
            f"{','.join(empty)} --methods={','.join(values.methods)}. `--list` says which are."
        )
    tasks = [task for task in tasks if rows[task.name]]
    classifier = values.classifier
    if classifier is None and pathlib.Path(CLASSIFIER).exists():
        classifier = CLASSIFIER
    place = Place(pathlib.Path(values.output_dir).expanduser(), values.data_dir, classifier)
    available = cores()
    number = values.workers or len(available)
    return Request(
        tasks=tasks,
        rows=rows,
        seconds={task.name: values.seconds or task.seconds for task in tasks},
        seeds=[int(seed) for seed in values.seeds],
        place=place,
        cores=[available[k % len(available)] for k in range(number)],
    )


def _run(request: Request, command: list[str]) -> int:
    from tf_consensus.experiments.errors import plain_errors
    from tf_consensus.experiments.leaderboard.session import run_and_report
    from tf_consensus.experiments.lock import locked

    def stop(number, frame):
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with plain_errors(), locked(request.place.output):
            run_and_report(request)
    except KeyboardInterrupt:
        print(f"\ninterrupted; continue with: {shlex.join(command)}", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0

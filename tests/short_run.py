"""Which tests the short run takes, and where a run of limited time begins.

All tests take 40 minutes. Most of them trace the same code with other values. The short run takes
the cases of `short_run.txt`: few and quick ones that together run nearly all lines and branches
that all tests run. It also takes each test whose cases are quick on the average, and each that is
in no list yet, such as a new one. It takes each test that reads the files of the project, too: such
a test runs few lines, but any change can break it. The others are marked `full`.

The lists are written anew from a run of all tests, on a machine with nothing else to do:

    python -m pytest -m "not slow" --durations=0 --cov --cov-branch --cov-context=test > LOG
    python tests/short_run.py LOG .coverage

The options --cov are those of pytest-cov. A short run, without `-m "not slow"`, takes minutes; with
its log the lists leave more to the full run, and what that run did not take stays left:

    python tests/short_run.py LOG .coverage short
"""

import heapq
import pathlib
import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SHARE = 0.993  # of the lines and branches that all tests run
AGAIN = 0.99  # of those that a short run runs
QUICK = 0.05  # seconds of a case
READERS = ("annotations", "arrows", "docs", "imports", "packaging", "private_names")
HERE = pathlib.Path(__file__).parent
TAKEN, SLOW = HERE / "short_run.txt", HERE / "slow_tests.txt"
_LINE = re.compile(r"^([\d.]+)s (?:call|setup) +(tests/.*?)\s*$")


def mark(items: Sequence[Any], marker: Any) -> None:
    """Marks the cases that a short run leaves out.

    Args:
        items: pytest's tests.
        marker: what they are marked by.
    """
    taken, slow = (set(path.read_text(encoding="utf-8").splitlines()) for path in (TAKEN, SLOW))
    for item in items:
        name = f"tests/{item.path.name}::{item.name}"
        reads = item.path.stem.removeprefix("test_") in READERS
        if test_of(name) in slow and name not in taken and not reads:
            item.add_marker(marker)


def rotate(items: list[Any], start: str) -> None:
    """Lets a run begin at another module of tests, in place.

    Args:
        items: pytest's tests.
        start: any text, of which the place is a function.
    """
    modules = list(dict.fromkeys(item.path for item in items))
    first = modules[sum(start.encode()) * 7919 % len(modules)]
    index = next(i for i, item in enumerate(items) if item.path == first)
    items[:] = items[index:] + items[:index]


def test_of(case: str) -> str:
    """The name of a test, of that of a case of it."""
    return case.partition("[")[0]


def seconds_of(lines: Iterable[str]) -> dict[str, float]:
    """Seconds of each case, from the lines of a log."""
    seconds: dict[str, float] = defaultdict(float)
    for line in lines:
        if found := _LINE.match(line):
            seconds[found[2]] += float(found[1])
    return dict(seconds)


def runs_of(path: str) -> dict[str, set]:
    """The steps from line to line that each case runs, from a file of coverage.py."""
    runs: dict[str, set] = defaultdict(set)
    query = "select file_id, fromno, tono, context from arc join context on context.id = context_id"
    with sqlite3.connect(path) as file:
        for *step, context in file.execute(query):
            runs[context.rpartition("|")[0]].add(tuple(step))
    return runs


def choose(runs: Mapping[str, set], seconds: Mapping[str, float], share: float) -> list[str]:
    """Cases that run a share of what all run: the most new steps per second first.

    Args:
        runs: what each case runs; that of the name "" is run by imports.
        seconds: how long each case takes.
        share: of all steps, from 0 to 1.
    """
    covered, chosen = set(runs.get("", ())), []
    enough = share * len(set().union(*runs.values()))
    left = [(-len(run) / seconds.get(case, QUICK), case) for case, run in runs.items() if case]
    heapq.heapify(left)
    while left and len(covered) < enough:
        _, case = heapq.heappop(left)
        worth = len(runs[case] - covered) / seconds.get(case, QUICK)
        if left and worth < -left[0][0]:
            heapq.heappush(left, (-worth, case))
            continue
        covered |= runs[case]
        chosen.append(case)
    return chosen


def write(seconds: Mapping[str, float], taken: Iterable[str], stay: Iterable[str] = ()) -> None:
    """Writes the tests whose cases are slow on the average, and which cases are taken.

    Args:
        seconds: how long each case takes.
        taken: cases to take.
        stay: tests that are slow whatever their seconds are.
    """
    cases: dict[str, list[float]] = defaultdict(list)
    for case, value in seconds.items():
        cases[test_of(case)].append(value)
    slow = {test for test, each in cases.items() if sum(each) / len(each) >= QUICK} | set(stay)
    kept = sorted(case for case in taken if test_of(case) in slow)
    for path, names in ((SLOW, sorted(slow)), (TAKEN, kept)):
        path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


if __name__ == "__main__":
    log, coverage, *short = sys.argv[1:]
    times = seconds_of(pathlib.Path(log).read_text(encoding="utf-8").splitlines())
    left = SLOW.read_text(encoding="utf-8").splitlines() if short else ()
    write(times, choose(runs_of(coverage), times, AGAIN if short else SHARE), left)

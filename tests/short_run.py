"""Which cases the short run takes, and in which order a run of limited time takes the others.

A test over optimizers × problems × modes has as many cases as the product says. Most mistakes show
for each value of one parameter, whatever the others are. So the cases of a test are ordered such
that each value comes early, and the short run takes as many of them as fit into SECONDS, at least
one unless one alone takes more than LONGEST. The others are marked `full`.

How long a case of each test takes stands in `seconds.txt`; of a test that is not there all cases
are taken. `python tests/short_run.py LOG` writes it anew from the log of a run of all tests with
`--durations=0`.
"""

import pathlib
import re
import sys
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

SECONDS, LONGEST = 0.5, 2.5
PATH = pathlib.Path(__file__).with_name("seconds.txt")
_LINE = re.compile(r"^([\d.]+)s (call|setup) +tests/(\w+\.py::\w+)")
# Shorter ones are not written down: their whole tables run.
_SHORT = 0.05


def spread(cases: Sequence[frozenset[Hashable]]) -> list[int]:
    """The numbers of cases in an order in which each value comes early.

    Args:
        cases: for each case its values, one per parameter.
    """
    left, order = dict(enumerate(cases)), []
    while left:
        missing = frozenset().union(*left.values())
        while missing:
            best = max(left, key=lambda number: (len(left[number] & missing), -number))
            missing = missing - left.pop(best)
            order.append(best)
            if not left:
                break
        if not missing and all(not case for case in left.values()):
            order += sorted(left)
            break
    return order


def mark(items: Sequence[Any], marker: Any) -> None:
    """Marks the cases that a short run leaves out.

    Args:
        items: pytest's tests.
        marker: what they are marked by.
    """
    seconds = read()
    for name, family in _families(items).items():
        if (each := seconds.get(name, 0.0)) == 0.0:
            continue
        taken = 0 if each > LONGEST else max(1, int(SECONDS / each))
        for number in spread([_values(item) for item in family])[taken:]:
            family[number].add_marker(marker)


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


def read() -> dict[str, float]:
    """Seconds of one case by the name of the test."""
    pairs = [line.split() for line in PATH.read_text(encoding="utf-8").splitlines()]
    return {name: float(seconds) for seconds, name in pairs}


def write(lines: Iterable[str]) -> None:
    """Writes the mean seconds of one case of each test, from the lines of a log."""
    total, cases = defaultdict(float), defaultdict(int)
    for line in lines:
        if found := _LINE.match(line):
            total[found[3]] += float(found[1])
            cases[found[3]] += found[2] == "call"
    means = {name: total[name] / max(cases[name], 1) for name in total}
    kept = sorted((name, mean) for name, mean in means.items() if mean >= _SHORT)
    PATH.write_text("".join(f"{mean:.2f} {name}\n" for name, mean in kept), encoding="utf-8")


def _families(items):
    families = defaultdict(list)
    for item in items:
        families[f"{item.path.name}::{item.originalname}"].append(item)
    return families


def _values(item):
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    plain = str | int | float | bool | None
    return frozenset(
        (name, value if isinstance(value, plain) else id(value))
        for name, value in parameters.items()
    )


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())

"""A piece of advice, and the file that keeps it."""

import json
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tf_consensus.support.checks import check_path, is_integer
from tf_consensus.support.files import write_json


class AdviceWarning(UserWarning):
    """Something goes wrong in training; the message says what, and what to change."""


class Advice(NamedTuple):
    """What `Advisor` says about a run.

    Attributes:
        step: the optimizer's iterations when it was said.
        name: name of the symptom, a word.
        message: one sentence: what was seen, and the remedy.
    """

    step: int
    name: str
    message: str

    def line(self) -> str:
        """The advice as one line."""
        return f"step {self.step:,}, {self.name}: {self.message}"


def read_advice(path: str | os.PathLike) -> list[Advice]:
    """The advice that `Advisor(path=...)` has written; an empty list if there is no file yet.

    Args:
        path: the JSON file, [{"step": …, "name": …, "message": …}, …].

    Raises:
        ValueError: if `path` is no path, or the file holds anything else.

    Example:
        >>> for advice in read_advice("run/advice.json"):
        ...     print(advice.line())
    """
    path = check_advice_path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except ValueError as error:  # raised also for text that is not UTF-8
        raise ValueError(_FILE.format(f"{path}, which is no JSON ({error})")) from error
    if not isinstance(content, list) or not all(map(_is_advice, content)):
        raise ValueError(_FILE.format(f"{path}, with other content"))
    return [Advice(int(x["step"]), x["name"], x["message"]) for x in content]


def write_advice(path: pathlib.Path, advice: Sequence[Advice]) -> None:
    """Writes the file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, [x._asdict() for x in advice])


def check_advice_path(path: Any) -> pathlib.Path:
    """The path of a file.

    Raises:
        ValueError: if it is not the path of a file.
    """
    hint = "For example 'run/advice.json'."
    found = pathlib.Path(check_path("path", path, hint, "the path of a JSON file"))
    if found.is_dir():
        raise ValueError(
            f"`path` must be the path of a JSON file. Received: path={path!r}, a folder. {hint}"
        )
    return found


def check_report(report: str | Callable[[str], None] | None) -> str | Callable[[str], None] | None:
    """How the advice is reported: "warn", a function of a line, or `None`.

    Raises:
        ValueError: if it is none of these.
    """
    if report is None or report == "warn" or callable(report):
        return report
    raise ValueError(
        f"`report` must be 'warn', a function or None. Received: report={report!r}. Pass `print`."
    )


def _is_advice(entry):
    return (
        isinstance(entry, dict)
        and set(entry) == set(Advice._fields)
        and is_integer(entry["step"])
        and isinstance(entry["name"], str)
        and isinstance(entry["message"], str)
    )


_FILE = (
    "A file of advice holds a list of {{step, name, message}}, as `Advisor` writes it. Received: "
    "{}. Name another file, or delete this one."
)

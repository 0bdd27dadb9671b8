"""The program `tf-consensus`: finds the command, its flags and its help."""

import importlib
import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from absl import flags

from tf_consensus.cli.helping import describe, help_of_family, named_family
from tf_consensus.cli.messages import UsageError, did_you_mean

COMMANDS = {
    "train": "train a GAN or another game on pictures, tables, sequences, or as an experiment says",
    "generate": "make new pictures, rows or sequences with a trained run",
    "evaluate": "score a run, or a folder of pictures, against real pictures",
    "spectrum": "eigenvalues of a run's game: does it rotate, which steps are stable",
    "report": "one page of one run, or of several side by side",
    "leaderboard": "every method on every task, with the same time: who wins where",
    "list": "names of models, experiments, networks, optimizers, objectives, penalties, metrics",
}
_HELP = ("-h", "-help", "--help", "--helpshort")
_FULL = ("-helpfull", "--helpfull")
# The exit status if what was typed is wrong.
WRONG = 2


def run() -> NoReturn:
    """The console script."""
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)


def main(arguments: Sequence[str]) -> int:
    """Run a command.

    Args:
        arguments: What was typed after the program's name.

    Returns:
        The exit status: 0, 1 if something failed, 2 if what was typed is wrong, 130 after Ctrl-C.
    """
    # TensorFlow reads both when it is imported. Log lines are not needed: what matters is raised
    # too. By default TensorFlow uses oneDNN's convolutions on the newest processors only; on the
    # others its own take up to five times as long.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    try:
        return _dispatch(list(arguments))
    except UsageError as error:
        print(f"tf-consensus: {error}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


def _dispatch(arguments):
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "-h"]
    if not arguments or arguments[0] in (*_HELP, *_FULL):
        print(usage())
        return 0
    if arguments[0] == "--version":
        import tf_consensus

        print(f"tf-consensus {tf_consensus.__version__}")
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        near = did_you_mean(name, COMMANDS)
        raise UsageError(
            f"Unknown command {name!r}. {near}The commands are {', '.join(COMMANDS)}; "
            "`tf-consensus -h` says what each is for."
        )
    command = importlib.import_module(f"tf_consensus.cli.{name}")
    values = flags.FlagValues()
    command.define(values)
    typed = rest[: rest.index("--")] if "--" in rest else rest
    if any(word in (*_HELP, *_FULL) for word in typed) and (model := named_family(typed)):
        print(help_of_family(model, values))
        return 0
    if any(word in _FULL for word in typed):
        print(f"{command.HELP}\nall flags:\n{describe(values)}")
        return 0
    if any(word in _HELP for word in typed):
        print(command.HELP, end="")
        return 0
    return command.main(values, parse(name, values, rest), [*_PROGRAM, *arguments])


_PROGRAM = ["tf-consensus"]


def parse(name: str, values: flags.FlagValues, words: Sequence[str]) -> list[str]:
    """Take the flags out of what was typed; returns the other words.

    Raises:
        UsageError: If a flag is unknown, or its value is wrong.
    """
    values.set_gnu_getopt(True)
    try:
        return values([f"tf-consensus {name}", *words])[1:]
    except flags.UnrecognizedFlagError as error:
        near = did_you_mean(error.flagname, list(values), "--{}")
        raise UsageError(
            f"Unknown flag --{error.flagname}. {near}`tf-consensus {name} --helpfull` lists all."
        ) from error
    except flags.Error as error:
        raise UsageError(_said(str(error))) from error


def _said(error: str) -> str:
    """Absl's words about a flag; of a switch with a value its own are a Python tuple."""
    if not (found := re.match(r"flag --(\w+)=(.*): \('Non-boolean", error)):
        return error
    name, value = found.groups()
    return (
        f"--{name} is a switch, which takes no value. Received: --{name}={value}. Pass --{name}, "
        f"or --no{name}."
    )


def usage() -> str:
    """The help of the program."""
    lines = [f"  {name:10} {line}" for name, line in COMMANDS.items()]
    return "\n".join(
        [
            "usage: tf-consensus COMMAND [flags]",
            "",
            "Trains generative adversarial networks that converge, and shows why.",
            "",
            "commands:",
            *lines,
            "",
            "examples:",
            "  tf-consensus train folder:~/pictures",
            "  tf-consensus generate output/pictures --n=64 --output=new/",
            "",
            "`tf-consensus COMMAND -h` explains a command. --version prints the version.",
        ]
    )

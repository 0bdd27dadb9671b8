"""The program's commands with their help and all flags, by the program's own definitions."""

import html
import importlib

from absl import flags

from tf_consensus.cli.main import COMMANDS

MARK = "<!-- commands -->"


def with_commands(text: str) -> str:
    """A page with the commands at its mark, a section each."""
    return text.replace(MARK, "\n".join(_command(name) for name in COMMANDS))


def _command(name: str) -> str:
    command = importlib.import_module(f"tf_consensus.cli.{name}")
    values = flags.FlagValues()
    command.define(values)
    parts = [f"## {name}", f"```text\n{command.HELP.rstrip()}\n```"]
    if lines := [_flag(values[key]) for key in sorted(values)]:
        parts += [f"### All flags of {name}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _flag(flag: flags.Flag) -> str:
    given = "" if flag.default in (None, []) else flag.default_as_str.strip("'")
    default = given and f" Default: `{given}`."
    return f"- `--{flag.name}`: {html.escape(flag.help, quote=False)}{default}"

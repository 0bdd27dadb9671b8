"""`tf-consensus list`: the names that flags and the library know, each with what it is for."""

from absl import flags

from tf_consensus.cli import catalogue
from tf_consensus.cli.messages import unknown

HELP = """\
usage: tf-consensus list [SECTION...]

Lists names, each with a line that says what it is for. SECTION is one of models,
experiments, networks, optimizers, objectives, penalties, metrics, strategies; none: all.

examples:
  tf-consensus list
  tf-consensus list experiments
  tf-consensus list networks objectives

The names are values of flags of `tf-consensus train`: --model, --experiment, --network,
--optimizer, --objective, --penalty, --strategy. Metrics are what `train` and `evaluate`
print.
"""


def define(values: flags.FlagValues) -> None:
    """Define no flags: the command has only those for help."""
    del values


def main(values: flags.FlagValues, words: list[str], command: list[str]) -> int:
    """Print the sections; returns the exit status."""
    del values, command
    sections = catalogue.sections()
    for word in words:
        if word not in sections:
            raise unknown("section", word, sections)
    print("\n\n".join(_section(name, sections[name]) for name in dict.fromkeys(words or sections)))
    return 0


def _section(title, entries):
    column = max(map(len, entries)) + 2
    return "\n".join([f"{title}:", *(f"  {name:{column}}{x}" for name, x in entries.items())])

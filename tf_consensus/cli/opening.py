"""What the commands on runs share: the one word that they take, and opening a run."""

from typing import TYPE_CHECKING

from tf_consensus.cli.finding import FoundRun
from tf_consensus.cli.messages import UsageError

if TYPE_CHECKING:
    from tf_consensus.experiments.saved_run import Opened


def only(words: list[str], what: str, example: str) -> str:
    """The one word that a command takes beside its flags.

    Raises:
        UsageError: If there are none or several.
    """
    if len(words) == 1:
        return words[0]
    received = f"{len(words)}: {' '.join(words)}" if words else "none"
    raise UsageError(
        f"The command takes one {what}. Received: {received}. For example `{example}`; quote a "
        "path with spaces, and begin flags with two dashes."
    )


def open_found(run: FoundRun) -> "Opened":
    """The model of a run that was found; see `saved_run.Opened`."""
    from tf_consensus.experiments.saved_run import open_file, open_run

    if run.kind == "file":
        return open_file(run.path, run.num_classes)
    opened = open_run(run.path, run.settings, run.unfinished, run.seed)
    if run.unfinished:
        print(f"{run.path} has not finished: {opened.source} is used")
    return opened

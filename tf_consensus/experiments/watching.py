"""What looks at a run while it goes on."""

import pathlib

from tf_consensus.callbacks import Advisor
from tf_consensus.callbacks.advice.piece import read_advice
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.report.collect import ADVICE


def advisors(folder: pathlib.Path, advise: bool) -> list[Advisor]:
    """The callback that says what goes wrong, with its file in the run's folder; none if unasked.

    Raises:
        RunError: If the file is damaged.
    """
    if not advise:
        return []
    with of_the_user("--advice"):
        read_advice(folder / ADVICE)
    return [Advisor(path=folder / ADVICE)]

"""The callback that watches a run."""

import pathlib
from collections.abc import Callable
from typing import Any

from tf_consensus.callbacks import Advisor
from tf_consensus.callbacks.advice.piece import read_advice
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.report.collect import ADVICE


def advisor_of(
    folder: pathlib.Path, make: Callable[..., Advisor] = Advisor, **options: Any
) -> Advisor:
    """The callback that says what goes wrong, with its file in the run's folder.

    Args:
        folder: Folder of the run.
        make: The kind of advisor.
        **options: Arguments of that kind, except its path.

    Raises:
        RunError: If the advice file of a resumed run is damaged.
    """
    with of_the_user("--advice"):
        read_advice(folder / ADVICE)
    return make(path=folder / ADVICE, **options)

"""A request to the examples in the plane: the settings of runs, and how to train them."""

import dataclasses
import pathlib
from typing import Any

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class PointRequest:
    """Runs, and how to train them; only `settings` changes a result.

    Attributes:
        settings: Settings of all runs.
        output: Folder of this process for all results.
        shared: The chief's folder, which is the same unless several machines train.
        strategy: Strategy of `tf.distribute`.
        command: What was typed.
        resume: Whether to go on with the runs in `shared`.
        advise: Whether `callbacks.Advisor` looks at the runs.
    """

    settings: dict[str, Any]
    output: pathlib.Path
    shared: pathlib.Path
    strategy: tf.distribute.Strategy
    command: list[str]
    resume: bool = False
    advise: bool = True

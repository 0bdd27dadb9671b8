"""What execution asks of a model that trains a game.

A `GameModel` provides it. Execution lies below the models and knows none of their classes.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import tensorflow as tf

Logs = dict[str, tf.Tensor]  # a scalar per metric, by the metric's name
Step = Callable[[Any], Logs]  # takes a batch
StepsFunction = Callable[[Any], Logs]  # takes an iterator, for up to `steps_per_execution` steps


class Compiled(Protocol):
    """A compiled Keras model of a game: what Keras defines, and the players' layers.

    Attributes:
        distribute_strategy: the strategy in whose scope it was made.
        optimizer: what it was compiled with.
        jit_compile: whether its steps are to be XLA programs.
        run_eagerly: whether its steps run without a graph.
        steps_per_execution: how many steps a call of a train function takes at most.
        metrics: scalars, which the logs hold by name.
        variables: all of its variables, the metrics' too.
    """

    distribute_strategy: tf.distribute.Strategy
    optimizer: keras.optimizers.Optimizer
    jit_compile: bool
    run_eagerly: bool
    steps_per_execution: int

    @property
    def metrics(self) -> Sequence[keras.metrics.Metric]:
        """The metrics."""

    @property
    def variables(self) -> Sequence[keras.Variable]:
        """All variables."""

    def layers_of_players(self) -> list[keras.Layer]:
        """The layers that the players consist of."""


class Trainable(Compiled, Protocol):
    """A compiled model whose steps a loop runs, and which looks at its first batch."""

    def train_step(self, data: Any) -> Logs:
        """One update of all players on one batch; a scalar per metric."""

    def prepared(self, data: Any) -> Any:
        """What a step makes of a batch."""

    def takes_look(self, trains: bool) -> bool:
        """Whether to look at the next batch; asked once."""

    def look_at(self, batches: Any, count: int) -> None:
        """Inspects the first of `count` batches, stacked along a first axis."""

    def inspect_batch(self, numbers: Any, batch: Any = None, *, trains: bool) -> None:
        """Raises if the batch cannot train; `seen_of_batch` returned the numbers of it."""

    def kept_rows(self) -> int:
        """How many examples of the first batch are to be kept."""

    def seen_of_batch(self, batch: Any, rows: tf.Tensor) -> list[tf.Tensor]:
        """What is seen of a batch, and what is kept of its first rows."""

    def nothing_seen(self) -> tuple[list[tf.Tensor], list[tf.TensorShape]]:
        """What `seen_of_batch` returns for no batch, and the shapes of what it returns for one."""

"""A game that runs each evaluation as an XLA program of its own."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf_consensus.games.delegating import DelegatingGame
from tf_consensus.games.sub_batch import Count
from tf_consensus.support.evaluation import LayerState


class CompiledGame(DelegatingGame):
    """The same game, with every evaluation compiled by itself.

    Replicas exchange their fields between the evaluations of an update. No XLA program on a GPU or
    CPU can do that, so field and pullback are separate programs. The program of a pullback computes
    the field a second time: a consensus step does about four thirds of its usual work.

    Args:
        game: the game; evaluating it must not assign variables, such as moving averages.
    """

    def first(self, n: Count) -> "CompiledGame":
        """As `Game.first`."""
        return CompiledGame(self.whole.first(n))

    def rest(self, n: Count) -> "CompiledGame":
        """As `Game.rest`."""
        return CompiledGame(self.whole.rest(n))

    def evaluate(self, function: Callable[..., Any], *tensors: Any) -> Any:
        """What `function(game, *tensors)` returns, as one XLA program."""

        def program(batch: Any, weight: Any, *tensors: Any) -> Any:
            # Assignments of layers stay in the program: games whose layers assign are not compiled.
            state = LayerState(repeats=True)
            return function(self.whole.variant(batch=batch, weight=weight, state=state), *tensors)

        compiled = tf.function(program, jit_compile=True, autograph=False)
        return compiled(self.batch, self.weight, *tensors)

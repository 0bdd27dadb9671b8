"""A game each of whose evaluations is an XLA program of its own."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf_consensus.games.delegating import DelegatingGame
from tf_consensus.games.sub_batch import Count
from tf_consensus.support.evaluation import LayerState


class CompiledGame(DelegatingGame):
    """The same game, its evaluations compiled one by one.

    Replicas exchange their fields between the evaluations of an update, which no XLA program of a
    GPU or CPU can do; so field and pullback are programs of their own. The program of a pullback
    computes the field a second time: a consensus step does the work of about four thirds of one.

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
            # What layers would assign stays in the program: those that assign are not compiled.
            state = LayerState(repeats=True)
            return function(self.whole.variant(batch=batch, weight=weight, state=state), *tensors)

        compiled = tf.function(program, jit_compile=True, autograph=False)
        return compiled(self.batch, self.weight, *tensors)

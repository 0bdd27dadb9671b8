"""A game each of whose evaluations is an XLA program of its own."""

import copy
from collections.abc import Callable, Sequence

import tensorflow as tf

from tf_consensus.games.blocks import Players
from tf_consensus.games.delegating import DelegatingGame
from tf_consensus.games.game import Linearization, no_pullback
from tf_consensus.games.vector_checks import check_vector
from tf_consensus.support.evaluation import LayerState


class CompiledGame(DelegatingGame):
    """The same game, its evaluations compiled one by one.

    Replicas exchange their fields between the evaluations of an update, which no XLA program of a
    GPU or CPU can do; so field and pullback are programs of their own. A pullback starts with the
    field again: a consensus step does the work of about four thirds of one.

    Args:
        game: the game; evaluating it must not assign variables, such as moving averages.
    """

    def linearize(self, second_order: bool = True) -> Linearization:
        """As `Game.linearize`."""
        losses, v = self._run(lambda game: game.linearize(second_order=False)[:2])
        sizes = [len(player) for player in self.players]
        if not second_order:
            return Linearization(losses, v, no_pullback, sizes, self.variables)
        return Linearization(losses, v, self.vjp, sizes, self.variables)

    def player_gradient(self, player: int):
        """As `Game.player_gradient`."""
        return self._run(lambda game: game.player_gradient(player))

    def vjp(
        self, u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None
    ) -> list[tf.Tensor]:
        """As `Game.vjp`."""
        u = check_vector("u", u, self.variables)
        return self._run(lambda game, u: game.vjp(u, of=of, wrt=wrt), u)

    def jvp(
        self, u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None
    ) -> list[tf.Tensor]:
        """As `Game.jvp`."""
        return self._run(lambda game, u: game.jvp(u, of=of, wrt=wrt), list(u))

    def first(self, n: int) -> "CompiledGame":
        """As `Game.first`."""
        return CompiledGame(self.whole.first(n))

    def _run(self, evaluate: Callable, *arguments):
        def program(batch, weight, *arguments):
            game = copy.copy(self.whole)
            game.batch, game.weight = batch, weight
            # What layers would assign stays in the program: those that assign are not compiled.
            game.state = LayerState(repeats=True)
            return evaluate(game, *arguments)

        compiled = tf.function(program, jit_compile=True, autograph=False)
        return compiled(self.batch, self.weight, *arguments)

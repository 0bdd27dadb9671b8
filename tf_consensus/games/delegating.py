"""A game around a game."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from tf_consensus.games.blocks import Players
from tf_consensus.games.checks import check_losses
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization, no_pullback
from tf_consensus.games.vector_checks import check_vector

if TYPE_CHECKING:
    from tf_consensus.games.microbatches import MicrobatchedGame


class DelegatingGame(Game):
    """Base class: the same game, evaluated in another way.

    A subclass defines `evaluate`; losses, field and products all go through it.

    Args:
        game: the game; its losses, players, batch, weight, state and contract are this one's.
    """

    def __init__(self, game: Game) -> None:
        super().__init__(
            game.losses,
            game.players,
            game.batch,
            weight=game.weight,
            allow_cut=game.contract,
            seeds=game.seeds,
            rows=game.rows,
        )
        self.state = game.state
        self.whole = game

    def evaluate(self, function: Callable[..., Any], *tensors: Any) -> Any:
        """What `function(game, *tensors)` returns, evaluated in this way.

        Args:
            function: takes a game and tensors, and returns nested lists of tensors.
            *tensors: nested lists of tensors, which are computed before the evaluation begins.
        """
        raise NotImplementedError

    def linearize(self, second_order: bool = True) -> Linearization:
        """As `Game.linearize`; the pullback is an evaluation of its own."""
        losses, v = self.evaluate(lambda game: game.linearize(second_order=False)[:2])
        check_losses(losses, len(self.players))
        sizes = [len(player) for player in self.players]
        if not second_order:
            return Linearization(losses, v, no_pullback, sizes, self.variables)
        return Linearization(losses, v, self.vjp, sizes, self.variables, self.split)

    @property
    def split(self) -> "MicrobatchedGame | None":
        """The game over whose parts a linearization is the mean; `None` for a whole batch."""
        return None

    def player_gradient(self, player: int) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """As `Game.player_gradient`."""
        return self.evaluate(lambda game: game.player_gradient(player))

    def vjp(
        self, u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None
    ) -> list[tf.Tensor]:
        """As `Game.vjp`."""
        u = check_vector("u", u, self.variables)
        return self.evaluate(lambda game, u: game.vjp(u, of=of, wrt=wrt), u)

    def jvp(
        self, u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None
    ) -> list[tf.Tensor]:
        """As `Game.jvp`."""
        u = check_vector("u", u, self.variables)
        return self.evaluate(lambda game, u: game.jvp(u, of=of, wrt=wrt), u)

    def retrace(self) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """As `Game.retrace`."""
        return self.whole.retrace()

    def couplings(self) -> list[str]:
        """As `Game.couplings`."""
        return self.whole.couplings()

    def roots(self) -> Sequence[Any]:
        """As `Game.roots`."""
        return self.whole.roots()

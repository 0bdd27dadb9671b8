"""The cross terms of consensus optimization: each player makes the others' gradients small."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.blocks import Players
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.field import GRADIENT, Field
from tf_consensus.optimizers.regularized import RegularizedOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class CrossTermOptimizer(RegularizedOptimizer):
    """Jacobian regularization (JARE): consensus optimization without each player's own part.

        w_i = v_i - γ ∇_i ½ Σ_{j≠i} ‖v_j‖²

    Each player descends the squared gradients of the others, but not its own: only the off-diagonal
    blocks of v'ᵀ count. Near an equilibrium a player's own block would make its curvature larger by
    its square, and so also the ratio of the largest to the smallest eigenvalue. On a bilinear game
    the diagonal blocks are zero, and the method is consensus optimization.

    It needs the players, so it works in `tf_consensus.GAN` and with `step(game)`, not in the
    `compile` of other models. Its w is not a `Field`, so `field` is None for γ > 0.

    Raises:
        ValueError: if γ is negative or not finite, or `every` is not a positive integer; in
            `step`, if the game has one player.

    Example:
        >>> optimizer = CrossTermOptimizer("rmsprop", learning_rate=1e-4, gamma=10.0)

    Reference:
        Nie, Patel, Towards a Better Understanding and Regularization of GAN Training Dynamics,
        2019.
    """

    def plain_field(self) -> Field | None:
        """The gradient field for a constant γ = 0; w is not a `Field` otherwise."""
        return None if self.second_order else GRADIENT

    def check_game(self, game: Game) -> None:
        """As `GameOptimizer.check_game`; there must be two or more players."""
        super().check_game(game)
        if len(game.players) < 2:
            raise ValueError(
                "With cross terms each player makes the others' gradients small, so the game must "
                "have two or more players. Received: a game of 1 player. Use ConsensusOptimizer."
            )

    def pulled_back(self, linearization: Linearization) -> list[tf.Tensor]:
        """As `RegularizedOptimizer.pulled_back`, with the off-diagonal blocks only."""
        return super().pulled_back(_crossed(linearization))

    def cotangent(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field, of which the pullback takes the other players' parts."""
        return linearization.v

    def _pull_back(
        self, linearization: Linearization, u: Sequence[tf.Tensor], block: dict[str, Any]
    ) -> list[tf.Tensor]:
        return super()._pull_back(_crossed(linearization), u, block)


class _Crossed(Linearization):
    """A linearization whose pullback has the off-diagonal blocks only."""

    def cross_vjp(
        self,
        select: Callable[[Sequence[tf.Tensor]], list[tf.Tensor]],
        u: Sequence[tf.Tensor],
        groups: int,
        of: Players = None,
        wrt: Players = None,
    ) -> list[tf.Tensor]:
        """As `Linearization.cross_vjp`; in parts it takes each part's blocks by itself."""
        whole = super().cross_vjp
        if self.split is None:
            return whole(select, u, groups)
        return _off_diagonal(self, lambda **block: whole(select, u, groups, **block))


def _crossed(linearization: Linearization) -> _Crossed:
    """The linearization, with the off-diagonal blocks only in its pullback."""

    def vjp(u: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        return _off_diagonal(linearization, lambda **block: linearization.vjp(u, **block))

    return _Crossed(*linearization._replace(vjp=vjp))


def _off_diagonal(
    linearization: Linearization, pull_back: Callable[..., list[tf.Tensor]]
) -> list[tf.Tensor]:
    """Each player's part of the pullback of all other players' part.

    Args:
        linearization: the one of a game of two or more players.
        pull_back: function of the keywords `of` and `wrt`.
    """
    players = range(len(linearization.by_player(linearization.v)))
    result: list[tf.Tensor] = []
    for i in players:
        block: dict[str, Any] = {"of": [j for j in players if j != i], "wrt": i}
        result += linearization.by_player(pull_back(**block))[i]
    return result

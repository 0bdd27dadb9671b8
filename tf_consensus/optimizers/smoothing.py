"""The paper's smoothing comparison: only the discriminator is regularized."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.adaptive_gamma import AdaptiveGamma
from tf_consensus.optimizers.field import GRADIENT, Field
from tf_consensus.optimizers.regularized import RegularizedOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class SmoothingOptimizer(RegularizedOptimizer):
    """The discriminator makes the generator's gradient small, the generator follows its own.

        w_G = v_G,    w_D = v_D - γ ∇_D ½‖v_G‖²

    with G the first player and D all others. It needs the players, so it works in
    `tf_consensus.GAN` and with `step(game)`, not in the `compile` of other models.

    Raises:
        ValueError: if γ is negative or not finite, or `every` is not a positive integer; in
            `step`, if the game has one player.

    Example:
        >>> optimizer = SmoothingOptimizer("rmsprop", learning_rate=1e-4, gamma=10.0)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, comparison experiments.
    """

    def plain_field(self) -> Field | None:
        """The field v - γ v'ᵀ v_G, with v_G the generator's part of v; for the generator v."""
        if not self.second_order:
            return GRADIENT
        if isinstance(self.gamma, AdaptiveGamma):
            return None
        return Field("smoothing", self.current_gamma, measured="first", regularized="others")

    def check_game(self, game: Game) -> None:
        """As `GameOptimizer.check_game`; there must be two or more players."""
        super().check_game(game)
        if len(game.players) < 2:
            raise ValueError(
                "With smoothing the other players make the first one's gradient small, so the game "
                "must have two or more players. Received: a game of 1 player. Use "
                "ConsensusOptimizer."
            )

    def cotangent(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field, of which `block` takes the generator's part."""
        return linearization.v

    def block(self, linearization: Linearization) -> dict[str, Any]:
        """The generator's part of the field, along all others' variables."""
        players = len(linearization.by_player(linearization.v))
        return {"of": 0, "wrt": range(1, players)}

"""The paper's smoothing comparison: only the discriminator is regularized."""

import keras
import tensorflow as tf

from tf_consensus.optimizers.field import GRADIENT, Field
from tf_consensus.optimizers.regularized import RegularizedOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class SmoothingOptimizer(RegularizedOptimizer):
    """The discriminator makes the generator's gradient small, the generator follows its own.

        w_G = v_G,    w_D = v_D - γ ∇_D ½‖v_G‖²

    with G the first player and D all others. It needs the players, so it works in
    `tf_consensus.GAN` and with `step(game)`, not in the `compile` of other models.

    Args:
        inner_optimizer: name, config or instance of a Keras optimizer, or a list of one a player.
        learning_rate: float or schedule, with an inner optimizer given by name, or a list of these.
        gamma: weight γ ≥ 0, a number or a schedule; 0 is exactly simultaneous gradient ascent.
        every: take the second-order term only at each `every`-th step, weighted `every`·γ.
        name: name of the optimizer.

    Raises:
        ValueError: if γ is negative or not finite, or `every` is not a positive integer; in
            `step`, if the game has one player.

    Example:
        >>> optimizer = SmoothingOptimizer("rmsprop", learning_rate=1e-4, gamma=10.0)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, comparison experiments.
    """

    def _field(self):
        """The field v, less γ v'ᵀ times the generator's part of v for all but the generator."""
        if not self.second_order:
            return GRADIENT
        return Field("smoothing", self.current_gamma, measured="first", regularized="others")

    def _step(self, game):
        if len(game.players) < 2:
            raise ValueError(
                "Smoothing has the other players make the first one's gradient small, so it takes "
                "two or more. Received: a game of 1 player. Use ConsensusOptimizer."
            )
        return super()._step(game)

    def cotangent(self, linearization):
        """The generator's part of v."""
        generator, *others = linearization.by_player(linearization.v)
        return generator + [tf.zeros_like(t) for part in others for t in part]

    def restrict(self, linearization, g):
        """All but the generator's part."""
        generator, *others = linearization.by_player(g)
        return [tf.zeros_like(t) for t in generator] + [t for part in others for t in part]

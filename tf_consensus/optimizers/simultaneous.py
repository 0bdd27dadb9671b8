"""Simultaneous gradient ascent."""

import keras
import tensorflow as tf

from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.field import GRADIENT, Field
from tf_consensus.optimizers.game_optimizer import GameOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class SimultaneousOptimizer(GameOptimizer):
    """Simultaneous gradient ascent (SimGA, algorithm 1): every player follows its own gradient.

        w = v

    Near an equilibrium where v' has eigenvalues close to the imaginary axis it rotates and
    converges only for very small steps (Lemma 4), or not at all.

    Example:
        >>> optimizer = SimultaneousOptimizer("rmsprop", learning_rate=1e-4)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 2.3.
    """

    def plain_field(self) -> Field:
        """The field v."""
        return GRADIENT

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field v itself."""
        return linearization.v

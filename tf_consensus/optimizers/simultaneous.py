"""Simultaneous gradient ascent."""

import keras

from tf_consensus.optimizers.field import GRADIENT
from tf_consensus.optimizers.game_optimizer import GameOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class SimultaneousOptimizer(GameOptimizer):
    """Simultaneous gradient ascent (SimGA, algorithm 1): every player follows its own gradient.

        w = v

    Near an equilibrium where v' has eigenvalues close to the imaginary axis it rotates and
    converges only for very small steps (Lemma 4), or not at all.

    Args:
        inner_optimizer: name, config or instance of a Keras optimizer, or a list of one a player.
        learning_rate: float or schedule, with an inner optimizer given by name, or a list of these.
        name: name of the optimizer.

    Example:
        >>> optimizer = SimultaneousOptimizer("rmsprop", learning_rate=1e-4)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 2.3.
    """

    def _field(self):
        """The field v."""
        return GRADIENT

    def direction(self, linearization):
        """The field v itself."""
        return linearization.v

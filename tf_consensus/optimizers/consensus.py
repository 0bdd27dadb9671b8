"""Consensus optimization."""

import keras

from tf_consensus.optimizers.field import GRADIENT, Field
from tf_consensus.optimizers.regularized import RegularizedOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class ConsensusOptimizer(RegularizedOptimizer):
    """Consensus optimization (algorithm 2): every player also descends L = ½‖v‖².

        w = v - γ ∇L,    ∇L = v'ᵀ v    (eqs. 12 and 13)

    The regularizer moves the eigenvalues of the field's Jacobian to the left, so that rotation no
    longer prevents convergence (Lemma 7, Lemma 9); its stationary points are those of v as long as
    1/γ is no eigenvalue of v'ᵀ (Lemma 6).

    Args:
        inner_optimizer: name, config or instance of a Keras optimizer, or a list of one a player.
        learning_rate: float or schedule, with an inner optimizer given by name, or a list of these.
        gamma: weight γ ≥ 0, a number or a schedule; 0 is exactly simultaneous gradient ascent.
        every: take the second-order term only at each `every`-th step, weighted `every`·γ.
        name: name of the optimizer.

    Raises:
        ValueError: if γ is negative or not finite, or `every` is not a positive integer.

    Example:
        >>> optimizer = ConsensusOptimizer("rmsprop", learning_rate=1e-4, gamma=10.0)
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        >>> model.compile(optimizer=optimizer, loss="mse")

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 4.
    """

    def _field(self):
        """The field w = v - γ v'ᵀv at the current γ."""
        return Field("consensus", self.current_gamma) if self.second_order else GRADIENT

    def cotangent(self, linearization):
        """The field v itself: v'ᵀv = ∇L."""
        return linearization.v

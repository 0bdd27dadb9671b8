"""Consensus optimization."""

import keras
import tensorflow as tf

from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.adaptive_gamma import AdaptiveGamma
from tf_consensus.optimizers.field import GRADIENT, Field
from tf_consensus.optimizers.regularized import RegularizedOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class ConsensusOptimizer(RegularizedOptimizer):
    """Consensus optimization (algorithm 2): every player also descends L = ½‖v‖².

        w = v - γ ∇L,    ∇L = v'ᵀ v    (eqs. 12 and 13)

    At a stationary point of v where v' is negative semi-definite and invertible, all eigenvalues of
    w' have negative real part for γ > 0 (Lemma 7), so that rotation no longer prevents convergence.
    At a local Nash equilibrium of a zero-sum game v' is negative semi-definite; it must also be
    invertible. The larger γ, the smaller the bound on |Im λ / Re λ| of these
    eigenvalues (Lemma 9 in the corrected form of `theory.quotient_bound`; as printed it is false).
    The stationary points of w are those of v as long as 1/γ is not an eigenvalue of v'ᵀ (Lemma 6).

    Raises:
        ValueError: if γ is negative or not finite, or `every` is not a positive integer.

    Example:
        >>> optimizer = ConsensusOptimizer("rmsprop", learning_rate=1e-4, gamma=10.0)
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        >>> model.compile(optimizer=optimizer, loss="mse")

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 4.
    """

    whole_product = True

    def plain_field(self) -> Field | None:
        """The field w = v - γ v'ᵀv at the current γ; `None` where γ follows the field."""
        if isinstance(self.gamma, AdaptiveGamma):
            return None
        return Field("consensus", self.current_gamma) if self.second_order else GRADIENT

    def cotangent(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field v itself: v'ᵀv = ∇L."""
        return linearization.v

"""The optimistic gradient method."""

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.directions import apply_direction, assign, values_of, variables_of
from tf_consensus.optimizers.game_optimizer import GameOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class OptimisticOptimizer(GameOptimizer):
    """Optimistic gradient ascent: the field, corrected by how it has just changed.

        w_t = 2 v(x_t) - v(x_{t-1}),    v(x_{-1}) = v(x_0)

    It takes one evaluation per step, at the current parameters, so it works in the `compile` of any
    Keras model. The inner optimizer sees w as its gradient: with Adam this is optimistic Adam. The
    first step has no past: it is a plain one.

    If v is monotone and Lipschitz with constant K, it converges for h < 1/(2K). On a bilinear game
    with coupling M it converges for h < 1/(√3 σ_max(M)) and diverges beyond.

    Example:
        >>> optimizer = OptimisticOptimizer("adam", learning_rate=1e-4)

    Reference:
        Daskalakis, Ilyas, Syrgkanis, Zeng, Training GANs with Optimism, 2018.
    """

    all_at_once = True  # one counter tells every player's first step
    counts_rounds = True

    def make_state(self) -> None:
        """The memory of the last field."""
        super().make_state()
        self._past = self.add_memory("past_field")

    def move(self, linearization: Linearization) -> None:
        """A step along the corrected field."""
        variables = variables_of(linearization)
        v = vectors.replica_mean(linearization.v)
        past = self.memory_of(self._past, variables)
        first = tf.equal(tf.convert_to_tensor(self.iterations), 0)
        pairs = zip(v, values_of(past), strict=True)
        w = [2 * t - tf.where(first, t, p) for t, p in pairs]
        apply_direction(self.inner_optimizer, w, variables)
        assign(past, v)

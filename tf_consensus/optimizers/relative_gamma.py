"""A weight γ that keeps the regularizer in proportion to the field."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.adaptive_gamma import AdaptiveGamma
from tf_consensus.optimizers.own_state import OwnState, put_rows, take_rows
from tf_consensus.support.checks import check_float, check_number


@keras.saving.register_keras_serializable("tf_consensus")
class RelativeGamma(AdaptiveGamma):
    """A weight that makes the regularizer `scale` times as long as the field, for each player.

        γᵢ = c · (E‖vᵢ‖² / E‖gᵢ‖²)^½

    with g the pullback, gᵢ = (∇L)ᵢ for consensus, and E running means over the regularized steps,
    the present step included. So γ has no unit, and multiplying a loss by a number does not change
    the directions. It is 0 where the pullback has been 0. For gradients that are handed to `apply`
    the players are not known: all variables count as one player's.

    Args:
        scale: c > 0. With simultaneous steps of Adam at a rate of 1e-3, DCGANs with and without
            batch normalization trained at c = 1.5. Those without it did not train at c = 1, those
            with it did not train at c = 3. At a rate of 2e-4, those with it did not train at
            c = 1.5 either.
        decay: decay of the running means, in [0, 1); 0 takes the present step alone.

    Raises:
        ValueError: if a number is out of range.

    Example:
        >>> optimizer = ConsensusOptimizer("adam", learning_rate=1e-3, gamma=RelativeGamma(0.5))
    """

    def __init__(self, scale: float = 1.5, decay: float = 0.99) -> None:
        self.scale = check_float("scale", scale, zero=False)
        self.decay = check_number(
            "decay", decay, "a number of at least 0 and below 1", lambda x: 0 <= x < 1, "Try 0.99."
        )

    def make_state(self, optimizer: OwnState) -> Any:
        """For each variable the running means of ‖v‖² and ‖g‖², and the last γ; (n, 3)."""
        return optimizer.add_numbers("relative_gamma", 3)

    def weights(
        self,
        state: Any,
        linearization: Linearization,
        pulled: Sequence[tf.Tensor],
        numbers: Sequence[int],
        rows: Sequence[int],
        due: tf.Tensor | bool,
        step_size: Any,
    ) -> list[tf.Tensor]:
        """As `AdaptiveGamma.weights`."""
        del step_size
        before = take_rows(state, rows)
        v_squares, g_squares = (squares(t, before.dtype) for t in (linearization.v, pulled))
        wanted = tf.constant([[k in numbers] for k in range(len(pulled))]) & due
        means = self.decay * before[:, :2]
        means += (1 - self.decay) * tf.stack([v_squares, g_squares], axis=1)
        means = tf.where(wanted, means, before[:, :2])
        lengths = _per_player(means, linearization)
        gammas = self.scale * tf.math.sqrt(tf.math.divide_no_nan(lengths[:, :1], lengths[:, 1:]))
        gammas = tf.where(wanted, gammas, before[:, 2:])
        put_rows(state, rows, tf.concat([means, gammas], axis=1))
        return [gammas[k, 0] for k in numbers]

    def current(self, state: Any) -> float:
        """As `AdaptiveGamma.current`."""
        return float(tf.reduce_max(tf.convert_to_tensor(state)[:, 2]))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"scale": self.scale, "decay": self.decay}


def squares(a: Sequence[tf.Tensor], dtype: tf.DType) -> tf.Tensor:
    """‖a‖² of each tensor, (n,)."""
    return tf.stack([tf.reduce_sum(tf.square(tf.cast(t, dtype))) for t in a])


def _per_player(means: tf.Tensor, linearization: Linearization) -> tf.Tensor:
    """Sums over each player's variables, repeated for each of them, (n, 2)."""
    sizes = linearization.player_sizes or [means.shape[0]]
    sums = [tf.reduce_sum(part, axis=0) for part in tf.split(means, sizes)]
    return tf.repeat(tf.stack(sums), sizes, axis=0)

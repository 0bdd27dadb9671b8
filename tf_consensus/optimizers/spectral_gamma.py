"""A weight γ that suits the step size and the size of v'."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.adaptive_gamma import AdaptiveGamma
from tf_consensus.optimizers.own_state import OwnState
from tf_consensus.support.checks import check_float, check_number


@keras.saving.register_keras_serializable("tf_consensus")
class SpectralGamma(AdaptiveGamma):
    """The γ that suits a step size, from the size of v'.

        γ = c / (h σ²),    σ² the largest eigenvalue of v'ᵀv'

    On a bilinear game, v' antisymmetric, a plain step of size h along w = v - γ∇L multiplies the
    direction of singular value σ by 1 - hγσ² ± ihσ, so that c = 1 gives the smallest |1 - hγσ² ±
    ihσ| = hσ for the fastest direction (`theory.optimal_gamma`), and c ≥ 2 diverges. σ² comes from
    one power iteration per regularized step, two more products with v'. The first one begins at
    v itself, so that σ² begins as ‖v'ᵀv'v‖/‖v‖, and γ may begin too large. With `every` > 1 the
    weight of a regularized step is the same, as a larger one would diverge.

    Args:
        scale: c in (0, 2).
        step_size: h > 0; `None` for the inner optimizer's learning rate (the largest of several),
            which is right for plain gradient steps. Give a number if that one rescales its steps.

    Raises:
        ValueError: if a number is out of range.

    Example:
        >>> optimizer = ConsensusOptimizer("sgd", learning_rate=0.1, gamma=SpectralGamma())

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, figure 14; the bound
        is that of `theory.optimal_gamma`.
    """

    of_one_step = True

    def __init__(self, scale: float = 1.0, step_size: float | None = None) -> None:
        within = "a number above 0 and below 2"
        self.scale = check_number("scale", scale, within, lambda x: 0 < x < 2, "Try 1.0.")
        hint = "None takes the inner optimizer's."
        self.step_size = (
            None
            if step_size is None
            else check_float("step_size", step_size, zero=False, hint=hint)
        )

    def make_state(self, optimizer: OwnState) -> Any:
        """The vector of the power iteration, one variable per variable, and the last γ."""
        vector = optimizer.add_memory("largest_direction")
        return vector, optimizer.add_scalar("spectral_gamma", dtype="float32")

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
        vector, last = [state[0][k] for k in rows], state[1]
        before = [tf.convert_to_tensor(x) for x in vector]
        h = step_size if self.step_size is None else self.step_size
        begun = vectors.norm(before) > 0
        u = [
            tf.where(begun, a, tf.stop_gradient(b))
            for a, b in zip(before, linearization.v, strict=True)
        ]
        forward = vectors.replica_mean(linearization.jvp(u))
        back = vectors.replica_mean(linearization.vjp([tf.stop_gradient(t) for t in forward]))
        square = tf.math.divide_no_nan(vectors.norm(back), vectors.norm(u))
        gamma = tf.math.divide_no_nan(self.scale, tf.cast(h, square.dtype) * square)
        unit = vectors.scale(back, tf.math.divide_no_nan(1.0, vectors.norm(back)))
        for x, old, new in zip(vector, before, unit, strict=True):
            x.assign(tf.where(due, new, old))
        last.assign(tf.where(due, tf.cast(gamma, "float32"), tf.convert_to_tensor(last)))
        return [gamma for _ in numbers]

    def current(self, state: Any) -> float:
        """As `AdaptiveGamma.current`."""
        return float(tf.convert_to_tensor(state[1]))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"scale": self.scale, "step_size": self.step_size}

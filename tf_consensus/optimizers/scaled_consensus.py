"""Consensus optimization whose regularizer does not depend on the scales of layers."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.directions import variables_of
from tf_consensus.optimizers.gamma import Gamma
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.optimizers.own_state import put_rows, take_rows
from tf_consensus.optimizers.regularized import RegularizedOptimizer
from tf_consensus.optimizers.relative_gamma import squares
from tf_consensus.support.checks import check_number

SCALES = ("gradient", "weights")
_DECAY = 0.99


@keras.saving.register_keras_serializable("tf_consensus")
class ScaledConsensusOptimizer(RegularizedOptimizer):
    """Consensus optimization of L_S = ½ vᵀSv, in which every variable's gradient counts alike.

        w = v - γ v'ᵀSv

    with S held constant, one positive number s per variable tensor x and its part v_x of the field:

        scale="gradient":   s = 1 / (running mean of the mean square of v_x's entries)
        scale="weights":    s = ‖x‖²

    In deep networks the gradients of layers differ by orders of magnitude, so that a few layers
    make up ½‖v‖², and plain consensus becomes unstable (The Numerics of GANs, section 6). A change
    of units x = a·y of one tensor multiplies its gradient by a. L_S stays as it is, for both S, and
    w is multiplied as v is: each layer's regularizer keeps its proportion to the layer's gradient.
    Plain consensus changes all these proportions. The stationary points of w are those of v as long
    as 1/γ is not an eigenvalue of v'ᵀS (Lemma 6 with S); there w' = v' - γ v'ᵀSv', so that Lemma 7
    holds as for plain consensus, since S is positive definite ("weights": where no tensor is 0).

    With gamma="auto" S measures lengths, γᵢ = c·(E vᵢᵀSvᵢ / E gᵢᵀSgᵢ)^½, which keeps the
    invariance. With a fixed γ and scale="gradient" the weight γs grows without bound as v → 0, so
    that steps of a fixed size do not come to rest. A tensor of zeros is not measured by "weights".

    Args:
        scale: "gradient" or "weights".
        decay: decay of the running means of "gradient", in [0, 1); "weights" takes none.
        gamma: weight γ, as for `ConsensusOptimizer`, but not a `SpectralGamma`.

    Raises:
        ValueError: if `scale` or `decay` is not one of these, or as `ConsensusOptimizer` does.

    Example:
        >>> optimizer = ScaledConsensusOptimizer("adam", learning_rate=1e-3, fraction=0.125)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 6, states the problem; the
        remedy is this library's.
    """

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        gamma: Gamma = "auto",
        scale: str = "gradient",
        decay: float = _DECAY,
        every: int = 1,
        name: str | None = None,
        *,
        debias: str | None = None,
        fraction: float = 1.0,
        microbatches: int = 1,
        allow_cut: bool | Sequence[str] = False,
    ) -> None:
        super().__init__(
            inner_optimizer,
            learning_rate,
            gamma,
            every,
            name,
            debias=debias,
            fraction=fraction,
            microbatches=microbatches,
            allow_cut=allow_cut,
        )
        if scale not in SCALES:
            raise ValueError(
                "`scale` must say what a layer is measured by, 'gradient' or 'weights'. Received: "
                f"scale={scale!r}. For one weight on all layers use ConsensusOptimizer."
            )
        self.scale = scale
        within = "a number of at least 0 and below 1"
        self.decay = check_number("decay", decay, within, lambda x: 0 <= x < 1, "Try 0.99.")
        if scale == "weights" and self.decay != _DECAY:
            raise ValueError(
                "`decay` is that of the running means of scale='gradient', and scale='weights' has "
                f"none. Received: decay={decay!r}. Leave it out, or use scale='gradient'."
            )

    def make_state(self) -> None:
        """For each variable s, the running mean that it is made of, and its weight; (n, 3)."""
        super().make_state()
        self._scales = self.add_numbers("scales", 3)

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field w = v - γ·v'ᵀSv, with S as it is at this step."""
        if self.second_order:
            self._follow(linearization)
        return super().direction(linearization)

    def cotangent(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field, each tensor times its s."""
        return self._times(linearization, linearization.v, 1.0)

    def measured(
        self, linearization: Linearization, vector: Sequence[tf.Tensor]
    ) -> list[tf.Tensor]:
        """S^½ times a list that matches the field."""
        return self._times(linearization, vector, 0.5)

    def _times(
        self, linearization: Linearization, vector: Sequence[tf.Tensor], power: float
    ) -> list[tf.Tensor]:
        rows = self.rows_of(variables_of(linearization))
        scales = take_rows(self._scales, rows)[:, 0] ** power
        pairs = zip(vector, tf.unstack(scales), strict=True)
        return [t * tf.cast(s, t.dtype) for t, s in pairs]

    def _follow(self, linearization: Linearization) -> None:
        variables = variables_of(linearization)
        rows = self.rows_of(variables)
        before = take_rows(self._scales, rows)
        if self.scale == "weights":
            scales = squares([tf.convert_to_tensor(x) for x in variables], before.dtype)[:, None]
            put_rows(self._scales, rows, tf.concat([scales, before[:, 1:]], axis=1))
            return
        v = vectors.replica_mean(linearization.v)
        now = tf.stack([tf.reduce_mean(tf.cast(t, before.dtype) ** 2) for t in v])
        now = tf.stack([now, tf.ones_like(now)], axis=1)
        means = self.decay * before[:, 1:] + (1 - self.decay) * now
        scales = tf.math.divide_no_nan(means[:, 1:], means[:, :1])
        put_rows(self._scales, rows, tf.concat([scales, means], axis=1))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "scale": self.scale, "decay": self.decay}

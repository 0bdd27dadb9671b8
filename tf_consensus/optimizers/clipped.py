"""Simultaneous gradient ascent with each player's gradient clipped."""

import math
import numbers
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.field import GRADIENT, Field
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.inner import InnerOptimizers, Rates


@keras.saving.register_keras_serializable("tf_consensus")
class ClippedOptimizer(GameOptimizer):
    """Each player's gradient is clipped to a global norm of at most c.

        w_i = v_i · min(1, c / ‖v_i‖)

    It needs the players, so it works in `tf_consensus.GAN` and with `step(game)`, not in the
    `compile` of other models.

    Args:
        clip_norm: the bound c > 0, in the units of the gradient.

    Raises:
        ValueError: if `clip_norm` is not a positive finite number.

    Example:
        >>> optimizer = ClippedOptimizer("rmsprop", learning_rate=1e-4, clip_norm=1.0)

    Reference:
        The reference code of Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017.
    """

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        clip_norm: float = 1.0,
        name: str | None = None,
        *,
        microbatches: int = 1,
        allow_cut: bool | Sequence[str] = False,
    ) -> None:
        super().__init__(
            inner_optimizer,
            learning_rate,
            name=name,
            microbatches=microbatches,
            allow_cut=allow_cut,
        )
        number = isinstance(clip_norm, numbers.Real) and not isinstance(clip_norm, bool)
        if not number or not 0 < clip_norm < math.inf:
            raise ValueError(
                "`clip_norm` must be a positive finite number. "
                f"Received: clip_norm={clip_norm!r}. To clip nothing, use SimultaneousOptimizer."
            )
        self.clip_norm = float(clip_norm)

    def plain_field(self) -> Field:
        """The field v, which near a stationary point is shorter than any `clip_norm`."""
        return GRADIENT

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field v, each player's part no longer than `clip_norm`."""
        # Averaged first: clipping a replica's part is not clipping the whole gradient.
        v = vectors.replica_mean(linearization.v)
        return [t for part in linearization.by_player(v) for t in self._clip(part)]

    def _clip(self, part: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        return vectors.scale(part, self.clip_norm / tf.maximum(vectors.norm(part), self.clip_norm))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "clip_norm": self.clip_norm}

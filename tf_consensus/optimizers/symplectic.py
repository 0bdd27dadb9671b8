"""Symplectic gradient adjustment."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.support.checks import check_number

_EPSILON = 0.1  # of the alignment, as in the paper


@keras.saving.register_keras_serializable("tf_consensus")
class SymplecticOptimizer(GameOptimizer):
    """Symplectic gradient adjustment: the rotating part of the field is turned inwards.

        w = v - λ Aᵀv,    Aᵀv = ½ (v'ᵀv - v'v),    A = ½ (v' - v'ᵀ)

    (The papers descend ξ = -v, with Jacobian -v', so their ξ + λAᵀξ is -w.) In a potential game
    A = 0 and w = v; in a zero-sum bilinear game v'ᵀ = -v' and w is consensus optimization. With
    `align` the sign of λ is chosen in each step, attracted by stable and repelled by unstable
    equilibria: with ∇L = v'ᵀv and n parameters,

        sign λ = sign(-⟨v, ∇L⟩ ⟨Aᵀv, ∇L⟩ / n + 1/10)

    It then converges locally to stable equilibria for small steps, among them those of zero-sum
    bilinear games, where simultaneous steps diverge.

    Args:
        strength: |λ| ≥ 0; 0 is exactly simultaneous gradient ascent.
        align: whether the sign of λ is chosen; otherwise it is positive.

    Raises:
        TypeError: if `align` is not a bool.
        ValueError: if `strength` is negative or not a finite number.

    Example:
        >>> optimizer = SymplecticOptimizer("rmsprop", learning_rate=1e-4, strength=1.0)

    Reference:
        Balduzzi et al., The Mechanics of n-Player Differentiable Games, 2018, algorithm 1; Letcher
        et al., Differentiable Game Mechanics, 2019.
    """

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        strength: float = 1.0,
        align: bool = True,
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
        hint = "Its sign is chosen by align=True."
        self.strength = check_number(
            "strength", strength, "a finite number of at least 0", lambda x: x >= 0, hint
        )
        if not isinstance(align, bool):
            raise TypeError(
                f"`align` must be True or False. Received: align={align!r}. "
                "The size of the adjustment is `strength`."
            )
        self.align = align

    @property
    def second_order(self) -> bool:
        """False for a strength of 0, where w = v exactly."""
        return self.strength != 0.0

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field w = v - λ Aᵀv."""
        if not self.second_order:
            return linearization.v
        # Averaged over replicas before and after, since the alignment is not linear in them.
        v = [tf.stop_gradient(t) for t in vectors.replica_mean(linearization.v)]
        grad_l = vectors.replica_mean(linearization.vjp(v))
        adjustment = vectors.scale(
            vectors.add_scaled(grad_l, -1.0, vectors.replica_mean(linearization.jvp(v))), 0.5
        )
        sign = _alignment(v, grad_l, adjustment) if self.align else 1.0
        return vectors.add_scaled(v, -self.strength * sign, adjustment)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "strength": self.strength, "align": self.align}


def _alignment(
    v: Sequence[tf.Tensor], grad_l: Sequence[tf.Tensor], adjustment: Sequence[tf.Tensor]
) -> tf.Tensor:
    """The sign of λ, 1 or -1, as a scalar tensor."""
    size = sum(t.shape.num_elements() for t in v)
    agreement = -vectors.dot(v, grad_l) * vectors.dot(adjustment, grad_l) / size
    one = tf.ones_like(agreement)
    return tf.where(agreement + _EPSILON >= 0, one, -one)

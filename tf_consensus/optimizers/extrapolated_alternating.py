"""Alternating gradient ascent at extrapolated points of the other player (Alex-GDA)."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.game import Game
from tf_consensus.optimizers.alternating import AlternatingOptimizer
from tf_consensus.optimizers.directions import assign, values_of
from tf_consensus.optimizers.inner import InnerOptimizer
from tf_consensus.support.checks import check_number


@keras.saving.register_keras_serializable("tf_consensus")
class ExtrapolatedAlternatingOptimizer(AlternatingOptimizer):
    """Alex-GDA: each player answers a point that lies beyond the other's last move.

        k times:  φ ← φ + h_D v_D(θ̃_t, φ)      from φ_t to φ_{t+1}
                  φ̃_{t+1} = φ_t + γ (φ_{t+1} - φ_t)
        m times:  θ ← θ + h_G v_G(θ, φ̃_{t+1})  from θ_t to θ_{t+1}
                  θ̃_{t+1} = θ_t + δ (θ_{t+1} - θ_t),    θ̃_0 = θ_0

    all on the game's one batch. The points φ̃ and θ̃ serve the other player's gradient only; the
    variables end at φ_{t+1} and θ_{t+1}. It costs two gradients per round, as alternation does.
    γ = δ = 1 is exactly `AlternatingOptimizer`, γ = 0 with δ = 1 simultaneous updates. The paper's
    x, which moves first, is here the discriminator.

    On a bilinear game with coupling M, plain gradient steps of size h and γ, δ ≥ 1, it converges if
    γ + δ > 2 and h < 2/(√((2γ - 1)(2δ - 1)) σ_max(M)), for k = m = 1; alternation alone circles.

    Args:
        discriminator_extrapolation: γ ≥ 0, for the discriminator's move.
        generator_extrapolation: δ ≥ 0, for the generator's move.

    Raises:
        ValueError: if an extrapolation is negative or not finite, or as `AlternatingOptimizer`
            does.

    Example:
        >>> optimizer = ExtrapolatedAlternatingOptimizer("adam", "adam")

    Reference:
        Lee, Cho, Yun, Fundamental Benefit of Alternating Updates in Minimax Optimization, 2024;
        the bound on the step is derived here.
    """

    several_evaluations = "Alternating updates evaluate the losses at extrapolated points"

    def __init__(
        self,
        generator_optimizer: InnerOptimizer = "rmsprop",
        discriminator_optimizer: InnerOptimizer = "rmsprop",
        discriminator_extrapolation: float = 1.5,
        generator_extrapolation: float = 1.5,
        discriminator_steps: int = 1,
        generator_steps: int = 1,
        name: str | None = None,
        *,
        microbatches: int = 1,
    ) -> None:
        super().__init__(
            generator_optimizer,
            discriminator_optimizer,
            discriminator_steps=discriminator_steps,
            generator_steps=generator_steps,
            name=name,
            microbatches=microbatches,
        )
        self.discriminator_extrapolation = _check(
            "discriminator_extrapolation", discriminator_extrapolation
        )
        self.generator_extrapolation = _check("generator_extrapolation", generator_extrapolation)

    def make_state(self) -> None:
        """Each player's last move."""
        super().make_state()
        self._moves = self.add_memory("move")

    def _ascend(
        self, game: Game, player: int, optimizer: keras.optimizers.Optimizer, steps: int
    ) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        own, other = game.players[player], game.players[1 - player]
        weight = (self.discriminator_extrapolation, self.generator_extrapolation)[player]
        start, there = values_of(own), values_of(other)
        if weight != 1.0:
            last = values_of(self.memory_of(self._moves, other))
            assign(other, vectors.add_scaled(there, weight - 1, last))
        losses, v = super()._ascend(game, player, optimizer, steps)
        if weight != 1.0:
            with tf.control_dependencies([*losses, *v]):
                assign(other, there)
        ends = values_of(own)
        moves = [end - x for end, x in zip(ends, start, strict=True)]
        assign(self.memory_of(self._moves, own), moves)
        return losses, v

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "discriminator_extrapolation": self.discriminator_extrapolation,
            "generator_extrapolation": self.generator_extrapolation,
        }


def _check(name: str, value: Any) -> float:
    hint = "1 is alternation; above 1 the point lies beyond the move."
    return check_number(name, value, "a finite number of at least 0", lambda x: x >= 0, hint)

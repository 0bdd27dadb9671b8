"""Heavy-ball momentum, positive or negative, with alternating updates."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.optimizers.alternating import AlternatingOptimizer
from tf_consensus.optimizers.inner import InnerOptimizer
from tf_consensus.optimizers.momentum import check_momentum, heavy_ball


@keras.saving.register_keras_serializable("tf_consensus")
class AlternatingMomentumOptimizer(AlternatingOptimizer):
    """Alternating gradient ascent with heavy-ball momentum, which may be negative.

        k times:  φ_{t+1} = φ_t + h_D v_D(θ, φ_t) + β (φ_t - φ_{t-1})
        m times:  θ_{t+1} = θ_t + h_G v_G(θ_t, φ) + β (θ_t - θ_{t-1})

    each gradient taken at the newest parameters, all on the game's one batch. Each player's inner
    optimizer takes the step along its gradient; the term in β is added here. A player's first
    update has no past: it is a plain one.

    On a bilinear game with small steps it converges linearly for negative β, circles for β = 0 and
    diverges for positive β; simultaneous updates diverge for every β.

    Args:
        momentum: β, a number in (-1, 1); 0 is exactly alternating gradient ascent.

    Raises:
        ValueError: if `momentum` is not a number strictly between -1 and 1, or as
            `AlternatingOptimizer` does.

    Example:
        >>> optimizer = AlternatingMomentumOptimizer("rmsprop", "rmsprop", momentum=-0.5)

    Reference:
        Gidel et al., Negative Momentum for Improved Game Dynamics, 2019, section 5; IFT 6085,
        lecture 14 (2019), section 4.2.
    """

    def __init__(
        self,
        generator_optimizer: InnerOptimizer = "rmsprop",
        discriminator_optimizer: InnerOptimizer = "rmsprop",
        momentum: float = -0.5,
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
        self.momentum = check_momentum(momentum)

    def make_state(self) -> None:
        """The last displacements."""
        super().make_state()
        self._displacements = self.add_memory("displacement")

    def _move_player(
        self,
        optimizer: keras.optimizers.Optimizer,
        v: Sequence[tf.Tensor],
        variables: Sequence[Any],
    ) -> None:
        displacements = self.memory_of(self._displacements, variables)
        move = super()._move_player
        heavy_ball(self.momentum, displacements, variables, lambda: move(optimizer, v, variables))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "momentum": self.momentum}

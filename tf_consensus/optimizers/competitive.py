"""Competitive gradient descent."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.conjugate_gradients import conjugate_gradients
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.optimizers.step_sizes import check_step_size, rescaled
from tf_consensus.support.checks import check_count, check_number


@keras.saving.register_keras_serializable("tf_consensus")
class CompetitiveOptimizer(GameOptimizer):
    """Competitive gradient descent: each step is the equilibrium of a local bilinear game.

        w = (I - ηO)⁻¹ v

    with O the part of v' off the diagonal blocks: how each player's gradient depends on the others'
    parameters. For two players with losses f and g it is O = -[[0, D_xy f], [D_yx g, 0]], and with
    plain gradient steps of size η the update is the paper's equation 3. The system is solved by
    conjugate gradients on its normal equations,

        (I - ηO)ᵀ(I - ηO) w = (I - ηO)ᵀ v,

    whose matrix is, in a zero-sum game, the papers' I + η²OᵀO = diag(I + η²D_xy D_yx, I + η²D_yx
    D_xy); in other games, such as the non-saturating GAN, it stays symmetric and positive. O and Oᵀ
    enter as products only, one of each per player and iteration. All iterations see the same batch.

    If each player has its own learning rate, η is the diagonal matrix of these rates, to the right
    of O, which gives each player's part of the same equilibrium: (I - Oη) w = v.

    On a bilinear game it is the implicit Euler step and converges for every η > 0.

    It needs the players, so it works in `tf_consensus.GAN` and with `step(game)`, not in the
    `compile` of other models.

    Args:
        step_size: η > 0; `None` for the inner optimizer's learning rate, which is right for plain
            gradient steps. Give a number where the inner optimizer rescales its steps.
        max_iterations: the most iterations of conjugate gradients, at least 1.
        tolerance: conjugate gradients stop when the residual is this fraction of the first one.

    Raises:
        ValueError: if `step_size` or `tolerance` is not a positive number, `max_iterations` not a
            positive integer, or there are several replicas.

    Example:
        >>> optimizer = CompetitiveOptimizer("sgd", learning_rate=0.1)

    Reference:
        Schäfer, Anandkumar, Competitive Gradient Descent, 2019; for more than two players, Ma et
        al., Polymatrix Competitive Gradient Descent, 2021.
    """

    second_order = True

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "sgd",
        learning_rate: Rates = None,
        step_size: float | None = None,
        max_iterations: int = 20,
        tolerance: float = 1e-6,
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
        self.step_size = check_step_size(step_size)
        self.max_iterations = check_count("max_iterations", max_iterations, "For example 20.")
        rule, hint = "a positive finite number", "For example 1e-6."
        self.tolerance = check_number("tolerance", tolerance, rule, lambda x: x > 0, hint)

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field w that solves (I - Oη) w = v."""
        _check_replicas()
        if len(linearization.by_player(linearization.v)) == 1:
            return linearization.v  # nobody to interact with: O = 0
        eta = self._by_rates(linearization, [tf.ones((), t.dtype) for t in linearization.v])
        return self._equilibrium(linearization, linearization.v, [None] * len(eta), eta)

    def _by_rates(self, linearization: Linearization, p: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Each player's part of p times its step size."""
        rates = self.learning_rates if self.step_size is None else (self.step_size,)
        return rescaled(linearization, p, rates)

    def _equilibrium(
        self,
        linearization: Linearization,
        right: Sequence[tf.Tensor],
        left_scale: Sequence[tf.Tensor | None],
        right_scale: Sequence[tf.Tensor],
    ) -> list[tf.Tensor]:
        """The z of (I - L O R) z = b, by conjugate gradients.

        Args:
            linearization: with O, the part of v' off the diagonal blocks.
            right: b, a list that matches the field.
            left_scale: the diagonal matrix L, one tensor per variable; `None` for ones.
            right_scale: R, likewise.
        """

        def in_field(p: Sequence[tf.Tensor], player: int, others: list[int]) -> list[tf.Tensor]:
            return linearization.jvp(p, of=player, wrt=others)

        def pulled_back(p: Sequence[tf.Tensor], player: int, others: list[int]) -> list[tf.Tensor]:
            return linearization.vjp(p, of=others, wrt=player)

        def forward(p: Sequence[tf.Tensor]) -> list[tf.Tensor]:
            moved = _interaction(linearization, in_field, _times(p, right_scale))
            return vectors.add_scaled(p, -1.0, _times(moved, left_scale))

        def transposed(p: Sequence[tf.Tensor]) -> list[tf.Tensor]:
            moved = _interaction(linearization, pulled_back, _times(p, left_scale))
            return vectors.add_scaled(p, -1.0, _times(moved, right_scale))

        return conjugate_gradients(
            lambda p: transposed(forward(p)),
            transposed(right),
            self.max_iterations,
            self.tolerance,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "step_size": self.step_size,
            "max_iterations": self.max_iterations,
            "tolerance": self.tolerance,
        }


def _times(p: Sequence[tf.Tensor], scale: Sequence[tf.Tensor | None]) -> list[tf.Tensor]:
    return [t if s is None else t * s for t, s in zip(p, scale, strict=True)]


def _interaction(
    linearization: Linearization,
    product: Callable[[Sequence[tf.Tensor], int, list[int]], list[tf.Tensor]],
    p: Sequence[tf.Tensor],
) -> list[tf.Tensor]:
    """O p or Oᵀp: each player's part of the product with all others'.

    Args:
        linearization: the one of a game of two or more players.
        product: function of p, a player and the others, whose product is v' p or v'ᵀp.
        p: list that matches the field.
    """
    players = range(len(linearization.by_player(p)))
    result: list[tf.Tensor] = []
    for i in players:
        others = [j for j in players if j != i]
        result += linearization.by_player(product(p, i, others))[i]
    return result


def _check_replicas() -> None:
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas > 1:
        raise ValueError(
            "Competitive gradient descent solves a linear system on one device. Received: "
            f"{replicas} replicas. Use ConsensusOptimizer or train without a strategy."
        )

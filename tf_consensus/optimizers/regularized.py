"""Simultaneous updates with a weighted second-order term."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.gamma import Gamma
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.optimizers.regularization import Regularization


class RegularizedOptimizer(Regularization, GameOptimizer):
    """Base class: w = v - γ·g, where g is a pullback of the field.

    A subclass defines `cotangent(linearization)`, the u of g = v'ᵀu, and may override
    `block(linearization)` to pull back some players' part of u along some players' variables.

    Raises:
        ValueError: if γ is negative or not finite (a schedule is probed at steps 0, 1, 10, …, 10⁶),
            `every` is not a positive integer, `fraction` not in (0, 1], or `debias` is unknown or
            lacks groups.
    """

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        gamma: Gamma = 10.0,
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
            name=name,
            microbatches=microbatches,
            allow_cut=allow_cut,
        )
        self.hold_regularization(gamma, every, fraction, debias)

    def block(self, linearization: Linearization) -> dict[str, Any]:
        """Which players' part of u counts (`of`) and whose variables g is for (`wrt`); here all.

        Args:
            linearization: the one of the game, which knows how many players there are.
        """
        del linearization
        return {}

    def update(self, game: Game) -> Linearization:
        """As `GameOptimizer.update`, with the pullback through a part of the batch."""
        linearization = self.linearized(game)
        self.move(linearization)
        return linearization

    def pulled_back(self, linearization: Linearization) -> list[tf.Tensor]:
        """The term g = v'ᵀu at one point, without its weight and without debiasing.

        Args:
            linearization: the one at that point.
        """
        return linearization.vjp(self.cotangent(linearization), **self.block(linearization))

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field w = v - γ·v'ᵀu."""
        block = self.block(linearization) if self.second_order else {}
        return self.regularized(linearization, **block)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), **self.regularization_config()}

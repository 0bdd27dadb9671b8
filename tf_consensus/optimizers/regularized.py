"""What optimizers with a weighted second-order term share: γ, its schedule, and `every`."""

import math
import numbers
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.games.microbatches import batch_size
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.support.checks import is_integer
from tf_consensus.support.schedules import check_values, is_schedule


class RegularizedOptimizer(GameOptimizer):
    """Base class: w = v - γ·g, where g is a pullback of the field.

    A subclass defines `cotangent(linearization)`, the u of g = v'ᵀu, and may override
    `block(linearization)` to pull back some players' part of u along some players' variables.

    Args:
        gamma: weight γ ≥ 0, a number or a `keras.optimizers.schedules.LearningRateSchedule` over
            the optimizer's steps; 0 is exactly simultaneous gradient ascent.
        every: take the second-order term only at each `every`-th step, weighted `every`·γ; the
            steps between cost what a simultaneous step costs.
        debias: `None` pulls the mean u of the whole batch back through the whole batch's field.
            The regularizer's expectation is then larger than that of all data, by a term that
            favours small variance of the batches' fields (Lemma 15). The others pull the mean u of
            all other parts back through each part's field, which is unbiased: "groups" takes
            micro-batches and replicas as parts, of which there must be two; "per_example" takes
            each example (slow: as many micro-batches as examples).

    Raises:
        ValueError: if γ is negative or not finite (a schedule is probed at steps 0, 1, 10, …, 10⁶),
            `every` is not a positive integer, or `debias` is unknown or lacks groups.
    """

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        gamma: float | keras.optimizers.schedules.LearningRateSchedule = 10.0,
        every: int = 1,
        name: str | None = None,
        *,
        debias: str | None = None,
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
        self.gamma = _check_gamma(gamma)
        if not is_integer(every) or every < 1:
            raise ValueError(
                "`every` counts steps: an integer of at least 1. "
                f"Received: every={every!r}. every=1 regularizes each step."
            )
        self.every = int(every)
        self.debias = _check_debias(debias)

    @property
    def second_order(self) -> bool:
        """False for a constant γ = 0, where w = v exactly."""
        return self.gamma != 0.0

    def cotangent(self, linearization: Linearization) -> list[tf.Tensor]:
        """The vector u that the field is pulled back from, a linear function of `v`."""
        raise NotImplementedError

    def block(self, linearization: Linearization) -> dict[str, Any]:
        """Which players' part of u counts (`of`) and whose variables g is for (`wrt`); here all."""
        del linearization
        return {}

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field w = v - γ·v'ᵀu."""
        v = linearization.v
        if not self.second_order:
            return v
        # Averaged over replicas before the pullback: the gradient of the global batch's ½‖v‖².
        u = [tf.stop_gradient(t) for t in vectors.replica_mean(self.cotangent(linearization))]
        gamma = self._current_gamma()

        def regularized() -> list[tf.Tensor]:
            g = self._pull_back(linearization, u)
            return vectors.add_scaled(v, -gamma * self.every, g)

        if self.every == 1:
            return regularized()
        if linearization.player_sizes is None:
            raise ValueError(
                "`every` > 1 skips work by branching, and gradients handed to `apply` cannot be "
                f"differentiated inside a branch. Received: every={self.every}. Use every=1, train "
                "a `tf_consensus.GAN`, or call `optimizer.step(game)`."
            )
        due = tf.equal(tf.convert_to_tensor(self.iterations) % self.every, 0)
        return tf.cond(due, regularized, lambda: [tf.identity(t) for t in v])

    def _pull_back(self, linearization: Linearization, u: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        if self.debias is None:
            return linearization.vjp(u, **self.block(linearization))
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        groups = replicas * linearization.parts
        if groups < 2:
            raise ValueError(
                "Without bias the regularizer needs two independent parts of the batch. Received: "
                f"debias={self.debias!r} with microbatches={self.microbatches} on one replica. Set "
                "microbatches to 2 or more, or debias='per_example'."
            )

        def select(v: Sequence[tf.Tensor]) -> list[tf.Tensor]:
            return self.cotangent(linearization._replace(v=list(v)))

        return linearization.cross_vjp(select, u, groups, **self.block(linearization))

    @property
    def _cuts(self) -> bool:
        return super()._cuts or self.debias == "per_example"

    def parts_of(self, game: Game) -> int:
        """As `GameOptimizer.parts_of`; each example is a part where the bias is taken out so."""
        return batch_size(game) if self.debias == "per_example" else super().parts_of(game)

    @property
    def current_gamma(self) -> float:
        """The weight γ at the step that comes next."""
        return float(self._current_gamma())

    def _current_gamma(self) -> vectors.Factor:
        return self.gamma(self.iterations) if callable(self.gamma) else self.gamma

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        gamma = keras.saving.serialize_keras_object(self.gamma)
        own = {"gamma": gamma, "every": self.every, "debias": self.debias}
        return {**super().get_config(), **own}


def _check_debias(debias: Any) -> str | None:
    if debias in (None, "groups", "per_example"):
        return debias
    raise ValueError(
        f"`debias` must be None, 'groups' or 'per_example'. Received: debias={debias!r}. "
        "None takes the whole batch's field for both factors of ½‖v‖²."
    )


def _check_gamma(gamma: Any) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if is_schedule(gamma):
        check_values("gamma", gamma)
        return gamma
    if not isinstance(gamma, numbers.Real) or isinstance(gamma, bool):
        raise TypeError(
            "`gamma` must be a number or a keras.optimizers.schedules.LearningRateSchedule. "
            f"Received: gamma={gamma!r}. For example gamma=10.0."
        )
    if not math.isfinite(gamma) or gamma < 0:
        raise ValueError(
            f"`gamma` must be finite and at least 0. Received: gamma={gamma}. "
            "A negative weight would drive the players away from every equilibrium."
        )
    return float(gamma)

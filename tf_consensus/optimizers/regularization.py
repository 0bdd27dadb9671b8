"""The weighted second-order term of a field w = v - γ·g: γ, `every`, `fraction` and `debias`."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.games.microbatches import batch_size
from tf_consensus.games.partial import linearize_partly
from tf_consensus.games.sub_batch import Count, number_of_examples
from tf_consensus.optimizers.gamma import Gamma, check_gamma
from tf_consensus.optimizers.spectral_gamma import SpectralGamma
from tf_consensus.optimizers.weighted_term import WeightedTerm
from tf_consensus.support.checks import check_number, is_integer


class Regularization(WeightedTerm):
    """Part of optimizers with such a term, where g is a pullback of the field.

    A class that inherits it defines `cotangent(linearization)`, the u of g = v'ᵀu, may override
    `block(linearization)` to pull back some players' part of u along some players' variables, and
    calls `hold_regularization` in its constructor.

    Args:
        gamma: weight γ ≥ 0, a number or a `keras.optimizers.schedules.LearningRateSchedule` over
            the optimizer's steps; 0 is exactly simultaneous gradient ascent. A `RelativeGamma` or a
            `SpectralGamma` decides it while training; "auto" is `RelativeGamma()`.
        every: use the second-order term only in every `every`-th step, weighted `every`·γ; the
            steps between evaluate v alone, with a `fraction` below 1 in two parts.
        debias: `None` pulls the mean u of the whole batch back through the whole batch's field.
            The regularizer's expectation is then larger than that of all data, by a term that
            favours small variance of the batches' fields (Lemma 15). The other values pull the mean
            u of all other parts back through each part's field, which is unbiased. The parts of
            "groups" are micro-batches and replicas, at least two of them, or with a `fraction`
            below 1 the first examples and the rest. Those of "per_example" are the single examples
            (slow: as many micro-batches as examples).
        fraction: f in (0, 1], the share of the batch's examples that u is pulled back through, the
            first ⌈f·B⌉ of B, at most B - 1. u and v are those of the whole batch, and no example
            is evaluated twice: a step costs less, and its g has more noise (`linearize_partly`).
            Layers that mix examples, such as batch normalization, see these and the rest as two
            batches.
    """

    # Whether g = v'ᵀv, by a pullback, so that the derivative of the term is v'ᵀv'.
    whole_product = False
    microbatches: int

    def hold_regularization(
        self, gamma: Gamma, every: int, fraction: float, debias: str | None
    ) -> None:
        """Keeps the settings, checked; they are the arguments of the same names."""
        self.gamma = check_gamma(gamma)
        if isinstance(self.gamma, SpectralGamma) and not self.whole_product:
            raise ValueError(
                "A SpectralGamma suits the product v'ᵀv' of ConsensusOptimizer and "
                f"AlternatingConsensusOptimizer. Received: gamma={self.gamma!r} for "
                f"{type(self).__name__}. Use gamma='auto', or a number."
            )
        if not is_integer(every) or every < 1:
            raise ValueError(
                "`every` counts steps: an integer of at least 1. "
                f"Received: every={every!r}. every=1 regularizes each step."
            )
        self.every = int(every)
        hint = "1 pulls back through the whole batch, 0.125 through an eighth of it."
        within = "a number above 0 and at most 1"
        self.fraction = check_number("fraction", fraction, within, lambda f: 0 < f <= 1, hint)
        self.debias = _check_debias(debias, self.fraction)

    @property
    def second_order(self) -> bool:
        """False for a constant γ = 0, where w = v exactly."""
        return self.gamma != 0.0

    def cotangent(self, linearization: Linearization) -> list[tf.Tensor]:
        """The vector u that the field is pulled back from, a linear function of `v`."""
        raise NotImplementedError

    def block(self, linearization: Linearization) -> dict[str, Any]:
        """Which players' part of u counts (`of`) and whose variables g is for (`wrt`); here all.

        Args:
            linearization: of the game, which knows how many players there are.
        """
        del linearization
        return {}

    def pulled_back(self, linearization: Linearization) -> list[tf.Tensor]:
        """The term g = v'ᵀu at one point, without its weight and without a debiasing.

        Args:
            linearization: at that point.
        """
        return linearization.vjp(self.cotangent(linearization), **self.block(linearization))

    @property
    def _cut(self) -> str | None:
        """As in `GameOptimizer`."""
        if self.debias == "per_example":
            return "debias='per_example'"
        if self.fraction < 1 and self.second_order:
            return f"fraction={self.fraction}"
        return super()._cut  # type: ignore[misc]

    def parts_of(self, game: Game) -> int:
        """As `GameOptimizer.parts_of`; with debias="per_example" each example is a part."""
        per_example = self.debias == "per_example"
        return batch_size(game) if per_example else super().parts_of(game)  # type: ignore[misc]

    def linearized(self, game: Game, player: int | None = None) -> Linearization:
        """The game's field, with the pullback that the term needs; as `linearize_partly`."""
        if not self.second_order:
            return game.linearize(second_order=False)
        if self.debias == "groups" and self.fraction < 1:
            _check_two_parts(number_of_examples(game.batch))
        return linearize_partly(game, self.fraction, player)

    def regularized(self, linearization: Linearization, **block: Any) -> list[tf.Tensor]:
        """The field w = v - γ·v'ᵀu.

        Args:
            linearization: what `linearized` returned.
            **block: which players' part of u counts (`of`) and whose variables g is for (`wrt`).
        """
        v = linearization.v
        if not self.second_order:
            return v
        if self.every > 1 and linearization.player_sizes is None:
            raise ValueError(
                "`every` > 1 skips work by branching, and gradients handed to `apply` cannot be "
                f"differentiated inside a branch. Received: every={self.every}. Use every=1, train "
                "a `tf_consensus.GAN`, or call `optimizer.step(game)`."
            )
        # Averaged over replicas before the pullback: the gradient of the global batch's ½‖v‖².
        source = linearization
        if self.debias == "groups" and linearization.rest is not None:
            source = linearization._replace(v=linearization.rest)
        u = [tf.stop_gradient(t) for t in vectors.replica_mean(self.cotangent(source))]
        due: tf.Tensor | bool = True
        if self.every == 1:
            g = self._pull_back(linearization, u, block)
        else:
            due = tf.equal(tf.convert_to_tensor(self.iterations) % self.every, 0)
            g = tf.cond(
                due,
                lambda: self._pull_back(linearization, u, block),
                lambda: [tf.zeros_like(t) for t in v],
            )
        return self.weighted(linearization, g, due, block.get("wrt"))

    def _pull_back(
        self, linearization: Linearization, u: Sequence[tf.Tensor], block: dict[str, Any]
    ) -> list[tf.Tensor]:
        if self.debias is None or linearization.rest is not None:
            return linearization.vjp(u, **block)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        groups = replicas * linearization.parts
        if groups < 2:
            raise ValueError(
                "An unbiased regularizer needs two independent parts of the batch. Received: "
                f"debias={self.debias!r} with microbatches={self.microbatches} on one replica. Set "
                "microbatches to 2 or more, a fraction below 1, or debias='per_example'."
            )

        def select(v: Sequence[tf.Tensor]) -> list[tf.Tensor]:
            return self.cotangent(linearization._replace(v=list(v)))

        return linearization.cross_vjp(select, u, groups, **block)

    def regularization_config(self) -> dict[str, Any]:
        """The settings, by the names of the constructor's arguments."""
        gamma = keras.saving.serialize_keras_object(self.gamma)
        own = {"gamma": gamma, "every": self.every, "debias": self.debias}
        return own | {"fraction": self.fraction}


def _check_two_parts(size: Count) -> None:
    """Refuses a batch of one example; XLA leaves the check out, and g is then NaN."""
    message = (
        "An unbiased regularizer needs two independent parts of the batch: with a fraction below 1 "
        "these are its first examples and the rest. Received: a batch of 1 example. Batch the data "
        "with drop_remainder=True, or use debias=None."
    )
    if tf.is_tensor(size):
        tf.debugging.Assert(size > 1, [message])
    elif size < 2:
        raise ValueError(message)


def _check_debias(debias: Any, fraction: float) -> str | None:
    if debias not in (None, "groups", "per_example"):
        raise ValueError(
            f"`debias` must be None, 'groups' or 'per_example'. Received: debias={debias!r}. "
            "None takes the whole batch's field for both factors of ½‖v‖²."
        )
    if debias == "per_example" and fraction < 1:
        raise ValueError(
            "With a fraction below 1 the rest of the batch is the independent part. Received: "
            f"debias='per_example' and fraction={fraction}. Use debias='groups', or fraction=1."
        )
    return debias

"""Consensus optimization of zero-sum games, at the cost of two gradients."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.delegating import DelegatingGame
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.consensus import ConsensusOptimizer
from tf_consensus.optimizers.directions import assign, values_of
from tf_consensus.optimizers.gamma import Gamma
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.optimizers.reevaluating import ReevaluatingOptimizer
from tf_consensus.optimizers.zero_sum_check import refuse, zero_sum
from tf_consensus.support.checks import check_number

_PRODUCTS = ("jvp", "difference")
_CHECK_EVERY = 1000  # steps
_PRECISIONS = {  # the distance from 1 to the next number
    tf.float64: 2.0**-52,
    tf.float32: 2.0**-23,
    tf.float16: 2.0**-10,
    tf.bfloat16: 2.0**-7,
}


@keras.saving.register_keras_serializable("tf_consensus")
class ZeroSumConsensusOptimizer(ReevaluatingOptimizer, ConsensusOptimizer):
    """Consensus optimization where v'ᵀ = S v' S, with no pullback.

        w = v - γ ∇L,    ∇L = v'ᵀv = S v' S v,    S = diag(I, -I)

    In a zero-sum game v = S∇f and v' = S∇²f with a symmetric ∇²f, so the pullback is a derivative
    of v along one direction. `product` says how it is taken:

        "jvp":         the forward product v'(Sv), exact
        "difference":  (v(x + εSv) - v(x))/ε, another gradient in place of the second-order term,
                       with an error of O(ε) and of rounding over ε

    This also holds where a part of the discriminator's loss depends on the discriminator alone,
    such as the loss on real samples or R1. The first step and every 1000th check that the game is
    such a game. XLA drops the assertion: a compiled step gives NaN where the game is not.

    Args:
        product: "jvp" or "difference".
        epsilon: ε > 0 of the difference; `None` is √u (1 + ‖x‖)/‖v‖ with u the precision of the
            variables' type. A mixed precision policy needs a number.

    Raises:
        ValueError: if γ is negative or not finite, `every` is not a positive integer, `product` is
            unknown, or `epsilon` is not a positive number or given to "jvp"; in `step`, if there
            are not two players or the game is not zero-sum.
        InvalidArgumentError: when a graph runs, if the game is not zero-sum.

    Example:
        >>> optimizer = ZeroSumConsensusOptimizer("rmsprop", learning_rate=1e-4, gamma=10.0)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 4; the shortcut is derived
        here.
    """

    several_evaluations = "The zero-sum shortcut evaluates the losses once more"
    whole_product = False
    counts_rounds = False  # a round is one step of the inner optimizer

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        gamma: Gamma = 10.0,
        every: int = 1,
        product: str = "jvp",
        epsilon: float | None = None,
        name: str | None = None,
        *,
        microbatches: int = 1,
    ) -> None:
        super().__init__(
            inner_optimizer,
            learning_rate,
            gamma=gamma,
            every=every,
            name=name,
            microbatches=microbatches,
        )
        if product not in _PRODUCTS:
            raise ValueError(
                f"`product` must be one of {list(_PRODUCTS)}. Received: product={product!r}. The "
                "first is exact."
            )
        self.product = product
        self.epsilon = _check_epsilon(epsilon, product)

    def check_game(self, game: Game) -> None:
        """As `GameOptimizer.check_game`; there must be two players, and ε in low precision."""
        super().check_game(game)
        policy = keras.config.dtype_policy()
        if policy.compute_dtype != policy.variable_dtype and self.epsilon is None:
            self._refuse_policy(policy.name)
        if len(game.players) != 2:
            raise ValueError(
                "The zero-sum shortcut needs two players. Received: a game of "
                f"{len(game.players)}. Use ConsensusOptimizer."
            )

    def _refuse_policy(self, name: str) -> None:
        if self.product == "difference":
            raise ValueError(
                "In mixed precision, ε by the variables' type makes the difference rounding alone. "
                f"Received: the dtype policy '{name}' and epsilon=None. Use product='jvp', or give "
                "`epsilon`."
            )

    def update(self, game: Game) -> Linearization:
        """One step.

        Returns:
            The linearization before it, without a pullback.
        """
        linearization = game.linearize(second_order=False)
        if not self.second_order:
            self.move(linearization)
            return linearization
        if self.product == "difference":
            losses, v = _contracted(game)
            linearization = linearization._replace(losses=losses, v=v)
        holds = self._holds(game, linearization)
        with tf.control_dependencies(refuse(holds)):
            v = [tf.where(holds, t, tf.constant(np.nan, t.dtype)) for t in linearization.v]
        pull_back = self._pull_back_by(game, linearization)
        self.move(linearization._replace(v=v, vjp=pull_back))
        return linearization

    def _holds(self, game: Game, linearization: Linearization) -> tf.Tensor:
        due = tf.equal(tf.convert_to_tensor(self.iterations) % _CHECK_EVERY, 0)
        return tf.cond(due, lambda: zero_sum(game, linearization), lambda: tf.constant(True))

    def _pull_back_by(
        self, game: Game, linearization: Linearization
    ) -> Callable[[Sequence[tf.Tensor]], list[tf.Tensor]]:
        def mirrored(u: Sequence[tf.Tensor]) -> list[tf.Tensor]:
            first, second = linearization.by_player(u)
            return [*first, *vectors.scale(second, -1.0)]

        def pull_back(u: Sequence[tf.Tensor]) -> list[tf.Tensor]:
            if self.product == "jvp":
                return mirrored(game.jvp(mirrored(u)))
            return mirrored(self._difference(game, linearization.v, mirrored(u)))

        return pull_back

    def _difference(
        self, game: Game, v: Sequence[tf.Tensor], u: Sequence[tf.Tensor]
    ) -> list[tf.Tensor]:
        """(v(x + εu) - v(x))/ε; the variables end at x."""
        start = values_of(game.variables)
        epsilon = self._epsilon(start, u)
        with tf.control_dependencies(list(v)):
            assign(game.variables, vectors.add_scaled(start, epsilon, u))
        ahead = game.linearize(second_order=False).v
        with tf.control_dependencies(ahead):
            assign(game.variables, start)
        change = vectors.add_scaled(ahead, -1.0, v)
        return vectors.scale(change, tf.math.divide_no_nan(tf.ones_like(epsilon), epsilon))

    def _epsilon(self, x: Sequence[tf.Tensor], u: Sequence[tf.Tensor]) -> tf.Tensor:
        size = vectors.norm(u)
        if self.epsilon is not None:
            return tf.constant(self.epsilon, size.dtype)
        precision = max(_PRECISIONS[t.dtype] for t in x)
        reach = tf.cast(1.0 + vectors.norm(x), size.dtype)
        return tf.math.divide_no_nan(np.sqrt(precision) * reach, size)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config, keys = super().get_config(), ("inner_optimizer", "gamma", "every", "name")
        kept = {key: config[key] for key in (*keys, "microbatches")}
        return {**kept, "product": self.product, "epsilon": self.epsilon}


def _contracted(game: Game) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """Losses and field, after a check that nothing cuts the derivative.

    A difference would go through a cut, but the field would not be a gradient.
    """
    if isinstance(game, DelegatingGame):
        return game.evaluate(_contracted)
    return game.linearize()[:2]


def _check_epsilon(epsilon: Any, product: str) -> float | None:
    if epsilon is None:
        return None
    rule, hint = "a positive finite number", "None chooses it by the precision."
    epsilon = check_number("epsilon", epsilon, rule, lambda x: x > 0, hint)
    if product != "difference":
        raise ValueError(
            f"`epsilon` belongs to product='difference'. Received: epsilon={epsilon} with "
            f"product={product!r}. Leave it out, or take the difference."
        )
    return epsilon

"""Runge-Kutta steps of the game's differential equation."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.directions import apply_direction, assign, values_of
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.optimizers.reevaluating import ReevaluatingOptimizer
from tf_consensus.optimizers.step_sizes import check_step_size, rescaled
from tf_consensus.support.checks import check_number, is_integer

# For each order: how far each later stage is from the start, in steps, and the stages' weights.
_TABLEAUX = {
    2: ((1.0,), (1 / 2, 1 / 2)),
    4: ((1 / 2, 1 / 2, 1.0), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
}


@keras.saving.register_keras_serializable("tf_consensus")
class RungeKuttaOptimizer(ReevaluatingOptimizer):
    """ODE-GAN: a step of Heun's method or of the classical Runge-Kutta method for x' = v(x).

        order 2:  k₁ = v(x),  k₂ = v(x + h k₁),                          w = (k₁ + k₂)/2
        order 4:  k₁ = v(x),  k₂ = v(x + h/2 k₁),  k₃ = v(x + h/2 k₂),
                  k₄ = v(x + h k₃),                       w = (k₁ + 2k₂ + 2k₃ + k₄)/6

    The inner optimizer takes the one step along w, so with plain gradient steps ("sgd") of size h
    it is exactly x + h w, whose error after a step is O(h³) or O(h⁵). Another inner optimizer, such
    as Adam, rescales w; the stages still go along v by h. If each player has its own rate, it is a
    step of x' = H v(x), with H the diagonal matrix of the rates. All stages see the same batch.

    With γ > 0 all players but the first also descend the first one's squared gradient at x,

        w_D ← w_D - γ ∇_D ½‖v_G(x)‖²,

    the paper's regularizer of the discriminator, there written λ‖∇_θ ℓ_G‖² with λ = γ/2.

    On a bilinear game with coupling M, order 4 converges for h < 2√2/σ_max(M) and γ = 0. Order 2
    diverges for every h, by a factor of √(1 + h⁴σ⁴/4) per step only.

    Args:
        order: 2 or 4, the number of evaluations per step.
        step_size: h > 0 of the stages; `None` for the inner optimizer's learning rate, which is
            right for plain gradient steps.
        gamma: weight γ ≥ 0 of the regularizer.

    Raises:
        ValueError: if `order` is neither 2 nor 4, `step_size` is not a positive number, or γ is
            negative or not finite; in `step`, if γ > 0 and the game has one player.

    Example:
        >>> optimizer = RungeKuttaOptimizer("sgd", learning_rate=0.01, order=4, gamma=0.01)

    Reference:
        Qin et al., Training Generative Adversarial Networks by Solving Ordinary Differential
        Equations, 2020, algorithm 1.
    """

    several_evaluations = "A Runge-Kutta step evaluates the losses at each of its stages"

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "sgd",
        learning_rate: Rates = None,
        order: int = 4,
        step_size: float | None = None,
        gamma: float = 0.0,
        name: str | None = None,
        *,
        microbatches: int = 1,
    ) -> None:
        super().__init__(inner_optimizer, learning_rate, name=name, microbatches=microbatches)
        if not is_integer(order) or order not in _TABLEAUX:
            raise ValueError(
                f"`order` must be 2 (Heun) or 4 (Runge-Kutta). Received: order={order!r}. The "
                "paper has results for both; order 1 is SimultaneousOptimizer."
            )
        self.order = int(order)
        self.step_size = check_step_size(step_size)
        rule = "a finite number of at least 0"
        self.gamma = check_number("gamma", gamma, rule, lambda x: x >= 0, "0 turns it off.")

    @property
    def second_order(self) -> bool:
        """Whether there is a regularizer."""
        return self.gamma > 0

    def check_game(self, game: Game) -> None:
        """As `GameOptimizer.check_game`; the regularizer needs two or more players."""
        super().check_game(game)
        if self.second_order and len(game.players) < 2:
            raise ValueError(
                "With γ > 0 the other players make the first one's gradient small, so the game "
                f"must have two or more players. Received: gamma={self.gamma} and a game of 1 "
                "player. Use gamma=0."
            )

    def update(self, game: Game) -> Linearization:
        """One step; the stages move the variables, and the start is put back before it.

        Returns:
            The linearization before the update.
        """
        start = values_of(game.variables)
        linearization = game.linearize(second_order=self.second_order)
        k = vectors.replica_mean(linearization.v)
        penalty = self._penalty(linearization, k)
        fractions, weights = _TABLEAUX[self.order]
        rates = self.learning_rates if self.step_size is None else (self.step_size,)
        w = vectors.scale(k, weights[0])
        for fraction, weight in zip(fractions, weights[1:], strict=True):
            moved = rescaled(linearization, vectors.scale(k, fraction), rates)
            with tf.control_dependencies([*k, *penalty]):
                assign(game.variables, [x + d for x, d in zip(start, moved, strict=True)])
            k = vectors.replica_mean(game.linearize(second_order=False).v)
            w = vectors.add_scaled(w, weight, k)
        with tf.control_dependencies(k):
            assign(game.variables, start)
        w = vectors.add_scaled(w, -1.0, penalty) if penalty else w
        apply_direction(self.inner_optimizer, w, game.variables)
        return linearization

    def _penalty(self, linearization: Linearization, v: list[tf.Tensor]) -> list[tf.Tensor]:
        """γ ∇_D ½‖v_G‖² on the discriminator's variables, zero on the generator's."""
        if not self.second_order:
            return []
        others = range(1, len(linearization.by_player(v)))
        u = [tf.stop_gradient(t) for t in v]
        return vectors.scale(linearization.vjp(u, of=0, wrt=others), self.gamma)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["allow_cut"]  # for gradients handed to `apply`, which it refuses
        own = {"order": self.order, "step_size": self.step_size, "gamma": self.gamma}
        return {**config, **own}

"""Lookahead."""

import keras
import tensorflow as tf

from tf_consensus.optimizers.game_optimizer import GameOptimizer, assign, values_of
from tf_consensus.optimizers.inner import refuse_learning_rate, resolve
from tf_consensus.optimizers.inner_lists import make_inners
from tf_consensus.optimizers.simultaneous import SimultaneousOptimizer
from tf_consensus.support.checks import check_count, check_number


@keras.saving.register_keras_serializable("tf_consensus")
class LookaheadOptimizer(GameOptimizer):
    """Lookahead-minmax: after k steps of another optimizer, go back part of the way.

        x̃_0 = x_s,    x̃_{i+1} = step(x̃_i)  (k times),    x_{s+1} = (1 - α) x_s + α x̃_k

    The model holds the fast weights x̃, the optimizer the slow ones x; at the end of each cycle of k
    steps both are equal. Slow weights start as what the model holds at the first step. All players
    are averaged at once. The inner optimizer's own state runs on from cycle to cycle; averages that
    it keeps (`use_ema`) are of the fast weights.

    Averaging pulls a rotation inwards: with simultaneous gradient steps, whose Jacobian has
    eigenvalues 1 + hμ, it converges where |1 - α + α (1 + hμ)ᵏ| < 1 for all of them. On a bilinear
    game that holds for k ≥ 2 and α < 1 - 1/k with small enough h, although the inner steps
    diverge; never for k = 1.

    Args:
        inner_optimizer: any optimizer for games, or name, config or instance of a Keras optimizer,
            which then takes simultaneous steps.
        learning_rate: float or schedule, with an inner optimizer given by name, or a list of these.
        cycle: k ≥ 1, the number of inner steps between averages.
        slow_step: α in (0, 1]; 1 is exactly the inner optimizer.
        name: name of the optimizer.

    Raises:
        ValueError: if `cycle` is not a positive integer or `slow_step` not in (0, 1].

    Example:
        >>> inner = ConsensusOptimizer("rmsprop", learning_rate=1e-4, gamma=10.0)
        >>> optimizer = LookaheadOptimizer(inner, cycle=5, slow_step=0.5)

    Reference:
        Zhang, Lucas, Hinton, Ba, Lookahead Optimizer: k steps forward, 1 step back, 2019;
        Chavdarova et al., Taming GANs with Lookahead-Minmax, 2021, algorithm 1.
    """

    all_at_once = True  # one counter tells every player's cycle

    def __init__(
        self,
        inner_optimizer="rmsprop",
        learning_rate=None,
        cycle=5,
        slow_step=0.5,
        name=None,
        **kwargs,
    ):
        super().__init__(inner_optimizer, learning_rate, name=name, **kwargs)
        self.cycle = check_count("cycle", cycle, "Lookahead-minmax takes 5 or more.")
        self.slow_step = check_number(
            "slow_step",
            slow_step,
            "a number above 0 and at most 1",
            lambda alpha: 0 < alpha <= 1,
            "Lookahead-minmax takes 0.5.",
        )

    def _make_inner(self, optimizer, learning_rate):
        if isinstance(optimizer, dict):
            optimizer = resolve(optimizer, "inner_optimizer")
        if not isinstance(optimizer, GameOptimizer):
            return SimultaneousOptimizer(make_inners(optimizer, learning_rate))
        if learning_rate is not None:
            refuse_learning_rate(learning_rate, optimizer)
        return optimizer

    def _field(self):
        """The inner optimizer's field: the fast weights follow it between two averages."""
        return self.inner_optimizer.field

    def build(self, variables):
        """Creates the inner optimizer's state and the slow weights."""
        if not self.built:
            super().build(variables)
            self._slow = self.add_memory("slow")

    def _step(self, game):
        """One step of the inner optimizer, and at the end of a cycle the average.

        Returns:
            What the inner optimizer's step returned.
        """
        self.build(game.variables)
        self._begin(game.variables)
        linearization = self.inner_optimizer.step(game)
        self._end(game.variables, linearization.v)
        return linearization

    def put_averages(self, players):
        """The inner optimizer's averages, which are of the fast weights."""
        self.inner_optimizer.put_averages(players)

    def apply(self, grads, trainable_variables=None):
        """As `GameOptimizer.apply`, where the inner optimizer can do that."""
        grads = list(grads)
        if not grads:
            return
        variables = self._variables_for(grads, trainable_variables)
        self._begin(variables)
        self.inner_optimizer.apply(grads, variables)
        self._end(variables, grads)

    def _begin(self, variables):
        """Where a cycle begins, takes what the model holds as slow weights."""
        slow = self.memory_of(self._slow, variables)
        pairs = zip(values_of(variables), values_of(slow), strict=True)
        begins = self._at_boundary()
        assign(slow, [tf.where(begins, x, s) for x, s in pairs])

    def _end(self, variables, computed):
        """Counts the step, which `computed` came from; where a cycle ends, averages."""
        self._count_step([t for t in computed if t is not None])
        slow = self.memory_of(self._slow, variables)
        pairs = zip(values_of(variables), values_of(slow), strict=True)
        alpha, ends = self.slow_step, self._at_boundary()
        assign(variables, [tf.where(ends, (1 - alpha) * s + alpha * x, x) for x, s in pairs])

    def _at_boundary(self):
        return tf.equal(tf.convert_to_tensor(self._iterations) % self.cycle, 0)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "cycle": self.cycle, "slow_step": self.slow_step}

"""A term of a field times its weight γ, which is given or found during training."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.adaptive_gamma import AdaptiveGamma
from tf_consensus.optimizers.directions import variables_of
from tf_consensus.optimizers.own_state import OwnState


class WeightedTerm(OwnState):
    """Part of `Regularization`: v - γ·g from v and g."""

    gamma: Any
    every: int
    iterations: Any
    learning_rates: tuple[Any, ...]

    def measured(
        self, linearization: Linearization, vector: Sequence[tf.Tensor]
    ) -> list[tf.Tensor]:
        """A list that matches the field, scaled as an adaptive γ measures it; here unscaled."""
        del linearization
        return list(vector)

    def make_state(self) -> None:
        """What an adaptive γ remembers."""
        super().make_state()
        self._gamma_state: Any = None
        if isinstance(self.gamma, AdaptiveGamma):
            self._gamma_state = self.gamma.make_state(self)

    @property
    def current_gamma(self) -> float:
        """The weight γ at the next step; for an adaptive γ, the one at the last step."""
        if isinstance(self.gamma, AdaptiveGamma):
            state = vars(self).get("_gamma_state")
            return 0.0 if state is None else self.gamma.current(state)
        return float(self._fixed_gamma())

    def _fixed_gamma(self) -> vectors.Factor:
        return self.gamma(self.iterations) if callable(self.gamma) else self.gamma

    def weighted(
        self,
        linearization: Linearization,
        g: list[tf.Tensor],
        due: tf.Tensor | bool,
        players: Any = None,
    ) -> list[tf.Tensor]:
        """The field v - γ·g, with γ multiplied by `every` where some steps are left out.

        Args:
            linearization: the one with v.
            g: the term, zeros in a step without it.
            due: whether this step has the term.
            players: the players whose variables g is for; `None` is all.
        """
        v = linearization.v
        if not isinstance(self.gamma, AdaptiveGamma):
            return vectors.add_scaled(v, -self._fixed_gamma() * self.every, g)
        pulled = self.measured(linearization, vectors.replica_mean(g))
        h = tf.reduce_max(tf.stack([tf.cast(rate, "float64") for rate in self.learning_rates]))
        own = self._numbers(linearization, players)
        mean = self.measured(linearization, vectors.replica_mean(v))
        seen = linearization._replace(v=mean)
        rows = self.rows_of(variables_of(linearization))
        gammas = self.gamma.weights(self._gamma_state, seen, pulled, own, rows, due, h)
        times = 1 if self.gamma.of_one_step else self.every
        w = list(v)
        for k, gamma in zip(own, gammas, strict=True):
            w[k] = v[k] - tf.cast(gamma * times, v[k].dtype) * g[k]
        return w

    def _numbers(self, linearization: Linearization, wrt: Any) -> list[int]:
        """Which of the field's tensors the term is for."""
        every = list(range(len(linearization.v)))
        if wrt is None:
            return every
        players = [wrt] if isinstance(wrt, int) else list(wrt)
        return [k for i in players for k in linearization.by_player(every)[i]]

"""Competitive gradient descent with a step size per parameter."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.competitive import CompetitiveOptimizer
from tf_consensus.optimizers.directions import assign, values_of, variables_of
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.support.checks import check_number


@keras.saving.register_keras_serializable("tf_consensus")
class AdaptiveCompetitiveOptimizer(CompetitiveOptimizer):
    """Adaptive competitive gradient descent: competitive steps of Adam's sizes.

        m_t = β₂ m_{t-1} + (1 - β₂) v²,    D = 1 / (√(m_t / (1 - β₂ᵗ)) + ε)
        w = D (I - O hD)⁻¹ v

    with v the field, O the part of v' off the diagonal blocks, h the step size and D a diagonal
    matrix, one number per parameter. Plain gradient steps of size h along w are the equilibrium of
    a local bilinear game in which a step of size 1 costs 1/(hD), so each parameter moves in its
    own units. Without interaction, O = 0, they are Adam's steps with β₁ = 0.

    The inner optimizer takes plain steps, "sgd" without momentum: one that rescales them by itself
    would rescale twice. It needs the players, as `CompetitiveOptimizer` does.

    Args:
        step_size: h > 0; `None` for the inner optimizer's learning rate.
        beta_2: β₂, the decay of the squares' running means, in [0, 1).
        epsilon: ε > 0, added to their roots.
        max_iterations: of conjugate gradients, at least 1.
        tolerance: conjugate gradients end once their residual is this much smaller than at first.

    Raises:
        ValueError: if a number is out of range, the inner optimizer rescales its steps, or there
            are several replicas.

    Example:
        >>> optimizer = AdaptiveCompetitiveOptimizer("sgd", learning_rate=1e-4)

    Reference:
        Schäfer, Zheng, Anandkumar, Implicit Competitive Regularization in GANs, 2020, algorithm 1.
    """

    counts_rounds = True

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "sgd",
        learning_rate: Rates = None,
        step_size: float | None = None,
        beta_2: float = 0.99,
        epsilon: float = 1e-5,
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
            step_size,
            max_iterations,
            tolerance,
            name,
            microbatches=microbatches,
            allow_cut=allow_cut,
        )
        rule = "a number of at least 0 and below 1"
        self.beta_2 = check_number("beta_2", beta_2, rule, lambda x: 0 <= x < 1, "Try 0.99.")
        rule = "a positive finite number"
        self.epsilon = check_number("epsilon", epsilon, rule, lambda x: x > 0, "Try 1e-5.")
        _check_plain(self.inner_optimizers)

    def make_state(self) -> None:
        """The running means of the squares."""
        super().make_state()
        self._squares = self.add_memory("mean_square")

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field w = D (I - O hD)⁻¹ v; updates the running means."""
        v, scale = linearization.v, self._scale(linearization)
        if len(linearization.by_player(v)) == 1:
            return [t * s for t, s in zip(v, scale, strict=True)]
        # With R = (hD)^½ it is w = D R⁻¹ (I - R O R)⁻¹ R v, a system whose entries are of one size.
        root = [tf.sqrt(t) for t in self._by_rates(linearization, scale)]
        right = [t * r for t, r in zip(v, root, strict=True)]
        z = self._equilibrium(linearization, right, root, root)
        return [t * s / r for t, s, r in zip(z, scale, root, strict=True)]

    def _scale(self, linearization: Linearization) -> list[tf.Tensor]:
        """D, a tensor per variable."""
        memory = self.memory_of(self._squares, variables_of(linearization))
        pairs = zip(values_of(memory), linearization.v, strict=True)
        means = [self.beta_2 * m + (1 - self.beta_2) * tf.square(t) for m, t in pairs]
        assign(memory, means)
        steps = tf.cast(tf.convert_to_tensor(self.iterations) + 1, tf.float64)
        share = 1 - tf.pow(tf.constant(self.beta_2, tf.float64), steps)
        return [1 / (tf.sqrt(m / tf.cast(share, m.dtype)) + self.epsilon) for m in means]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "beta_2": self.beta_2, "epsilon": self.epsilon}


def _check_plain(inner_optimizers: Sequence[keras.optimizers.Optimizer]) -> None:
    for inner in inner_optimizers:
        if not isinstance(inner, keras.optimizers.SGD) or inner.momentum:
            momentum = getattr(inner, "momentum", 0)
            text = f"{type(inner).__name__}(momentum={momentum})" if momentum else inner.name
            raise ValueError(
                "Adaptive competitive steps have a size per parameter of their own, so the inner "
                f"optimizer must be SGD without momentum. Received: {text}. Leave "
                "`inner_optimizer` out, or use CompetitiveOptimizer with a `step_size`."
            )

"""Penalties that want the gradient to vanish: R1, R2, and on lines between the two."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus.penalties.gradient_penalty import GradientPenalty
from tf_consensus.penalties.interpolation import draw_weights, interpolate
from tf_consensus.support.checks import check_float
from tf_consensus.support.inputs import Inputs
from tf_consensus.support.random import Draws


class _ZeroCentered(GradientPenalty):
    """γ/2 ‖∇D‖² per example."""

    def __init__(self, gamma: float = 10.0, every: int = 1, schedule=None):
        super().__init__(every, schedule)
        self.gamma = check_float("gamma", gamma, zero=True)

    def per_example(self, squared_norm):
        return self.gamma / 2 * squared_norm

    def get_config(self):
        return {"gamma": self.gamma, **super().get_config()}


@keras.saving.register_keras_serializable("tf_consensus")
class R1(_ZeroCentered):
    """The zero-centred gradient penalty on the data, R₁ = γ/2 · E_p ‖∇D(x)‖².

    With it GAN training is locally convergent in the realizable case, for small step sizes. The
    reference code leaves out the ½: its weight 10 is γ = 20 here.

    Args:
        gamma: weight γ ≥ 0.
        every: penalize each k-th step only, k times as strong; see `GradientPenalty`.
        schedule: factor over the training steps; `None` is 1.

    Raises:
        ValueError: if γ is negative or not finite, or `every` or `schedule` is not allowed.

    Example:
        >>> x = tf.constant([[1.0], [3.0]])
        >>> float(R1(gamma=10.0)(lambda x: x**2, x, x))  # 5 · mean of (2x)²
        100.0

    Reference:
        Mescheder, Geiger, Nowozin, Which Training Methods for GANs do actually Converge?, 2018.
    """

    def points(self, real: Inputs, fake: Inputs, noise: Any) -> Inputs:
        """The real samples."""
        del fake, noise
        return real


@keras.saving.register_keras_serializable("tf_consensus")
class R2(_ZeroCentered):
    """The zero-centred gradient penalty on generated samples, R₂ = γ/2 · E_q ‖∇D(x)‖².

    It enters the discriminator's loss alone. Errors and reference as for `R1`; the two together,
    with the relativistic objective, are R3GAN (Huang et al., 2024).

    Args:
        gamma: weight γ ≥ 0.
        every: penalize each k-th step only, k times as strong; see `GradientPenalty`.
        schedule: factor over the training steps; `None` is 1.

    Example:
        >>> x = tf.constant([[1.0], [3.0]])
        >>> float(R2(gamma=10.0)(lambda x: x**2, 0 * x, x))
        100.0
    """

    def points(self, real: Inputs, fake: Inputs, noise: Any) -> Inputs:
        """The generated samples."""
        del real, noise
        return fake


@keras.saving.register_keras_serializable("tf_consensus")
class ZeroCenteredInterpolated(_ZeroCentered):
    """The zero-centred gradient penalty between the data and generated samples.

    γ/2 · E ‖∇D(x̂)‖² at x̂ = αx + (1 - α)x', x real, x' generated, α uniform on [0, 1] for each
    example. Conditions are those of the real sample.

    Args:
        gamma: weight γ ≥ 0.
        every: penalize each k-th step only, k times as strong; see `GradientPenalty`.
        schedule: factor over the training steps; `None` is 1.

    Raises:
        ValueError: also if the two batches differ in shape.

    Example:
        >>> x = tf.constant([[1.0], [3.0]])
        >>> float(ZeroCenteredInterpolated(gamma=10.0)(lambda x: 2 * x, x, -x))
        20.0

    Reference:
        Thanh-Tung, Tran, Venkatesh, Improving Generalization and Stability of Generative
        Adversarial Networks, ICLR 2019, section 5 (whose λ is γ/2).
    """

    def draw(self, samples: tf.Tensor, random: Draws) -> tf.Tensor:
        """One α per example."""
        return draw_weights(samples, random)

    def points(self, real: Inputs, fake: Inputs, noise: Any) -> Inputs:
        """Points on the lines between pairs of samples."""
        return interpolate(real, fake, noise)

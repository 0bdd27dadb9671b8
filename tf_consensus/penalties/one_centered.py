"""Penalties that want the gradient to have a given norm: WGAN-GP and DRAGAN."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus.penalties.gradient_penalty import GradientPenalty, join, split
from tf_consensus.penalties.interpolation import draw_weights, interpolate
from tf_consensus.support.checks import check_float
from tf_consensus.support.inputs import Inputs, floating
from tf_consensus.support.random import Draws


class _Centered(GradientPenalty):
    """weight · (‖∇D‖ - target)² per example."""

    # The weight comes first, as in every penalty: WGANGP(10.0) is λ = 10.
    def __init__(self, weight: float = 10.0, every: int = 1, schedule=None, *, target: float = 1.0):
        super().__init__(every, schedule)
        self.target = check_float("target", target, zero=True)
        self.weight = check_float("weight", weight, zero=True)

    def per_example(self, squared_norm):
        return self.weight * (_safe_root(squared_norm) - self.target) ** 2

    def get_config(self):
        return {"target": self.target, "weight": self.weight, **super().get_config()}


@keras.saving.register_keras_serializable("tf_consensus")
class WGANGP(_Centered):
    """The gradient penalty of WGAN-GP, weight · E (‖∇D(x̂)‖ - target)².

    x̂ = αx + (1 - α)x', x real, x' generated, α uniform on [0, 1] for each example; conditions are
    those of the real sample. Where ∇D(x̂) = 0 the norm has no derivative; 0 is taken there, so
    nothing becomes NaN. Training with it is not locally convergent on the Dirac-GAN, unlike with
    the zero-centred penalties.

    Args:
        weight: λ ≥ 0.
        every: penalize only every k-th step, k times as strong; see `GradientPenalty`.
        schedule: factor over the training steps; `None` is 1.
        target: the norm that the penalty prefers, at least 0; by name only.

    Raises:
        ValueError: if an argument is out of range, or, when called, the batches differ in shape.

    Example:
        >>> x = tf.constant([[1.0], [3.0]])
        >>> float(WGANGP(10.0)(lambda x: 3 * x, x, -x))  # 10 · (3 - 1)²
        40.0

    Reference:
        Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017, eq. 3.
    """

    def draw(self, samples: tf.Tensor, random: Draws) -> tf.Tensor:
        """One α per example."""
        return draw_weights(samples, random)

    def points(self, real: Inputs, fake: Inputs, noise: Any) -> Inputs:
        """Points on the lines between pairs of samples."""
        return interpolate(real, fake, noise)


@keras.saving.register_keras_serializable("tf_consensus")
class DRAGAN(_Centered):
    """The gradient penalty of DRAGAN around the data, weight · E (‖∇D(x̂)‖ - target)².

    x̂ = x + α · perturbation · s · u, x real, s the standard deviation of all entries of the real
    batch, u uniform on [0, 1] for each entry, α uniform on [0, 1] for each example. The
    derivative at ∇D(x̂) = 0 is that of `WGANGP`.

    Args:
        weight: λ ≥ 0.
        every: penalize only every k-th step, k times as strong; see `GradientPenalty`.
        schedule: factor over the training steps; `None` is 1.
        target: the norm that the penalty prefers, at least 0; by name only.
        perturbation: reach of the perturbation in standard deviations, at least 0; by name only.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> x = tf.constant([[1.0], [3.0]])
        >>> float(DRAGAN(10.0)(lambda x: 3 * x, x, x))
        40.0

    Reference:
        Kodali, Abernethy, Hays, Kira, On Convergence and Stability of GANs, 2017, section 2.4 and
        its public code.
    """

    couples_examples = True

    def __init__(
        self,
        weight: float = 10.0,
        every: int = 1,
        schedule: keras.optimizers.schedules.LearningRateSchedule | dict[str, Any] | None = None,
        *,
        target: float = 1.0,
        perturbation: float = 0.5,
    ) -> None:
        super().__init__(weight, every, schedule, target=target)
        self.perturbation = check_float("perturbation", perturbation, zero=True)

    def draw(self, samples: tf.Tensor, random: Draws) -> tf.Tensor:
        """One α per example times one u per entry."""
        samples = floating(samples)
        return draw_weights(samples, random) * random.uniform(tf.shape(samples), samples.dtype)

    def points(self, real: Inputs, fake: Inputs, noise: Any) -> Inputs:
        """Perturbed real samples."""
        del fake
        samples, conditions = split(real)
        scale = self.perturbation * tf.math.reduce_std(samples)
        return join(samples + scale * noise, conditions)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, for serialization."""
        return {**super().get_config(), "perturbation": self.perturbation}


def _safe_root(x):
    """√x, with derivatives of any order set to 0 at 0."""
    positive = x > 0
    return tf.where(positive, tf.sqrt(tf.where(positive, x, 1.0)), 0.0)

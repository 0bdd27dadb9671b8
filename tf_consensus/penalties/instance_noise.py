"""Noise on the discriminator's inputs."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus.support.checks import check_float
from tf_consensus.support.configurable import Configurable
from tf_consensus.support.inputs import floating
from tf_consensus.support.random import Draws
from tf_consensus.support.schedules import check_schedule, factor


@keras.saving.register_keras_serializable("tf_consensus")
class InstanceNoise(Configurable):
    """Instance noise: the discriminator sees x + σε in place of x, ε ~ N(0, I).

    σ = stddev · schedule(step). Real and generated samples get noise of their own, drawn anew each
    step; both players' losses, and gradient penalties in the same list, see the noisy samples.
    With it GAN training is locally convergent, to the noisy distributions' equilibrium.

    Args:
        stddev: standard deviation, at least 0, in the unit of the samples.
        schedule: `keras.optimizers.schedules.LearningRateSchedule` over the training steps, a
            factor on `stddev`; `None` is the constant 1.

    Raises:
        ValueError: if `stddev` is negative or not finite, or the schedule is no such schedule.

    Example:
        >>> decay = keras.optimizers.schedules.PolynomialDecay(1.0, 10_000, 0.0)
        >>> noise = InstanceNoise(0.1, schedule=decay)
        >>> noise(tf.zeros((2, 1)), tf.ones((2, 1)), step=5_000).numpy().tolist()
        [[0.05000000074505806], [0.05000000074505806]]

    Reference:
        Sønderby et al., Amortised MAP Inference for Image Super-resolution, ICLR 2017; Arjovsky,
        Bottou, Towards Principled Methods for Training Generative Adversarial Networks, ICLR 2017.
    """

    def __init__(
        self,
        stddev: float = 0.1,
        schedule: keras.optimizers.schedules.LearningRateSchedule | dict[str, Any] | None = None,
    ) -> None:
        self.stddev = check_float("stddev", stddev, zero=True)
        self.schedule = check_schedule(schedule)

    def draw(self, samples: tf.Tensor, random: Draws) -> tuple[tf.Tensor, tf.Tensor]:
        """Two independent ε from `random`, for batches like `samples`: real and generated ones."""
        samples = floating(samples)
        shape = tf.shape(samples)
        return random.normal(shape, samples.dtype), random.normal(shape, samples.dtype)

    def __call__(self, samples: tf.Tensor, noise: Any, step: int | tf.Tensor = 0) -> tf.Tensor:
        """The noisy samples.

        Args:
            samples: tensor of any shape; integers become floats of the same values.
            noise: ε, of that shape.
            step: the training step, for the schedule.
        """
        samples = floating(samples)
        stddev = tf.cast(self.stddev * factor(self.schedule, step), samples.dtype)
        return samples + stddev * tf.cast(noise, samples.dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, for serialization."""
        schedule = self.schedule and keras.saving.serialize_keras_object(self.schedule)
        return {"stddev": self.stddev, "schedule": schedule}

"""What all penalties on the discriminator's gradient share."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.penalties.coupling import warn_of_coupling
from tf_consensus.support.checks import check_count
from tf_consensus.support.configurable import Configurable
from tf_consensus.support.evaluation import apart
from tf_consensus.support.exact_operations import exact_operations
from tf_consensus.support.inputs import Inputs, cast_samples, join, sample_dtype, split
from tf_consensus.support.random import Draws
from tf_consensus.support.schedules import check_schedule


class GradientPenalty(Configurable):
    """Base of the penalties R = E ρ(‖∇D(x̂)‖²) on the gradient at some samples x̂.

    ∇D is the gradient of an example's logit with respect to that example; ‖·‖ sums over all axes
    but the batch's, E is the mean over the batch. A subclass states where, `points`, and ρ,
    `per_example`; if it needs random numbers, `draw`.

    Under `GAN` the penalty joins the discriminator's loss as schedule(step) · R. With `every=k` it
    does so at each k-th step only, k times as strong (lazy regularization, as in StyleGAN2), which
    saves its cost at the others. That is another method: it has been seen to fail on hard toy
    problems where every=1 converges. Compare before relying on it.

    Args:
        every: k ≥ 1.
        schedule: `keras.optimizers.schedules.LearningRateSchedule` over the training steps, a
            factor on the penalty; `None` is the constant 1.

    Attributes:
        couples_examples: whether `points` depend on the whole batch, so that parts of a batch do
            not add up to it.

    Raises:
        ValueError: if `every` is not a positive integer, or the schedule is no such schedule.
    """

    couples_examples = False

    def __init__(self, every: int = 1, schedule: Any = None) -> None:
        self.every = check_count("every", every, "every=1 penalizes each step.")
        self.schedule = check_schedule(schedule)

    def draw(self, samples: tf.Tensor, random: Draws) -> Any:
        """The numbers of one evaluation, from `random`, for a batch like `samples`; here none."""
        del samples, random
        return ()

    def points(self, real: Inputs, fake: Inputs, noise: Any) -> Inputs:
        """The inputs x̂ at which the gradient is taken.

        Args:
            real: real samples, or a tuple of these and of their conditions.
            fake: generated samples, likewise.
            noise: what `draw` returned.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `points`.")

    def per_example(self, squared_norm: tf.Tensor) -> tf.Tensor:
        """The function ρ of `squared_norm`, ‖∇D(x̂)‖² of shape (batch,), to values of that shape."""
        raise NotImplementedError(f"{type(self).__name__} must implement `per_example`.")

    def of_gradient(self, gradient: tf.Tensor) -> tf.Tensor:
        """The penalty from `gradient`, ∇D(x̂) of (batch, …): a scalar, in at least float32."""
        g = tf.cast(gradient, tf.float32) if gradient.dtype.size < 4 else gradient
        squared_norm = tf.reduce_sum(tf.reshape(g * g, (tf.shape(g)[0], -1)), axis=1)
        return tf.reduce_mean(self.per_example(squared_norm))

    def __call__(
        self, discriminator: Callable[..., tf.Tensor], real: Inputs, fake: Inputs, noise: Any = None
    ) -> tf.Tensor:
        """The penalty of a discriminator on a batch.

        `every` and `schedule` do not enter: they are for training by `GAN`.

        Args:
            discriminator: function or Keras model, from samples (batch, …) to logits, one or more
                per example.
            real: real samples, (batch, …), or a tuple of these and of the conditions (labels) that
                the discriminator takes beside them: it is called with the list of both. The
                gradient is with respect to the samples. Integers are cast to the type of the
                discriminator's variables, or for a function to `keras.config.floatx()`.
            fake: generated samples, likewise.
            noise: what `draw` returned; `None` draws now, from TensorFlow's global generator.

        Returns:
            A scalar in the dtype of the samples, in at least float32.

        Raises:
            ValueError: if the penalty mixes real with generated samples and the batches differ.
            TypeError: if the discriminator takes integers, or the samples are no numbers.
        """
        warn_of_coupling(discriminator)
        dtype = sample_dtype(discriminator)
        real, fake = (_floating(inputs, dtype) for inputs in (real, fake))
        if noise is None:
            any_draw = tf.random.uniform((), tf.int64.min, tf.int64.max, tf.int64)
            noise = self.draw(split(real)[0], Draws(0, any_draw))
        points = self.points(real, fake, noise)
        samples, conditions = split(points)
        with (
            exact_operations(),
            apart(),
            tf.GradientTape(watch_accessed_variables=False) as tape,
        ):
            tape.watch(samples)
            logits = discriminator(join(samples, conditions))
        gradient = tape.gradient(
            logits, samples, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return self.of_gradient(gradient)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, for serialization."""
        schedule = self.schedule and keras.saving.serialize_keras_object(self.schedule)
        return {"every": self.every, "schedule": schedule}


def _floating(inputs, dtype):
    """The inputs, with integer samples cast; a penalty may have no use for one of them."""
    if inputs is None or split(inputs)[0].dtype.is_floating:
        return inputs
    return cast_samples(inputs, dtype)

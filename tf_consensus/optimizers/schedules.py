"""Schedules over the training steps: half a cosine, and the decay of a half-life."""

import math
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.support.checks import check_count, check_float, check_number
from tf_consensus.support.schedules import check_schedule, is_schedule


@keras.saving.register_keras_serializable("tf_consensus")
class CosineSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """From one value to another along half a cosine, then constant.

        value(t) = end + (start - end) · ½ (1 + cos(π min(t/steps, 1)))

    Unlike `keras.optimizers.schedules.CosineDecay` it may rise, and begin at 0. It goes wherever a
    schedule does: learning rates, `ScheduledAdam`, γ of optimizers, a penalty's `schedule`.

    Args:
        start: Value at step 0.
        end: Value from step `steps` on.
        steps: Steps from one to the other, at least 1.

    Raises:
        ValueError: If a value is not a finite number, or `steps` is not a positive integer.

    Example:
        >>> rising = CosineSchedule(0.9, 0.99, steps=1000)
        >>> [round(float(rising(t)), 4) for t in (0, 500, 1000, 5000)]
        [0.9, 0.945, 0.99, 0.99]

    Reference:
        Huang et al., The GAN is dead; long live the GAN!, 2024, appendix D.
    """

    def __init__(self, start: float, end: float, steps: int) -> None:
        self.start = check_number("start", start)
        self.end = check_number("end", end)
        self.steps = check_count("steps", steps, "The value is constant after them.")

    def __call__(self, step: int | tf.Tensor) -> tf.Tensor:
        """The value at a step, a scalar in float32."""
        t = tf.minimum(tf.cast(step, tf.int64), self.steps)
        share = tf.cast(t, tf.float32) / float(self.steps)
        return self.end + (self.start - self.end) * 0.5 * (1.0 + tf.cos(math.pi * share))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"start": self.start, "end": self.end, "steps": self.steps}


@keras.saving.register_keras_serializable("tf_consensus")
class HalfLife(keras.optimizers.schedules.LearningRateSchedule):
    """The decay β of an average of weights whose half-life is given in training examples.

        β(t) = 0.5^(B / H(t))

    with B the batch size and H the half-life: after H examples a weight's share in the average has
    halved. H = 0 gives β = 0, no average.

    Args:
        half_life: H ≥ 0 in examples, a number or a schedule over the training steps.
        batch_size: B, the examples of one step of the optimizer.

    Raises:
        ValueError: If a number is out of range, or the schedule is none or is negative.

    Example:
        >>> round(float(HalfLife(5_000_000, batch_size=512)(0)), 6)
        0.999929

    Reference:
        Karras et al., Training Generative Adversarial Networks with Limited Data, 2020; Huang et
        al., 2024, table 9.
    """

    def __init__(
        self,
        half_life: float | keras.optimizers.schedules.LearningRateSchedule,
        batch_size: float,
    ) -> None:
        self.half_life: Any = (
            check_schedule(half_life, "half_life")
            if is_schedule(half_life) or isinstance(half_life, dict)
            else check_float("half_life", half_life, zero=True, hint=_EXAMPLES)
        )
        self.batch_size = check_float("batch_size", batch_size, zero=False, hint=_EXAMPLES)

    def __call__(self, step: int | tf.Tensor) -> tf.Tensor:
        """β at a step, a scalar in float32."""
        half_life = self.half_life(step) if is_schedule(self.half_life) else self.half_life
        half_life = tf.maximum(tf.cast(half_life, tf.float32), 1e-8)
        return tf.pow(0.5, self.batch_size / half_life)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        half_life = self.half_life
        if is_schedule(half_life):
            half_life = keras.saving.serialize_keras_object(half_life)
        return {"half_life": half_life, "batch_size": self.batch_size}


_EXAMPLES = "It counts training examples."

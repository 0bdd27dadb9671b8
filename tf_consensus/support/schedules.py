"""Factors that change over the training steps."""

import math
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

# Checked where an object is made, before the length of training is known.
PROBED_STEPS = (0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)


def check_schedule(
    schedule: keras.optimizers.schedules.LearningRateSchedule | dict[str, Any] | None,
    name: str = "schedule",
) -> keras.optimizers.schedules.LearningRateSchedule | None:
    """The schedule, one of Keras' or `None`; a config is deserialized.

    Args:
        schedule: what was given.
        name: of the argument, for the message.

    Raises:
        ValueError: if it is anything else, or negative or not finite at one of `PROBED_STEPS`.
    """
    if isinstance(schedule, dict):
        schedule = _deserialized(schedule)
    if schedule is None:
        return None
    if not is_schedule(schedule):
        raise ValueError(_NO_SCHEDULE.format(schedule))
    check_values(name, schedule)
    return schedule


def is_schedule(value: Any) -> bool:
    """Whether it is one of Keras' schedules."""
    return isinstance(value, keras.optimizers.schedules.LearningRateSchedule)


def check_values(
    name: str,
    schedule: keras.optimizers.schedules.LearningRateSchedule,
    steps: Iterable[int] = PROBED_STEPS,
) -> None:
    """Raises `ValueError` if a schedule is negative or not finite at one of some steps.

    Args:
        name: what it is the schedule of, for the message.
        schedule: a Keras schedule.
        steps: the training steps to check.
    """
    for step in steps:
        value = float(schedule(tf.constant(step, tf.int64)))
        if not math.isfinite(value) or value < 0:
            raise ValueError(
                f"`{name}` must be finite and at least 0. Received: {name}={value} at step "
                f"{step} of {type(schedule).__name__}. Choose a schedule that stays so, for "
                "example PolynomialDecay(1.0, decay_steps=10_000, end_learning_rate=0.0)."
            )


def factor(
    schedule: keras.optimizers.schedules.LearningRateSchedule | None, step: int | tf.Tensor
) -> float:
    """The schedule's value at a step, 1 without a schedule."""
    return 1.0 if schedule is None else schedule(step)


def _deserialized(config):
    try:
        return keras.saving.deserialize_keras_object(config)
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(_NO_SCHEDULE.format(config)) from error


_NO_SCHEDULE = (
    "`schedule` must be a keras.optimizers.schedules.LearningRateSchedule over the training "
    "steps, or None. Received: schedule={!r}. For example "
    "PolynomialDecay(1.0, decay_steps=10_000, end_learning_rate=0.0)."
)

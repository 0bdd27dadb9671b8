"""Factors that change over the training steps."""

import keras


def check_schedule(schedule):
    """The schedule, one of Keras' or `None`; a config is deserialized.

    Raises:
        ValueError: if it is anything else.
    """
    kind = keras.optimizers.schedules.LearningRateSchedule
    if isinstance(schedule, dict):
        schedule = keras.saving.deserialize_keras_object(schedule)
    if schedule is None or isinstance(schedule, kind):
        return schedule
    raise ValueError(
        "`schedule` must be a keras.optimizers.schedules.LearningRateSchedule over the training "
        f"steps, or None. Received: schedule={schedule!r}. For example "
        "PolynomialDecay(1.0, decay_steps=10_000, end_learning_rate=0.0)."
    )


def factor(schedule, step) -> float:
    """The schedule's value at a step, 1 without a schedule."""
    return 1.0 if schedule is None else schedule(step)

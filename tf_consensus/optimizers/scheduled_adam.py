"""Adam whose β₂ and whose decay of averaged weights may change over the steps."""

import contextlib
from collections.abc import Iterable
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from tf_consensus.support.checks import check_float, check_number
from tf_consensus.support.schedules import PROBED_STEPS, is_schedule

Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable("tf_consensus")
class ScheduledAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` with schedules for β₂ and for the decay of averaged weights.

    At step t, counted from 0, with g the gradient,

        m ← β₁ m + (1 - β₁) g,    v ← β₂(t) v + (1 - β₂(t)) g²,
        x ← x - h(t) · √(1 - β₂(t)^(t+1)) / (1 - β₁^(t+1)) · m / (√v + ε),

    and with `use_ema` the average of the weights is x̄ = x after the first step, as in Keras, and

        x̄ ← β(t) x̄ + (1 - β(t)) x

    after each later one.

    The values are those of `iterations`, which is saved and restored: a resumed run goes on where
    it stopped. A decay β that is a schedule is taken as it is; one that is a number has a warm
    start in this package's optimizers, as everywhere.

    Args:
        learning_rate: Step size h, a number or a schedule.
        beta_1: β₁, a number in [0, 1).
        beta_2: β₂, a number in [0, 1) or a schedule of such numbers.
        epsilon: ε, not negative.
        use_ema: Whether to average the weights.
        ema_momentum: β, a number in [0, 1) or a schedule, such as `HalfLife`.
        **options: As for `keras.optimizers.Adam`.

    Raises:
        ValueError: If β₁ or ε is no such number, β₂ or β is neither such a number nor a schedule
            of such numbers, or Keras refuses another argument.

    Example:
        >>> rising = CosineSchedule(0.9, 0.99, steps=1000)
        >>> average = HalfLife(CosineSchedule(0.0, 5e5, steps=1000), batch_size=64)
        >>> adam = ScheduledAdam(2e-4, 0.0, rising, use_ema=True, ema_momentum=average)
        >>> round(float(adam.beta_2), 3)
        0.9

    Reference:
        Huang et al., The GAN is dead; long live the GAN!, 2024, appendix D.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float | Schedule = 0.999,
        epsilon: float = 1e-7,
        *,
        use_ema: bool = False,
        ema_momentum: float | Schedule = 0.99,
        **options: Any,
    ) -> None:
        beta_2, ema_momentum = _checked("beta_2", beta_2), _checked("ema_momentum", ema_momentum)
        beta_1 = check_number("beta_1", beta_1, "a number of at least 0 and below 1", _allowed)
        epsilon = check_float("epsilon", epsilon, zero=True)
        super().__init__(learning_rate, beta_1, epsilon=epsilon, use_ema=use_ema, **options)
        # After Keras' constructor, which takes numbers alone.
        self.beta_2, self.ema_momentum = beta_2, ema_momentum

    @property
    def beta_2(self) -> float | tf.Tensor:
        """β₂ of the step to come."""
        return self._now(self._beta_2)

    @beta_2.setter
    def beta_2(self, value: float | Schedule) -> None:
        self._beta_2 = value

    @property
    def ema_momentum(self) -> float | tf.Tensor:
        """The decay β of the step to come."""
        return self._now(self._ema_momentum)

    @ema_momentum.setter
    def ema_momentum(self, value: float | Schedule) -> None:
        self._ema_momentum = value

    @property
    def averages_by_schedule(self) -> bool:
        """Whether a schedule gives the decay, so that the average needs no warm start."""
        return is_schedule(self._ema_momentum)

    def check_decays(self, steps: Iterable[int]) -> None:
        """Raises `ValueError` if a schedule leaves [0, 1) at one of some steps.

        Args:
            steps: Steps of the optimizer, counted from 0.
        """
        for name, value in (("beta_2", self._beta_2), ("ema_momentum", self._ema_momentum)):
            if is_schedule(value):
                _check_schedule(name, value, steps)

    def _now(self, value: float | Schedule) -> float | tf.Tensor:
        return value(self.iterations.value) if callable(value) else value

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, schedules serialized."""
        own = {"beta_2": self._beta_2, "ema_momentum": self._ema_momentum}
        return {**super().get_config(), **{key: _serialized(x) for key, x in own.items()}}


def _serialized(value: float | Schedule) -> Any:
    return keras.saving.serialize_keras_object(value) if is_schedule(value) else value


def _checked(name: str, value: Any) -> float | Schedule:
    if isinstance(value, dict):
        with contextlib.suppress(TypeError, ValueError, KeyError):  # refused below as it is
            value = keras.saving.deserialize_keras_object(value)
    if not is_schedule(value):
        return check_number(name, value, _RULE, _allowed, _HINT)
    _check_schedule(name, value, PROBED_STEPS)
    return value


def _check_schedule(name: str, schedule: Schedule, steps: Iterable[int]) -> None:
    for step in steps:
        value = float(schedule(tf.constant(step, tf.int64)))
        if not _allowed(value):
            raise ValueError(
                f"`{name}` must be {_RULE}. Received: {name}={value} at step {step} of "
                f"{type(schedule).__name__}. Choose a schedule that stays so."
            )


def _allowed(value: float) -> bool:
    return 0 <= value < 1


_RULE = "a number of at least 0 and below 1, or a schedule of such numbers"
_HINT = "For example 0.99, or CosineSchedule(0.9, 0.99, steps=1000)."

"""The Keras optimizer inside ours: how it is made, and which settings it may have."""

import math
import numbers
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import keras

from tf_consensus.optimizers import names
from tf_consensus.optimizers.scheduled_adam import ScheduledAdam
from tf_consensus.support.schedules import check_values, is_schedule

InnerOptimizer: TypeAlias = str | dict[str, Any] | keras.optimizers.Optimizer
InnerOptimizers: TypeAlias = InnerOptimizer | Sequence[InnerOptimizer]
Rate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule | Callable[[], Any]
Rates: TypeAlias = Rate | Sequence[Rate | None] | None

CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
INNER_OPTIONS = (
    "weight_decay",
    *CLIPS,
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)


def make_inner(
    optimizer: InnerOptimizer, learning_rate: Rate | None = None, key: str = "inner_optimizer"
) -> keras.optimizers.Optimizer:
    """The inner optimizer from a name, config or instance, checked.

    Args:
        optimizer: name, config or instance of a Keras optimizer.
        learning_rate: float or schedule, with an optimizer given by name; or `None`.
        key: the argument's name, for messages.

    Raises:
        ValueError: if the name is unknown, a learning rate is given beside an instance or config,
            is negative or not finite, or the optimizer itself wraps another, scales the loss or
            accumulates gradients.
        TypeError: if it is not an optimizer.
    """
    if learning_rate is not None and not isinstance(optimizer, str):
        refuse_learning_rate(learning_rate, optimizer)
    inner = resolve(optimizer, key)
    # Keras' MultiOptimizer, which older versions lack, is known by its attribute.
    wraps = hasattr(inner, "inner_optimizer") or hasattr(inner, "optimizers")
    if wraps or isinstance(inner, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            "The inner optimizer must be a plain Keras optimizer. "
            f"Received: {type(inner).__name__}. Pass RMSprop, Adam, SGD or the like."
        )
    if learning_rate is not None:
        inner = type(inner)(learning_rate=check_rate(learning_rate))
    for option in ("loss_scale_factor", "gradient_accumulation_steps"):
        if getattr(inner, option, None):
            raise ValueError(
                f"The inner optimizer must not use `{option}`, which would change the method: w "
                "is not linear in the gradients of parts of a batch. Received: "
                f"{option}={getattr(inner, option)}. Leave it unset."
            )
    check_own_rate(inner)
    return inner


def resolve(optimizer: InnerOptimizer, key: str) -> keras.optimizers.Optimizer:
    """The Keras optimizer that a name, config or instance stands for.

    Args:
        optimizer: name, config or instance.
        key: the argument's name, for messages.

    Raises:
        ValueError: if the name is unknown, or the config describes no optimizer.
        TypeError: if it is anything else.
    """
    if isinstance(optimizer, str | dict):
        try:
            return keras.optimizers.get(optimizer)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"`{key}` must be the name or the config of a Keras optimizer. Received: "
                f"{key}={optimizer!r}. {names.remedy(optimizer)}"
            ) from error
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    hint = "For example 'adam', or keras.optimizers.Adam(1e-4)."
    if isinstance(optimizer, type):
        hint = f"Make one of the class: {optimizer.__name__}()."
    elif isinstance(optimizer, list | tuple):
        hint = "A list goes to a method: tf_consensus.SimultaneousOptimizer(['adam', 'adam'])."
    elif isinstance(optimizer, numbers.Real) and not isinstance(optimizer, bool):
        hint = f"A learning rate goes with a name, as in ('rmsprop', learning_rate={optimizer!r})."
    raise TypeError(
        f"`{key}` must be a Keras optimizer, its name or its config. Received: "
        f"{key}={optimizer!r}. {hint}"
    )


def check_rate(rate: Any) -> Rate:
    """The learning rate, a float or one of Keras' schedules or functions.

    Keras takes only Python's own floats, so any other number, such as NumPy's, becomes one.

    Raises:
        ValueError: if it is negative or not finite; a schedule is probed.
        TypeError: if it is anything else.
    """
    if is_schedule(rate):
        check_values("learning_rate", rate)
        return rate
    number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    if number and math.isfinite(rate) and rate >= 0:
        return float(rate)
    if number:
        raise ValueError(_RATE.format(rate))
    if callable(rate) and not isinstance(rate, type):
        return rate
    raise TypeError(_RATE.format(rate))


def check_own_rate(optimizer: keras.optimizers.Optimizer) -> None:
    """Raises `ValueError` if an optimizer's own learning rate is negative or not finite."""
    rate = rate_of(optimizer)
    if is_schedule(rate):
        check_values("learning_rate", rate)
    elif isinstance(rate, keras.Variable):
        check_rate(float(rate.numpy()))


def check_rates(optimizer: keras.optimizers.Optimizer, ahead: Iterable[int] = (0,)) -> None:
    """Raises `ValueError` if a learning rate or a weight γ is negative or not finite.

    So it does if a schedule of `ScheduledAdam` leaves [0, 1).

    Args:
        optimizer: Keras' or one of ours; those inside it are checked too.
        ahead: the steps at which schedules are checked, counted from the next one.
    """
    for inner in getattr(optimizer, "inner_optimizers", [optimizer]):
        if isinstance(inner, ScheduledAdam):
            inner.check_decays(_from(inner, ahead))
        if inner is not optimizer and hasattr(inner, "inner_optimizers"):
            check_rates(inner, ahead)
        elif is_schedule(rate_of(inner)):
            check_values("learning_rate", rate_of(inner), _from(inner, ahead))
        else:
            check_own_rate(inner)
    gamma = getattr(optimizer, "gamma", None)
    if is_schedule(gamma):
        check_values("gamma", gamma, _from(optimizer, ahead))


def _from(optimizer: keras.optimizers.Optimizer, ahead: Iterable[int]) -> list[int]:
    return [int(optimizer.iterations.numpy()) + step for step in ahead]


def rate_of(optimizer: keras.optimizers.Optimizer) -> Any:
    """What an optimizer takes its learning rate from: a variable, a schedule or a function."""
    return getattr(optimizer, "_learning_rate", None)


def set_rate(optimizer: keras.optimizers.Optimizer, rate: Any) -> None:
    """Gives a Keras optimizer another learning rate.

    Raises:
        ValueError: if the rate is negative or not finite, or is a number though the optimizer
            follows a schedule or a function.
        TypeError: if it is not a rate.
    """
    rate = check_rate(rate)
    if isinstance(rate, float):
        refuse_schedule(optimizer, rate)
    optimizer.learning_rate = rate


def refuse_schedule(optimizer: keras.optimizers.Optimizer, rate: Any) -> None:
    """Raises `ValueError` if an optimizer that is to get the rate, a number, follows a schedule."""
    own = rate_of(optimizer)
    if callable(own):
        raise ValueError(
            "A learning rate that follows a schedule or a function cannot be set to a number. "
            "Received: "
            f"learning_rate={rate!r} for {type(optimizer).__name__} with {type(own).__name__}. "
            "Make that one with a number, or leave out callbacks that set the rate, such as "
            "LearningRateScheduler and ReduceLROnPlateau."
        )


def refuse_learning_rate(learning_rate: Any, optimizer: Any) -> None:
    """Raises: the learning rate belongs on the inner optimizer that was given."""
    raise ValueError(
        "`learning_rate` goes with an optimizer given by name. Received: learning_rate="
        f"{learning_rate} and inner_optimizer={optimizer!r}. "
        "Set the learning rate on the inner optimizer."
    )


_RATE = (
    "`learning_rate` must be a finite number of at least 0, or a "
    "keras.optimizers.schedules.LearningRateSchedule. Received: learning_rate={!r}. For example "
    "learning_rate=1e-4."
)

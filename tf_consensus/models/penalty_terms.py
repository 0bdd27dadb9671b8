"""How penalties join the discriminator's loss: what they draw, at which steps, as scalars."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import tensorflow as tf

from tf_consensus.penalties import GradientPenalty, InstanceNoise
from tf_consensus.support.evaluation import apart
from tf_consensus.support.inputs import Inputs, join, split
from tf_consensus.support.random import Draws
from tf_consensus.support.schedules import check_values, factor

Terms = TypeVar("Terms")


def draw_for(penalties: Sequence[Any], samples: tf.Tensor, random: Draws) -> list[Any]:
    """What every penalty draws in a step, for batches like `samples`."""
    return [p.draw(samples, random) if hasattr(p, "draw") else () for p in penalties]


def differentiate(penalties: Sequence[Any]) -> bool:
    """Whether one of them differentiates the discriminator, as all but instance noise may."""
    return any(not isinstance(p, InstanceNoise) for p in penalties)


def late_step(penalties: Sequence[Any]) -> int:
    """A step at which every lazy penalty counts, past the start of schedules."""
    return 1000 * math.lcm(*(getattr(p, "every", 1) for p in penalties))


def check_schedules(penalties: Sequence[Any], now: int, ahead: Iterable[int]) -> None:
    """Raises `ValueError` if a schedule is no number to train with, some steps after step `now`."""
    for penalty in penalties:
        schedule = getattr(penalty, "schedule", None)
        if schedule is not None:
            check_values("schedule", schedule, [now + step for step in ahead])


def noisy(
    penalties: Sequence[Any], real: Inputs, fake: Inputs, noise: Sequence[Any], step: Any
) -> tuple[Inputs, Inputs]:
    """Both batches as the discriminator is to see them, in the same shapes.

    Args:
        penalties: of which instance noise is added.
        real: real samples, or a list of these and conditions.
        fake: made samples, likewise.
        noise: what `draw_for` returned.
        step: number of the training step.
    """
    for penalty, drawn in zip(penalties, noise, strict=True):
        if isinstance(penalty, InstanceNoise):
            pairs = zip([split(real), split(fake)], drawn, strict=True)
            real, fake = (join(penalty(x, e, step), rest) for (x, rest), e in pairs)
    return real, fake


def when_due(
    penalty: GradientPenalty,
    step: Any,
    training: bool,
    compute: Callable[[Any], Terms],
    zeros: Terms,
) -> Terms:
    """The result of `compute(weight)` at the steps at which the penalty counts, else zeros.

    Args:
        penalty: the penalty, whose schedule gives the weight.
        step: number of the training step.
        training: `False` makes the penalty count at every step.
        compute: function of the weight, a number or a scalar tensor.
        zeros: zeros with the structure and shapes of the result.
    """
    weight = factor(penalty.schedule, step)
    if penalty.every == 1 or not training:
        return compute(weight)
    due = tf.equal(tf.convert_to_tensor(step) % penalty.every, 0)
    return tf.cond(due, lambda: compute(penalty.every * weight), lambda: zeros)


def function_term(penalty: Callable[..., Any], discriminator: Any, real: Any, fake: Any) -> Any:
    """The value of a penalty that is a plain function of the discriminator and both batches.

    Raises:
        ValueError: if it returns nothing.
    """
    with apart():
        value = penalty(discriminator, real, fake)
    if value is None:
        raise ValueError(
            "A penalty must return a scalar. Received: None from "
            f"{getattr(penalty, '__name__', penalty)!r}. Return its value."
        )
    return value

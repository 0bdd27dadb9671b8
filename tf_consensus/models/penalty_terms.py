"""How penalties join the discriminator's loss: by their schedule, at their steps, as scalars."""

from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

from tf_consensus.penalties import GradientPenalty
from tf_consensus.support.evaluation import apart
from tf_consensus.support.schedules import factor

Terms = TypeVar("Terms")


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

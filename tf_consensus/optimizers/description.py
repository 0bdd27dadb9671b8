"""One-line descriptions of optimizers."""

import numbers
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.optimizers.constructors import parameters_of
from tf_consensus.optimizers.inner import rate_of

# Shown only where they differ from their defaults.
_PLUMBING = ("microbatches", "allow_cut", "every", "debias", "fraction")


def describe(optimizer: keras.optimizers.Optimizer) -> str:
    """The class, with its inner optimizers and numbers: `ConsensusOptimizer(SGD(…), gamma=10.0)`.

    Args:
        optimizer: Keras' or one of ours; parts of it may be missing, as when it is refused.
    """
    name = type(optimizer).__name__
    if not hasattr(type(optimizer), "inner_optimizers"):
        return f"{name}(learning_rate={_rate(optimizer)})"
    return f"{name}({', '.join([*_inners(optimizer), *_numbers(optimizer)])})"


def describe_all(optimizers: Iterable[keras.optimizers.Optimizer]) -> str:
    """The descriptions of a list of optimizers."""
    return f"[{', '.join(map(describe, optimizers))}]"


def _inners(optimizer: keras.optimizers.Optimizer) -> list[str]:
    inner = vars(optimizer).get("inner_optimizer")
    if inner is None:
        return []
    if not hasattr(inner, "__len__"):
        return [describe(inner)]
    apart = len(getattr(optimizer, "_inner_keys", ())) > 1  # each has an argument of its own
    return list(map(describe, inner)) if apart else [describe_all(inner)]


def _numbers(optimizer: keras.optimizers.Optimizer) -> list[str]:
    """The other arguments of its constructor, by name."""
    found: dict[str, Any] = {}
    for cls in type(optimizer).__mro__:
        if cls is keras.optimizers.Optimizer:
            break  # the arguments of Keras' class go to the inner optimizers
        for key, parameter in parameters_of(cls).items():
            found.setdefault(key, parameter.default)
    found.pop("name", None)
    own = vars(optimizer)
    texts = []
    for key, default in found.items():
        if key in own and not key.endswith("_optimizer"):
            value = own[key]
            if key not in _PLUMBING or value != default:
                texts.append(f"{key}={_text(value)}")
    return texts


def _text(value: Any) -> str:
    if isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
        return type(value).__name__
    return repr(value)


def _rate(optimizer: keras.optimizers.Optimizer) -> str:
    """The learning rate as a number, or the name of what decides it."""
    rate = rate_of(optimizer)
    if isinstance(rate, keras.Variable):
        with tf.init_scope():  # outside the graph that is being made
            # By its own digits: 0.0001 in float32 is 0.0001.
            return repr(float(str(rate.numpy()))) if tf.executing_eagerly() else "symbolic"
    if isinstance(rate, numbers.Real):
        return repr(float(np.asarray(rate)))
    if rate is None:
        return "unknown"
    return getattr(rate, "__name__", type(rate).__name__)

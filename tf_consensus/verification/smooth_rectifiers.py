"""Rectifiers without kinks, for finite differences in low precision.

The field of a network of rectifiers jumps wherever an activation changes its sign. Differences with
steps that float32 can resolve cross many such points and say nothing about the derivative between
them. Whether layers, penalties and objective are differentiated rightly can be seen as well with a
smooth function in the rectifiers' place.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from tf_consensus.support.replacement import Replacement

_CURRENT = threading.local()


def _relu(features: tf.Tensor, name: str | None = None) -> tf.Tensor:
    return tf.multiply(features, tf.sigmoid(features), name=name)


def _leaky_relu(
    features: tf.Tensor, alpha: float | tf.Tensor = 0.2, name: str | None = None
) -> tf.Tensor:
    features = tf.convert_to_tensor(features)
    return tf.add(alpha * features, (1 - alpha) * _relu(features), name=name)


_SMOOTH: dict[str, Callable[..., tf.Tensor]] = {"relu": _relu, "leaky_relu": _leaky_relu}
_ORIGINALS = {name: getattr(tf.nn, name) for name in _SMOOTH}


def _in_this_thread(name: str) -> Callable[..., tf.Tensor]:
    """Smooth inside of the block's own thread, TensorFlow's function in all others."""

    @functools.wraps(_ORIGINALS[name])
    def function(*args: Any, **options: Any) -> tf.Tensor:
        smooth = getattr(_CURRENT, "smooth", False)
        return (_SMOOTH if smooth else _ORIGINALS)[name](*args, **options)

    return function


_REPLACEMENT = Replacement([(tf.nn, name, _in_this_thread(name)) for name in _SMOOTH])


@contextlib.contextmanager
def smooth_rectifiers() -> Iterator[None]:
    """In the block and thread, `tf.nn.relu` is x σ(x), and `tf.nn.leaky_relu` likewise."""
    before = getattr(_CURRENT, "smooth", False)
    with _REPLACEMENT.active():
        _CURRENT.smooth = True
        try:
            yield
        finally:
            _CURRENT.smooth = before

"""Functions that TensorFlow differentiates wrongly the second time, replaced in evaluations.

`tf.nn.moments`, on which Keras' BatchNormalization, LayerNormalization and GroupNormalization rest,
stops the gradient of the mean inside the variance. The first derivative of the variance with
respect to the mean is 0, so that is right once; the second is not 0 and gets lost, and v'ᵀv with
it.

Likewise `tf.nn.softmax_cross_entropy_with_logits` forgets the labels in its second derivative.

No public interface of Keras or TensorFlow lets a layer be given other moments, so the public names
`tf.nn.moments` and `tf.image.resize` stand for exact functions for the time of an evaluation, and
for TensorFlow's own again behind it. The values are TensorFlow's, so other threads that meet them
compute what they would have.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from tf_consensus.games import row_draws
from tf_consensus.games.exact_resize import resize


def moments(x, axes, shift=None, keepdims=False, name=None):
    """Mean and variance along `axes`, with true derivatives of every order.

        m = mean(x),    s² = mean((x - m)²)

    Arguments and values are those of `tf.nn.moments`.

    Example:
        >>> x = tf.constant([1.0, 3.0])
        >>> [float(t) for t in moments(x, [0])]
        [2.0, 1.0]
    """
    del shift  # as TensorFlow does
    with tf.name_scope(name or "moments"):
        x = tf.convert_to_tensor(x)
        y = tf.cast(x, tf.float32) if x.dtype == tf.float16 else x
        mean, variance = _mean_and_variance(y, axes)
        if not keepdims:
            mean, variance = tf.squeeze(mean, axes), tf.squeeze(variance, axes)
        return tf.cast(mean, x.dtype), tf.cast(variance, x.dtype)


def _mean_and_variance(x, axes):
    """Both, with axes of size 1 in the place of those that are gone.

    With n numbers in each mean, ∂m/∂x = 1/n and ∂s²/∂x = 2 (x - m)/n: the derivative through m is
    0 there and left out, and comes in where (x - m) is differentiated again.
    """

    @tf.custom_gradient
    def compute(x):
        mean = tf.reduce_mean(x, axes, keepdims=True)
        centred = x - mean
        variance = tf.reduce_mean(tf.square(centred), axes, keepdims=True)
        share = tf.cast(tf.size(mean), x.dtype) / tf.cast(tf.size(x), x.dtype)  # 1/n

        def gradient(of_mean, of_variance):
            return share * of_mean + (2 * share * of_variance) * centred

        return (mean, variance), gradient

    return compute(x)


def softmax_cross_entropy_with_logits(labels, logits, axis=-1, name=None):
    """-Σ labels · log softmax(logits), whose second derivative knows the labels too.

    Arguments are those of `tf.nn.softmax_cross_entropy_with_logits`, which differentiates its own
    first derivative, softmax - labels, with respect to the logits alone.

    Example:
        >>> round(float(softmax_cross_entropy_with_logits([0.5, 0.5], [0.0, 0.0])), 4)
        0.6931
    """
    with tf.name_scope(name or "softmax_cross_entropy_with_logits"):
        logits = tf.convert_to_tensor(logits)
        logarithms = tf.nn.log_softmax(logits, axis)
        return -tf.reduce_sum(tf.cast(labels, logits.dtype) * logarithms, axis)


class _Replacement(NamedTuple):
    """A public name of TensorFlow: the module that holds it, the name, and what stands for it."""

    module: Any
    name: str
    function: Callable


_REPLACEMENTS = [
    _Replacement(tf.nn, "moments", moments),
    _Replacement(tf.nn, "softmax_cross_entropy_with_logits", softmax_cross_entropy_with_logits),
    _Replacement(tf.image, "resize", resize),
    *(_Replacement(*entry) for entry in row_draws.replacements()),
]
_LOCK = threading.Lock()
_ORIGINALS = [getattr(entry.module, entry.name) for entry in _REPLACEMENTS]
_users = 0


@contextlib.contextmanager
def exact_operations() -> Iterator[None]:
    """In the block `tf.nn.moments` and bilinear `tf.image.resize` have true second derivatives.

    It may be entered from several threads, as the replicas of a strategy are, and again within
    itself.
    """
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(change):
    """One user more or less; with the first the replacements come, with the last they go."""
    global _users
    with _LOCK:
        before, _users = _users, _users + change
        if before and _users:
            return
        for entry, original in zip(_REPLACEMENTS, _ORIGINALS, strict=True):
            setattr(entry.module, entry.name, entry.function if _users else original)

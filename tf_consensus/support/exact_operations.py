"""Functions that TensorFlow differentiates wrongly the second time, replaced in evaluations.

`tf.nn.moments`, on which Keras' BatchNormalization, LayerNormalization and GroupNormalization rest,
stops the gradient of the mean inside the variance. The first derivative of the variance with
respect to the mean is 0, so that is right once; the second is not 0 and gets lost, and v'ᵀv with
it.

Likewise `tf.nn.softmax_cross_entropy_with_logits` forgets the labels in its second derivative.

No public interface of Keras or TensorFlow lets a layer be given other moments, so the public names
`tf.nn.moments` and `tf.image.resize` stand for exact functions during an evaluation, and for
TensorFlow's own again after it. The values are TensorFlow's, so other threads that call them
compute what they would have.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.support import row_draws
from tf_consensus.support.exact_resize import resize
from tf_consensus.support.replacement import Replacement


def moments(
    x: tf.Tensor,
    axes: Sequence[int],
    shift: Any = None,
    keepdims: bool = False,
    name: str | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
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


def softmax_cross_entropy_with_logits(
    labels: tf.Tensor, logits: tf.Tensor, axis: int = -1, name: str | None = None
) -> tf.Tensor:
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


_EXACT = Replacement(
    [
        (tf.nn, "moments", moments),
        (tf.nn, "softmax_cross_entropy_with_logits", softmax_cross_entropy_with_logits),
        (tf.image, "resize", resize),
        *row_draws.replacements(),
    ]
)


@contextlib.contextmanager
def exact_operations() -> Iterator[None]:
    """In the block TensorFlow's moments, bilinear resizing and softmax cross-entropy are exact.

    It may be entered from several threads, as the replicas of a strategy are, and again within
    itself.
    """
    with _EXACT.active():
        yield

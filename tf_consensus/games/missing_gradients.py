"""The gradient that TensorFlow lacks under XLA, and derivatives of derivatives need.

There the gradient of `tf.slice`, and so that of padding and, one derivative later, of
concatenation, is an operation without a gradient of its own, XlaDynamicUpdateSlice. Importing this
module gives it one.
"""

import contextlib

import tensorflow as tf


def update_slice_gradient(op, gradient) -> list:
    """Gradients for y, which is x with the block at `start` replaced by u.

    That of u is the block of y's gradient, that of x is y's gradient with the block set to zero.

    Args:
        op: the operation, of inputs x, u and start, all of known shapes.
        gradient: of the shape of x.

    Returns:
        A list for the three inputs, with `None` for `start`.
    """
    x, update, start = op.inputs
    inside = [
        (index >= first) & (index < first + size)
        for index, first, size in zip(
            (tf.range(n, dtype=start.dtype) for n in x.shape),
            tf.unstack(start),
            update.shape,
            strict=True,
        )
    ]
    block = tf.reduce_all(tf.stack(tf.meshgrid(*inside, indexing="ij")), axis=0)
    outside = tf.where(block, tf.zeros_like(gradient), gradient)
    return [outside, tf.slice(gradient, start, update.shape), None]


# A later TensorFlow may come with its own.
with contextlib.suppress(KeyError):
    tf.RegisterGradient("XlaDynamicUpdateSlice")(update_slice_gradient)

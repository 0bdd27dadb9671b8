"""Bilinear resizing with derivatives of every order.

Resizing is a linear map A of the images. TensorFlow has A and, for the first derivative, Aᵀ, but
declares Aᵀ not differentiable, so that second derivatives become 0 without a word.
"""

import contextlib
from collections.abc import Callable

import tensorflow as tf

_RESIZE = tf.image.resize


def resize(
    images,
    size,
    method=tf.image.ResizeMethod.BILINEAR,
    preserve_aspect_ratio=False,
    antialias=False,
    name=None,
):
    """`tf.image.resize`, whose bilinear method has true derivatives of every order.

    Arguments and values are those of `tf.image.resize`. The other methods' derivatives are in
    `missing_gradients`.

    Example:
        >>> resize(tf.constant([[[0.0], [2.0]]]), (1, 4))[0, :, 0].numpy().tolist()
        [0.0, 0.5, 1.5, 2.0]
    """

    def forward(x):
        return _RESIZE(x, size, method, preserve_aspect_ratio, antialias, name)

    images = tf.convert_to_tensor(images)
    if method != tf.image.ResizeMethod.BILINEAR or antialias or not images.dtype.is_floating:
        return forward(images)
    # The result is float32 whatever the images are; XLA has no gradient of another type.
    return linear_map(forward, tf.cast(images, tf.float32))


def linear_map(forward: Callable, x) -> tf.Tensor:
    """A x for a linear function A whose first derivative TensorFlow knows, and no further one.

    The derivative of x ↦ Ax is u ↦ Aᵀu, and that of u ↦ Aᵀu is x ↦ Ax again.

    Args:
        forward: the function A.
        x: tensor.
    """

    @tf.custom_gradient
    def apply(x):
        return forward(x), transpose

    @tf.custom_gradient
    def transpose(u):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            origin = tf.zeros_like(x)
            tape.watch(origin)
            y = forward(origin)
        with _named_gradient():
            return tape.gradient(y, origin, u), apply

    return apply(x)


def _named_gradient():
    """Under which a graph's operation for Aᵀ has its derivative by name too, for `tf.gradients`."""
    if tf.executing_eagerly():
        return contextlib.nullcontext()
    graph = tf.compat.v1.get_default_graph()
    return graph.gradient_override_map({"ResizeBilinearGrad": RESIZE_TRANSPOSED})


RESIZE_TRANSPOSED = "TfConsensusResizeBilinearGrad"


@tf.RegisterGradient(RESIZE_TRANSPOSED)
def _resize(op, gradient):
    """Of u ↦ Aᵀu: x ↦ Ax, with A the resizing; the second input only gives the size."""
    resized = tf.raw_ops.ResizeBilinear(
        images=gradient,
        size=tf.shape(op.inputs[0])[1:3],
        align_corners=op.get_attr("align_corners"),
        half_pixel_centers=op.get_attr("half_pixel_centers"),
    )
    return resized, None

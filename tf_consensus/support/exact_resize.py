"""Bilinear resizing with derivatives of every order.

Resizing is a linear map A of the images. TensorFlow has A and, for the first derivative, Aᵀ, but
declares Aᵀ not differentiable, so that second derivatives silently become 0.
"""

import contextlib
from collections.abc import Callable, Sequence

import tensorflow as tf

_RESIZE = tf.image.resize


def resize(
    images: tf.Tensor,
    size: Sequence[int] | tf.Tensor,
    method: str = tf.image.ResizeMethod.BILINEAR,
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: str | None = None,
) -> tf.Tensor:
    """`tf.image.resize`, whose bilinear method has true derivatives of every order.

    Arguments and values are those of `tf.image.resize`. The other methods' derivatives are in
    `games.missing_gradients`.

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
    return _exact(forward, tf.cast(images, tf.float32))


def _exact(forward: Callable, x) -> tf.Tensor:
    """A x Bᵀ over height and width, with TensorFlow's value and derivatives of every order.

    With x₀ = x held constant the result is

        y = forward(x₀) + A (x - x₀) Bᵀ.

    Two custom gradients, each the other's, would do for tapes; `tf.autodiff.ForwardAccumulator`
    looks past them at what is inside.

    Args:
        forward: resizes as TensorFlow does.
        x: (…, height, width, channels) in float32.
    """
    with _held_constant():
        x0 = tf.stop_gradient(x)
    y = forward(x0)
    a, b = (_matrix(_size(x, axis), _size(y, axis)) for axis in (-3, -2))
    return y + tf.einsum("ph,...hwc,qw->...pqc", a, x - x0, b)


def _matrix(n, new):
    """The matrix (new, n) that resizes n points of a line."""
    rows = tf.raw_ops.ResizeBilinear(
        images=tf.eye(n)[None, ..., None], size=tf.stack([new, n]), half_pixel_centers=True
    )
    return rows[0, ..., 0]


def _size(x, axis):
    return x.shape[axis] or tf.shape(x)[axis]


def _held_constant():
    """A scope in which a constant of the graph is not counted as a lost derivative."""
    if tf.executing_eagerly():
        return contextlib.nullcontext()
    graph = tf.compat.v1.get_default_graph()
    return graph.gradient_override_map({"StopGradient": HELD_CONSTANT})


HELD_CONSTANT = "TfConsensusHeldConstant"


@tf.RegisterGradient(HELD_CONSTANT)
def _constant(op, gradient):
    """x₀ has no gradient, as the derivative comes through x - x₀."""
    del op, gradient


RESIZE_TRANSPOSED = "TfConsensusResizeBilinearGrad"


@tf.RegisterGradient(RESIZE_TRANSPOSED)
def _resize(op, gradient):
    """The gradient of u ↦ Aᵀu is x ↦ Ax, with A the resizing; the second input gives the size."""
    resized = tf.raw_ops.ResizeBilinear(
        images=gradient,
        size=tf.shape(op.inputs[0])[1:3],
        align_corners=op.get_attr("align_corners"),
        half_pixel_centers=op.get_attr("half_pixel_centers"),
    )
    return resized, None

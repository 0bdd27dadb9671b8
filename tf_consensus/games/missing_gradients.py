"""Gradients of operations to which TensorFlow gives none.

Derivatives of derivatives need them; most of these operations are gradients themselves. Importing
this module registers the missing gradients. Where a later TensorFlow brings its own, that one
stays. Operations that TensorFlow wrongly declares constant cannot be given a gradient: they are
replaced. Images are (batch, height, width, channels).
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

# One gradient per input of an operation, in order; `None` where an input has no derivative.
Gradients = Sequence[tf.Tensor | None]
GradientFunction = Callable[[tf.Operation, tf.Tensor], Gradients]


def register(name: str) -> Callable[[GradientFunction], GradientFunction]:
    """A decorator that makes a function the gradient of an operation, if that has none yet."""

    def decorate(function: GradientFunction) -> GradientFunction:
        with contextlib.suppress(KeyError):  # TensorFlow's own
            tf.RegisterGradient(name)(function)
        return function

    return decorate


@register("SoftsignGrad")
def softsign_grad_gradient(op: tf.Operation, gradient: tf.Tensor) -> Gradients:
    """Gradients of z = g·s(x) with s(x) = 1 / (1 + |x|)²: s(x) for g, g·s'(x) for x.

    s'(x) = -2 sign(x) / (1 + |x|)³.
    """
    g, x = op.inputs
    slope = -2.0 * tf.sign(x) / (1.0 + tf.abs(x)) ** 3
    return tf.raw_ops.SoftsignGrad(gradients=gradient, features=x), gradient * g * slope


@register("ResizeNearestNeighborGrad")
def nearest_grad_gradient(op: tf.Operation, gradient: tf.Tensor) -> Gradients:
    """The gradient of y = Rᵀ g, where R resizes by the nearest pixel: R times y's gradient."""
    (g, _) = op.inputs
    resized = tf.raw_ops.ResizeNearestNeighbor(
        images=gradient, size=tf.shape(g)[1:3], **options(op, "align_corners", "half_pixel_centers")
    )
    return resized, None


@register("ResizeBicubicGrad")
def bicubic_grad_gradient(op: tf.Operation, gradient: tf.Tensor) -> Gradients:
    """The gradient of y = Rᵀ g, where R resizes by cubic splines: R times y's gradient.

    The second input is there for its shape and type only.
    """
    g, _ = op.inputs
    resized = tf.raw_ops.ResizeBicubic(
        images=gradient, size=tf.shape(g)[1:3], **options(op, "align_corners", "half_pixel_centers")
    )
    return resized, None


@register("ScaleAndTranslateGrad")
def scale_grad_gradient(op: tf.Operation, gradient: tf.Tensor) -> Gradients:
    """The gradient of y = Rᵀ g, where R resamples by a kernel: R times y's gradient.

    It serves Lanczos, Gaussian, Mitchell and all antialiased resizing. Scale and translation count
    as constants, as in TensorFlow's first derivative.
    """
    g, _, scale, translation = op.inputs
    resampled = tf.raw_ops.ScaleAndTranslate(
        images=gradient,
        size=tf.shape(g)[1:3],
        scale=scale,
        translation=translation,
        **options(op, "kernel_type", "antialias"),
    )
    return resampled, None, None, None


@register("ResizeArea")
def area_gradient(op: tf.Operation, gradient: tf.Tensor) -> Gradients:
    """The gradient of A x Bᵀ, the means over areas: AᵀgB, where A and B are resized identities."""
    x, size = op.inputs
    height, width = tf.shape(x)[1], tf.shape(x)[2]

    def matrix(n: tf.Tensor, new_size: tf.Tensor) -> tf.Tensor:
        image = tf.eye(n, dtype=gradient.dtype)[None, ..., None]
        align = options(op, "align_corners")
        return tf.raw_ops.ResizeArea(images=image, size=new_size, **align)[0, ..., 0]

    a = matrix(height, tf.stack([size[0], height]))
    b = matrix(width, tf.stack([size[1], width]))
    return tf.cast(tf.einsum("ph,bpqc,qw->bhwc", a, gradient, b), x.dtype), None


def options(op: tf.Operation, *names: str) -> dict[str, Any]:
    """An operation's attributes, text as `str`."""
    values = {name: op.get_attr(name) for name in names}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in values.items()}


@register("XlaDynamicUpdateSlice")
def update_slice_gradient(op: tf.Operation, gradient: tf.Tensor) -> Gradients:
    """Gradients of y, which is x with the block at `start` replaced by u.

    The gradient for u is the block of y's gradient; the one for x is y's gradient with the block
    set to zero. Under XLA this operation is the gradient of `tf.slice`, and so that of padding and,
    one derivative later, that of concatenation.

    Args:
        op: the operation with the inputs x, u and start, of known ranks. XLA knows the sizes that a
            graph does not.
        gradient: the gradient of y, of the shape of x.

    Returns:
        A list for the three inputs, with `None` for `start`.
    """
    x, update, start = op.inputs
    inside = [
        (index >= first) & (index < first + size)
        for index, first, size in zip(
            (tf.range(n, dtype=start.dtype) for n in _sizes(x, start.dtype)),
            tf.unstack(start),
            _sizes(update, start.dtype),
            strict=True,
        )
    ]
    block = tf.reduce_all(tf.stack(tf.meshgrid(*inside, indexing="ij")), axis=0)
    outside = tf.where(block, tf.zeros_like(gradient), gradient)
    size = tf.stack(_sizes(update, start.dtype))
    return [outside, tf.slice(gradient, start, tf.cast(size, start.dtype)), None]


def _sizes(x: tf.Tensor, dtype: tf.DType) -> list[Any]:
    """The sizes of the axes of x: numbers where they are known, as a static program needs."""
    if x.shape.is_fully_defined():
        return x.shape.as_list()
    return tf.unstack(tf.shape(x, out_type=dtype), num=x.shape.rank)


@register("CropAndResizeGradImage")
def crop_grad_gradient(op: tf.Operation, gradient: tf.Tensor) -> Gradients:
    """Gradients of C(b)ᵀ g, where C crops and resizes by the boxes b: C(b) u for g.

    With u the gradient of the result, u·C(b)ᵀg = g·C(b)u. So the gradient for b is that of a crop
    of u, bilinear as in TensorFlow's first derivative.
    """
    g, boxes, indices, _ = op.inputs
    cropped = tf.raw_ops.CropAndResize(
        image=gradient,
        boxes=boxes,
        box_ind=indices,
        crop_size=tf.shape(g)[1:3],
        **options(op, "method"),
    )
    of_boxes = tf.raw_ops.CropAndResizeGradBoxes(
        grads=g, image=gradient, boxes=boxes, box_ind=indices
    )
    return cropped, of_boxes, None, None


@register("AdjustContrastv2")
def contrast_gradient(op: tf.Operation, gradient: tf.Tensor) -> Gradients:
    """Gradients of y = m + f·(x - m), with m the mean of x over height and width.

    With g the gradient of y, the one for x is f·g + (1 - f)·mean(g) and the one for the factor f
    is Σ g·(x - m).
    """
    x, factor = op.inputs
    mean = tf.reduce_mean(x, axis=(-3, -2), keepdims=True)
    of_mean = tf.reduce_mean(gradient, axis=(-3, -2), keepdims=True)
    f = tf.cast(factor, x.dtype)
    of_factor = tf.cast(tf.reduce_sum(gradient * (x - mean)), factor.dtype)
    return f * gradient + (1 - f) * of_mean, of_factor

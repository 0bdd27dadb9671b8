"""Bilinear resizing with derivatives of every order, where TensorFlow has the first only."""

import tensorflow as tf


def resize_bilinear(
    images, size, half_pixel_centers: bool = True, align_corners: bool = False
) -> tf.Tensor:
    """Resizes images as TensorFlow does, y = A x Bᵀ with constant matrices A and B.

    TensorFlow takes the derivative of y's derivative for zero, without a word. Here

        y = resize(x₀) + A (x - x₀) Bᵀ,    x₀ = x held constant,

    with TensorFlow's value, bit for bit, and the derivatives of matrix products. Two custom
    gradients, each the other's, would do for tapes, but `tf.autodiff.ForwardAccumulator` in a graph
    looks past them and finds zero.

    Args:
        images: (batch, height, width, channels).
        size: two integers, the new height and width.
        half_pixel_centers: as in `tf.raw_ops.ResizeBilinear`; `tf.image.resize` has True.
        align_corners: likewise; `tf.image.resize` has False.

    Returns:
        (batch, *size, channels), in float32 as TensorFlow's, whatever the images are.

    Example:
        >>> resize_bilinear([[[[0.0], [4.0]]]], (1, 4))[0, 0, :, 0].numpy().tolist()
        [0.0, 1.0, 3.0, 4.0]
    """
    # Under XLA TensorFlow's own first derivative has float32 even where the images have not.
    x = tf.cast(images, tf.float32)
    size = tf.convert_to_tensor(size, tf.int32)
    static = tf.get_static_value(size)  # keeps the static shape of the result
    new_height, new_width = tf.unstack(size, 2) if static is None else map(int, static)
    height, width = (x.shape[i] or tf.shape(x)[i] for i in (1, 2))

    def resize(x, height, width):
        return tf.raw_ops.ResizeBilinear(
            images=x,
            size=tf.stack([height, width]),
            half_pixel_centers=half_pixel_centers,
            align_corners=align_corners,
        )

    def matrix(n, new):
        return resize(tf.eye(n)[None, ..., None], new, n)[0, ..., 0]

    x0 = tf.stop_gradient(x)
    a, b = matrix(height, new_height), matrix(width, new_width)
    return resize(x0, new_height, new_width) + tf.einsum("ph,bhwc,qw->bpqc", a, x - x0, b)

"""Bilinear resizing with derivatives of every order, where TensorFlow has the first only."""

import tensorflow as tf


def resize_bilinear(
    images, size, half_pixel_centers: bool = True, align_corners: bool = False
) -> tf.Tensor:
    """Resizes images as TensorFlow does, y = R x with a constant linear map R.

    TensorFlow gives y's derivative, Rᵀ, none of its own, and takes the second derivative for zero
    without a word. Here x ↦ R x and g ↦ Rᵀ g are each other's gradients, so that all orders are
    right. Values and first derivatives are bit for bit TensorFlow's.

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
    images = tf.convert_to_tensor(images)
    size = tf.convert_to_tensor(size, tf.int32)
    options = {"half_pixel_centers": half_pixel_centers, "align_corners": align_corners}
    like = tf.stop_gradient(images)  # the operation of Rᵀ reads its shape and type, no value

    @tf.custom_gradient
    def forward(x):
        return tf.raw_ops.ResizeBilinear(images=x, size=size, **options), transposed

    @tf.custom_gradient
    def transposed(g):
        y = tf.raw_ops.ResizeBilinearGrad(grads=g, original_image=like, **options)
        return y, forward

    return forward(images)

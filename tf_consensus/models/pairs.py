"""Pairs of images, and networks that go from one kind of them to the other."""

from typing import Any, NamedTuple

import tensorflow as tf

from tf_consensus.models import heads
from tf_consensus.models.words import found_parts
from tf_consensus.support.arrays import check_unmasked
from tf_consensus.support.inputs import input_shapes, sample_dtype
from tf_consensus.support.shapes import of_shape


class PairShapes(NamedTuple):
    """Shapes of a source and of a target, each (None, …)."""

    source: tuple[int | None, ...]
    target: tuple[int | None, ...]


def check_pair_networks(generator: Any, discriminator: Any, conditional: bool) -> PairShapes:
    """The shapes between which a generator goes, if the discriminator fits it.

    Args:
        generator: sources to images.
        discriminator: [images, sources] to logits where it is conditional, else images to logits.
        conditional: which of them.

    Raises:
        TypeError: if one is no Keras model, takes integers or returns them.
        ValueError: if one is not built, takes or returns another number of tensors, computes in
            float16, or they do not fit each other.
    """
    heads.check_network("generator", generator, 1)
    heads.check_network("discriminator", discriminator, 2 if conditional else 1)
    sample_dtype(discriminator)
    # A network that was built by a call has the size of that batch in its shape.
    source = (None, *input_shapes(generator)[0][1:])
    target = heads.shape_after("generator", generator, source, source="sources")
    judged = (target, source) if conditional else (target,)
    kind = "a list of images and their sources" if conditional else "images alone"
    heads.shape_after("discriminator", discriminator, *judged, source=kind)
    return PairShapes(source, target)


def check_round_trip(there: PairShapes, back: PairShapes) -> None:
    """Raises `ValueError` unless the second of two generators goes back to where the first began.

    Args:
        there: shapes between which the first one goes.
        back: those of the second.
    """
    if there != PairShapes(back.target, back.source):
        raise ValueError(
            "The second generator goes back: from targets to sources. Received: a generator from "
            f"{there.source} to {there.target} and one from {back.source} to {back.target}. Build "
            "them for each other."
        )


def as_pair(data: Any, shapes: PairShapes, dtype: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Sources and targets as tensors of a floating type.

    Raises:
        TypeError: if they are no floating-point numbers.
        ValueError: if there are not two, their shapes are others, or not as many of each.
    """
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError(
            f"A batch is a pair (sources, targets). Received: {found_parts(data)}. Make "
            "pairs by data.image_pairs, map a data set of dicts to tuples, or zip two data sets by "
            "tf.data.Dataset.zip."
        )
    source = as_images("sources", data[0], shapes.source, dtype)
    target = as_images("targets", data[1], shapes.target, dtype)
    if None not in (source.shape[0], target.shape[0]) and source.shape[0] != target.shape[0]:
        raise ValueError(
            "A pair has as many sources as targets. Received: "
            f"{source.shape[0]} sources and {target.shape[0]} targets. Batch them together."
        )
    return source, target


def distance(made: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    """The mean absolute error of made images, in the precision of a batch's images.

    Raises:
        ValueError: if their shapes are known to differ; where they are not known, the step fails.
    """
    if not made.shape.is_compatible_with(wanted.shape):
        raise ValueError(
            "The images that a generator makes are compared with images of the same shape. "
            f"Received: made images of shape {tuple(made.shape)} and images of shape "
            f"{tuple(wanted.shape)}. Resize the images, or build the generator for them."
        )
    difference = tf.abs(tf.cast(made, wanted.dtype) - wanted)
    if not (made.shape[1:].is_fully_defined() and wanted.shape[1:].is_fully_defined()):
        for images in (made, wanted):  # TensorFlow would compare images with single pixels
            difference = tf.reshape(difference, tf.shape(images))
    return tf.reduce_mean(difference)


def as_images(key: str, images: Any, shape: tuple[int | None, ...], dtype: str) -> tf.Tensor:
    """Images as a tensor of a floating type.

    Args:
        key: what they are, for messages.
        images: tensor or array (batch, …).
        shape: the shape that a network takes or makes, (None, …).
        dtype: floating type of the result.

    Raises:
        TypeError: if they are no floating-point numbers.
        ValueError: if their shape is another.
    """
    check_unmasked(key, images)
    try:
        tensor = tf.convert_to_tensor(images)
    except (TypeError, ValueError) as error:
        raise TypeError(_NO_IMAGES.format(f"{key}={images!r}"[:100])) from error
    if not tensor.shape.is_compatible_with(shape):
        raise ValueError(
            f"Images must have the networks' shapes. Received: {key} of shape "
            f"{tuple(tensor.shape)} for {shape}. Resize them, or build the networks for them; "
            "labels are no part of a pair."
        )
    if not tensor.dtype.is_floating:
        raise TypeError(_NO_IMAGES.format(f"{key} of dtype {tensor.dtype.name}"))
    return tf.cast(of_shape(tensor, shape), dtype)


_NO_IMAGES = (
    "Images are floating-point numbers in the range of the generator's outputs. Received: {}. "
    "Scale bytes by x / 127.5 - 1 for a generator that ends in tanh, as data.image_pairs does."
)

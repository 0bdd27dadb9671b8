"""Pairs of images, and networks that go from one kind of them to the other."""

from typing import Any, NamedTuple

import tensorflow as tf

from tf_consensus.models.checks import check_built


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
        TypeError: if one is no Keras model.
        ValueError: if one is not built, or they do not fit each other.
    """
    for key, network in (("generator", generator), ("discriminator", discriminator)):
        check_built(key, network)
    shapes = PairShapes(tuple(generator.input_shape), tuple(generator.output_shape))
    taken = discriminator.input_shape
    wanted = [shapes.target, shapes.source] if conditional else shapes.target
    found = [tuple(x) for x in taken] if isinstance(taken, list) else tuple(taken)
    if not _fits(found, wanted):
        rule = "a list of images and their sources" if conditional else "images alone"
        raise ValueError(
            f"The discriminator must take {rule}, of shapes {wanted}. Received: a discriminator "
            f"of input shape {found}. Build it for them."
        )
    return shapes


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
        parts = len(data) if isinstance(data, tuple | list) else 1
        raise ValueError(
            "A batch is a pair (sources, targets). Received: a batch of "
            f"{parts} part{'s' * (parts != 1)}. Make pairs by data.image_pairs, or zip two data "
            "sets by tf.data.Dataset.zip."
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
    """The mean absolute error of made images, in the precision of a batch's images."""
    return tf.reduce_mean(tf.abs(tf.cast(made, wanted.dtype) - wanted))


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
    return tf.cast(tensor, dtype)


_NO_IMAGES = (
    "Images are floating-point numbers in the range of the generator's outputs. Received: {}. "
    "Scale bytes by x / 127.5 - 1 for a generator that ends in tanh, as data.image_pairs does."
)


def _fits(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        same = isinstance(found, list) and len(found) == len(wanted)
        return same and all(map(_fits, found, wanted))
    if isinstance(found, list):
        return False
    return tf.TensorShape(found).is_compatible_with(wanted)

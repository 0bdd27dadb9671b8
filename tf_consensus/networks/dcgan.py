"""The DCGAN family: strided 5×5 convolutions, with and without batch normalization."""

from typing import NamedTuple

import keras
import tensorflow as tf

from tf_consensus.networks.heads import check_head, discriminator_of
from tf_consensus.networks.labels import check_classes, latents_and_labels
from tf_consensus.networks.layers import (
    Conv2DTranspose,
    convolve,
    dense,
    last_tanh,
)
from tf_consensus.networks.sizes import nearest
from tf_consensus.networks.weights import Weights
from tf_consensus.support.checks import check_int


class Architecture(NamedTuple):
    """What distinguishes one member of the family.

    Attributes:
        levels: Strided convolutions in each network; the smallest feature map has side
            image_size / 2^levels.
        constant: Whether every level has F filters, instead of F, 2F, 4F, …
        slope: Negative slope of the generator's leaky ReLU; 0 is a ReLU.
        norm: What the batch normalization after the generator's first layer averages over:
            "unit" is the batch only, "channel" the positions too; with None no layer is normalized.
        discriminator_norm: Whether the discriminator is normalized too, where the generator is.
        generator_dense: Units of one more dense layer at the generator's start; 0 is none.
        discriminator_dense: Units of one more dense layer at the discriminator's end; 0 is none.
    """

    levels: int
    constant: bool = False
    slope: float = 0.0
    norm: str | None = None
    discriminator_norm: bool = True
    generator_dense: int = 0
    discriminator_dense: int = 0


ARCHITECTURES = {
    "dcgan3": Architecture(3, norm="unit"),
    "dcgan3_nobn": Architecture(3),
    "dcgan3_nobn_cf": Architecture(3, constant=True, slope=0.2),
    "dcgan4": Architecture(4, slope=0.2, norm="channel"),
    "dcgan4_gbn": Architecture(4, slope=0.2, norm="channel", discriminator_norm=False),
    "dcgan4_nobn": Architecture(4),
    "dcgan4_nobn_cf": Architecture(4, constant=True, slope=0.2),
    "conv3": Architecture(3, constant=True, slope=0.2, discriminator_dense=512),
    "conv4": Architecture(
        4, constant=True, slope=0.2, generator_dense=512, discriminator_dense=512
    ),
}


def dcgan(
    name: str,
    image_size: int,
    channels: int = 3,
    filters: int = 64,
    latent_dim: int = 256,
    seed: int | None = None,
    dtype: str | keras.DTypePolicy | None = None,
    num_classes: int | None = None,
    embedding_dim: int | None = None,
    head: str | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build a generator and a discriminator of the DCGAN family.

    Kernels are 5×5 with stride 2 and "same" padding, images NHWC in [-1, 1]. The discriminator
    is leaky with slope 0.2. A member with normalization normalizes every layer but the generator's
    last and the discriminator's first and last; "dcgan4_gbn" normalizes the generator only. With
    classes the generator's first layer takes the latent and the label's embedding, and the
    discriminator has one logit per class; without classes the networks are those of the paper.

    Args:
        name: One of `ARCHITECTURES`.
        image_size: Side of the square images, in pixels; divisible by 2^levels.
        channels: Colour channels.
        filters: Filters F of the level next to the image.
        latent_dim: Size of a latent.
        seed: Determines the initial weights; None leaves them to Keras.
        dtype: Keras' dtype policy of the layers; None takes the global one.
        num_classes: Number of classes; None for networks that take no labels.
        embedding_dim: Size of a label's embedding; None is 32; only with labels.
        head: What the discriminator ends in, see `heads.discriminator_of`: None, "projection",
            "auxiliary" or "features".

    Returns:
        The generator, from latents (batch, latent_dim), or from a list of latents and integer
        labels (batch,), to (batch, image_size, image_size, channels); and the discriminator, from
        there to one logit per class, (batch, num_classes), or (batch, 1).

    Raises:
        ValueError: If the name is unknown, a size is not a positive integer, `image_size` is not
            divisible by 2^levels, `embedding_dim` is given without `num_classes`, or `seed` is not
            an integer.

    Example:
        >>> generator, discriminator = dcgan("dcgan4_nobn_cf", image_size=32)
        >>> generator.count_params(), discriminator.count_params()
        (377987, 312513)
    """
    architecture = _check_name(name)
    image_size = _check_image_size(image_size, name, architecture.levels)
    channels = check_int("channels", channels, minimum=1)
    filters = check_int("filters", filters, minimum=1)
    latent_dim = check_int("latent_dim", latent_dim, minimum=1)
    classes = check_classes(num_classes, embedding_dim)
    head = check_head(head, num_classes)
    widths = [filters * (1 if architecture.constant else 2**i) for i in range(architecture.levels)]
    weights = Weights(seed, dtype)
    return (
        _generator(architecture, latent_dim, classes, image_size, channels, widths, weights),
        _discriminator(architecture, image_size, channels, (classes[0], head), widths, weights),
    )


def _generator(architecture, latent_dim, classes, image_size, channels, widths, weights):
    slope, norm = architecture.slope, architecture.norm is not None
    inputs, x = latents_and_labels(keras.Input((latent_dim,)), classes[0], classes[1], weights)
    if architecture.generator_dense:
        x = _activate(dense(x, architecture.generator_dense, weights), slope, weights)
    x = _first_map(x, image_size // 2**architecture.levels, widths[-1], architecture, weights)
    for width in reversed(widths[:-1]):
        x = _double(x, width, weights, bias=not norm)
        x = _activate(x, slope, weights, norm)
    x = _double(x, channels, weights)
    return weights.model(inputs, last_tanh(x, weights), "generator")


def _discriminator(architecture, image_size, channels, ending, widths, weights) -> keras.Model:
    norm = architecture.norm is not None and architecture.discriminator_norm
    image = keras.Input((image_size, image_size, channels))
    x = _activate(_halve(image, widths[0], weights), 0.2, weights)
    for width in widths[1:]:
        x = _activate(_halve(x, width, weights, bias=not norm), 0.2, weights, norm)
    x = keras.layers.Flatten(dtype=weights.dtype)(x)
    if architecture.discriminator_dense:
        x = _activate(dense(x, architecture.discriminator_dense, weights), 0.2, weights)
    return discriminator_of(image, x, ending, weights)


def _first_map(x, side, width, architecture, weights):
    """The generator's dense layer, reshaped to its smallest feature map and activated."""
    per_unit = architecture.norm == "unit"
    # A normalization per unit removes the bias of every unit; one per channel only its mean.
    x = dense(x, side * side * width, weights, bias=not per_unit)
    if per_unit:
        x = _activate(x, architecture.slope, weights, norm=True)
    x = keras.layers.Reshape((side, side, width), dtype=weights.dtype)(x)
    return (
        x if per_unit else _activate(x, architecture.slope, weights, architecture.norm == "channel")
    )


def _activate(x, slope, weights, norm=False):
    if norm:
        # Shift but no scale: the next layer's weights scale. On replicas over the whole batch.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        x = keras.layers.BatchNormalization(
            scale=False, synchronized=replicas > 1, dtype=weights.dtype
        )(x)
    dtype = weights.dtype
    return (
        keras.layers.LeakyReLU(slope, dtype=dtype)(x)
        if slope
        else keras.layers.ReLU(dtype=dtype)(x)
    )


def _halve(x, filters, weights, bias=True):
    return convolve(x, filters, 5, weights, strides=2, bias=bias)


def _double(x, filters, weights, bias=True):
    layer = Conv2DTranspose
    return convolve(x, filters, 5, weights, layer=layer, strides=2, bias=bias)


def _check_name(name) -> Architecture:
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    raise ValueError(
        f"`name` must be a member of the DCGAN family. Received: name={name!r}. "
        f"Choose one of {', '.join(sorted(ARCHITECTURES))}."
    )


def _check_image_size(image_size, name, levels) -> int:
    image_size = check_int("image_size", image_size, minimum=1)
    if image_size % 2**levels == 0:
        return image_size
    raise ValueError(
        f"`image_size` must be divisible by 2^{levels} = {2**levels}, as {name!r} halves images "
        f"{levels} times. Received: image_size={image_size!r}. Resize or pad the images, for "
        f"example to {nearest(image_size, 2**levels)}."
    )

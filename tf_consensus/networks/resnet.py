"""The first paper's residual networks for 64² images: strided 5×5 convolutions, each refined."""

from typing import NamedTuple

import keras

from tf_consensus.networks.blocks import activate, residual_block
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

_LEVELS = 4


class Architecture(NamedTuple):
    """What distinguishes the two architectures.

    Attributes:
        widths: Filters of the four levels as multiples of F, the level next to the image first.
        wide_start: Whether the discriminator's first block is as wide inside as outside; all
            other blocks are half as wide inside.
    """

    widths: tuple[int, int, int, int]
    wide_start: bool


ARCHITECTURES = {
    "resnet": Architecture((1, 2, 4, 8), wide_start=False),
    "resnet_cf": Architecture((1, 1, 1, 1), wide_start=True),
}


def resnet(
    name: str,
    image_size: int = 64,
    channels: int = 3,
    filters: int = 64,
    latent_dim: int = 256,
    seed: int | None = None,
    dtype: str | keras.DTypePolicy | None = None,
    num_classes: int | None = None,
    embedding_dim: int | None = None,
    head: str | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build a generator and a discriminator of the first paper's residual networks.

    Each network has four 5×5 convolutions of stride 2 with "same" padding, transposed in the
    generator. A residual block of two 3×3 convolutions follows each but the generator's last:

        x + 0.1 · conv3×3(σ(conv3×3(σ(x)))),

    with σ the leaky ReLU of slope 0.2, which also precedes every other layer that does not see
    latents or images. Nothing is normalized. Images are NHWC in [-1, 1]. Weights are
    Glorot-uniform, biases 0, as in the reference. With classes the generator's first layer takes
    the latent and the label's embedding, and the discriminator has one logit per class.

    Args:
        name: "resnet", with F, 2F, 4F and 8F filters, or "resnet_cf", with F everywhere.
        image_size: Side of the square images, in pixels; divisible by 16.
        channels: Colour channels.
        filters: Filters F of the level next to the image, at least 2.
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
        ValueError: If the name is unknown, a size is not an integer of at least 1 (`filters`: 2),
            `image_size` is not divisible by 16, `embedding_dim` is given without `num_classes`, or
            `seed` is not an integer.

    Example:
        >>> generator, discriminator = resnet("resnet_cf", filters=128)
        >>> generator.count_params(), discriminator.count_params()
        (2208067, 1979073)
    """
    architecture = _check_name(name)
    image_size = _check_image_size(image_size)
    channels = check_int("channels", channels, minimum=1)
    filters = check_int("filters", filters, minimum=2)
    latent_dim = check_int("latent_dim", latent_dim, minimum=1)
    classes = check_classes(num_classes, embedding_dim)
    head = check_head(head, num_classes)
    widths = [filters * multiple for multiple in architecture.widths]
    weights = Weights(seed, dtype)
    return (
        _generator(latent_dim, classes, image_size, channels, widths, weights),
        _discriminator(
            architecture.wide_start, image_size, channels, (classes[0], head), widths, weights
        ),
    )


def _generator(latent_dim, classes, image_size, channels, widths, weights) -> keras.Model:
    def double(x, width):
        layer = Conv2DTranspose
        return convolve(activate(x, weights), width, 5, weights, layer=layer, strides=2)

    inputs, x = latents_and_labels(keras.Input((latent_dim,)), classes[0], classes[1], weights)
    side = image_size // 2**_LEVELS
    x = dense(x, side * side * widths[-1], weights)
    x = keras.layers.Reshape((side, side, widths[-1]), dtype=weights.dtype)(x)
    for width in reversed(widths[:-1]):
        x = residual_block(double(x, width), width, width // 2, weights)
    image = last_tanh(double(x, channels), weights)
    return weights.model(inputs, image, "generator")


def _discriminator(wide_start, image_size, channels, ending, widths, weights) -> keras.Model:
    image = x = keras.Input((image_size, image_size, channels))
    for level, width in enumerate(widths):
        x = convolve(activate(x, weights) if level else x, width, 5, weights, strides=2)
        hidden = width if wide_start and not level else width // 2
        x = residual_block(x, width, hidden, weights)
    x = keras.layers.Flatten(dtype=weights.dtype)(activate(x, weights))
    return discriminator_of(image, x, ending, weights)


def _check_name(name) -> Architecture:
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    raise ValueError(
        f"`name` must be one of the first paper's residual networks. Received: name={name!r}. "
        f"Choose one of {', '.join(sorted(ARCHITECTURES))}."
    )


def _check_image_size(image_size) -> int:
    image_size = check_int("image_size", image_size, minimum=1)
    if image_size % 2**_LEVELS == 0:
        return image_size
    raise ValueError(
        f"`image_size` must be divisible by {2**_LEVELS}, as images are halved {_LEVELS} times. "
        f"Received: image_size={image_size!r}. Resize or pad the images, for example to "
        f"{nearest(image_size, 2**_LEVELS)}."
    )

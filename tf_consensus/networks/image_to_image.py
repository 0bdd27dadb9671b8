"""Networks from images to images: a U-Net, and a PatchGAN that judges overlapping patches."""

import keras

from tf_consensus.networks.layers import Conv2DTranspose, convolve, last_tanh
from tf_consensus.networks.sizes import check_levels, evenness
from tf_consensus.networks.weights import Weights
from tf_consensus.support.checks import check_bool, check_int, check_number


def image_to_image(
    image_size: int,
    channels: int = 3,
    source_channels: int | None = None,
    filters: int = 64,
    levels: int | None = None,
    patch_levels: int = 2,
    dropout: float = 0.0,
    conditional: bool = True,
    seed: int | None = None,
    dtype: str | keras.DTypePolicy | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build a U-Net generator and a PatchGAN discriminator.

    The U-Net halves the image `levels` times by 4×4 convolutions of stride 2 and doubles it as
    often by their transposes; each level on the way up also takes the map of the same side from
    the way down. The PatchGAN halves the image `patch_levels` times and ends in a map of logits,
    one per patch. There is no batch normalization, since images of a pair are judged one by one.

    Args:
        image_size: Side of the square images, in pixels; divisible by 2^levels and 2^patch_levels.
        channels: Colour channels of the images that are made.
        source_channels: Colour channels of the images they are made from; None: the same.
        filters: Filters F of the level next to the image; each level has twice as many, at most 8F.
        levels: Halvings of the U-Net, at least 1; None: as often as the side is even, at most 4.
        patch_levels: Halvings of the PatchGAN, at least 1. A logit sees 10 pixels with 1, 22 with
            2 and 46 with 3.
        dropout: Share of values that the U-Net's first two levels on the way up drop, in [0, 1).
        conditional: Whether the discriminator takes a list of the image and of its source, as
            `Pix2Pix` does; else the image alone, as `CycleGAN` does.
        seed: Determines the initial weights; None leaves them to Keras.
        dtype: Keras' dtype policy of the layers; None takes the global one.

    Returns:
        The generator, from (batch, image_size, image_size, source_channels) to
        (batch, image_size, image_size, channels) in [-1, 1], and the discriminator, to logits
        (batch, image_size / 2^patch_levels, image_size / 2^patch_levels, 1).

    Raises:
        ValueError: If a size is not a positive integer, `image_size` is not divisible, or `dropout`
            is out of range.
        TypeError: If `conditional` is not a bool.

    Example:
        >>> generator, discriminator = image_to_image(32, channels=1, filters=8)
        >>> generator.output_shape, discriminator.output_shape
        ((None, 32, 32, 1), (None, 8, 8, 1))

    Reference:
        Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, 2017.
    """
    image_size = check_int("image_size", image_size, minimum=1)
    channels = check_int("channels", channels, minimum=1)
    if source_channels is None:
        source_channels = channels
    source_channels = check_int("source_channels", source_channels, minimum=1)
    filters = check_int("filters", filters, minimum=1)
    # First, because it asks for more of a side than evenness.
    patch_levels = check_levels("patch_levels", patch_levels, "image_size", image_size)
    halvings = evenness("image_size", image_size) if levels is None else levels
    levels = check_levels("levels", halvings, "image_size", image_size)
    dropout, conditional = _check_share(dropout), check_bool("conditional", conditional)
    weights = Weights(seed, dtype)
    source = keras.Input((image_size, image_size, source_channels))
    widths = [filters * min(2**i, 8) for i in range(levels)]
    generator = _unet(source, channels, widths, dropout, weights)
    image = keras.Input((image_size, image_size, channels))
    sources = [keras.Input((image_size, image_size, source_channels))] if conditional else []
    return generator, _patches(image, sources, filters, patch_levels, weights)


def _unet(
    source: keras.KerasTensor,
    channels: int,
    widths: list[int],
    dropout: float,
    weights: Weights,
) -> keras.Model:
    layers, maps, x = keras.layers, [], source
    for width in widths:
        x = _leaky(convolve(x, width, 4, weights, strides=2), weights)
        maps.append(x)
    maps.pop()
    for level, width in enumerate(reversed(widths[:-1])):
        x = convolve(x, width, 4, weights, layer=Conv2DTranspose, strides=2)
        x = _leaky(x, weights)
        if dropout and level < 2:
            x = layers.Dropout(dropout, dtype=weights.dtype)(x)
        x = layers.Concatenate(dtype=weights.dtype)([x, maps.pop()])
    x = convolve(x, channels, 4, weights, layer=Conv2DTranspose, strides=2)
    return weights.model(source, last_tanh(x, weights), "generator")


def _patches(
    image: keras.KerasTensor,
    sources: list[keras.KerasTensor],
    filters: int,
    levels: int,
    weights: Weights,
) -> keras.Model:
    x = image
    if sources:
        x = keras.layers.Concatenate(dtype=weights.dtype)([image, *sources])
    for level in range(levels):
        width = filters * min(2**level, 8)
        x = _leaky(convolve(x, width, 4, weights, strides=2), weights)
    x = convolve(x, 1, 4, weights)
    logits = keras.layers.Activation("linear", dtype=weights.output_dtype)(x)
    return weights.model([image, *sources] if sources else image, logits, "discriminator")


def _leaky(x: keras.KerasTensor, weights: Weights) -> keras.KerasTensor:
    return keras.layers.LeakyReLU(0.2, dtype=weights.dtype)(x)


def _check_share(dropout: float) -> float:
    rule = "a number of at least 0 and below 1"
    return check_number("dropout", dropout, rule, lambda x: 0 <= x < 1, "The paper's is 0.5.")

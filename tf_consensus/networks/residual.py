"""The poster's residual networks for images up to 1024², with or without class labels."""

from typing import Any

import keras

from tf_consensus.networks.blocks import activate, residual_block
from tf_consensus.networks.heads import check_head, discriminator_of
from tf_consensus.networks.labels import OnlyClass
from tf_consensus.networks.layers import (
    convolve,
    dense,
    last_tanh,
)
from tf_consensus.networks.levels import count_doublings, level_widths
from tf_consensus.networks.weights import Weights
from tf_consensus.support.checks import check_int

PRESETS: dict[str, dict[str, Any]] = {
    "residual_celeba_hq": {"image_size": 1024, "filters": 16, "max_filters": 512},
    "residual_lsun": {"image_size": 256, "filters": 64, "max_filters": 1024},
    "residual_imagenet": {
        "image_size": 128,
        "filters": 64,
        "max_filters": 1024,
        "num_classes": 1000,
        "embedding_dim": 256,
        "blocks": 2,
    },
}


def residual(
    image_size: int,
    channels: int = 3,
    filters: int = 64,
    max_filters: int = 1024,
    latent_dim: int = 256,
    num_classes: int | None = None,
    embedding_dim: int | None = None,
    blocks: int = 1,
    start_size: int = 4,
    seed: int | None = None,
    dtype: str | keras.DTypePolicy | None = None,
    head: str | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build a generator and a discriminator of residual blocks, without normalization.

    Level i has wᵢ = min(2ⁱ · filters, max_filters) filters on maps of side image_size / 2ⁱ; the
    image's level is 0. A block is

        x_s + 0.1 · conv3×3(σ(conv3×3(σ(x)))),

    with σ the leaky ReLU of slope 0.2, as wide inside as the narrower of its ends; x_s is x, or a
    1×1 convolution of x without bias where the width changes. The discriminator is a 3×3
    convolution, then `blocks` blocks per level with 3×3 average pooling of stride 2 between levels,
    σ, and a dense layer to one logit per class. The generator is its mirror image: a dense layer of
    the latent and the label's embedding, normalized to length 1; `blocks` blocks per level with
    nearest upsampling between; σ, a 3×3 convolution, tanh. With one block per level the width
    changes on the coarser side of a resampling, with more blocks on its finer side. Images are NHWC
    in [-1, 1]. Each `PRESETS` entry gives a published network.

    Without labels the embedding is that of a single class, ±1: a second bias of the dense layer,
    which the published networks have.

    Args:
        image_size: Side of the square images, in pixels; start_size · 2^k.
        channels: Colour channels.
        filters: Filters of the level next to the image.
        max_filters: Most filters of any level; not below `filters`.
        latent_dim: Size of a latent.
        num_classes: Number of classes; None for networks that take no labels.
        embedding_dim: Size of a label's embedding; None is 256 with classes and 1 without. In one
            dimension an embedding of length 1 is 1 or -1, which can tell two classes apart at most.
        blocks: Residual blocks per level.
        start_size: Side of the smallest maps, in pixels.
        seed: Determines the initial weights; None leaves them to Keras. Kernels are
            Glorot-uniform and biases 0, where the reference draws both from U(±1/√inputs);
            embeddings are standard normal, as there.
        dtype: Keras' dtype policy of the layers; None takes the global one.
        head: What the discriminator ends in, see `heads.discriminator_of`: None, "projection",
            "auxiliary" or "features".

    Returns:
        The generator, from latents (batch, latent_dim), or from a list of latents and integer
        labels (batch,), to (batch, image_size, image_size, channels); and the discriminator, from
        there to one logit per class, (batch, num_classes), or (batch, 1).

    Raises:
        ValueError: If a size is not a positive integer, `image_size` is not start_size · 2^k,
            `max_filters` is below `filters`, or `seed` is not an integer.

    Example:
        >>> generator, discriminator = residual(16, filters=4, num_classes=10)
        >>> generator([np.zeros((2, 256)), np.array([3, 7])]).shape
        TensorShape([2, 16, 16, 3])

    Reference:
        Mescheder, Geiger, Nowozin, Which Training Methods for GANs do actually Converge?, 2018,
        appendix.
    """
    levels = count_doublings(image_size, start_size)
    channels = check_int("channels", channels, minimum=1)
    widths_of_levels = level_widths(filters, max_filters, levels)
    latent_dim = check_int("latent_dim", latent_dim, minimum=1)
    if num_classes is not None:
        num_classes = check_int("num_classes", num_classes, minimum=1)
    head = check_head(head, num_classes)
    if embedding_dim is None:
        embedding_dim = 1 if num_classes is None else 256
    embedding_dim = check_int("embedding_dim", embedding_dim, minimum=1)
    blocks = check_int("blocks", blocks, minimum=1)
    widths = _widths(widths_of_levels, blocks)
    weights = Weights(seed, dtype)
    inputs, x = _latents_and_labels(latent_dim, num_classes, embedding_dim, weights)
    return (
        _generator(inputs, x, start_size, channels, widths, weights),
        _discriminator(image_size, channels, (num_classes, head), widths, weights),
    )


def _widths(levels: list[int], blocks: int) -> list[list[int]]:
    """The width that each level of the discriminator starts from, and its blocks' widths."""
    if blocks == 1:
        return [[levels[max(i - 1, 0)], width] for i, width in enumerate(levels)]
    following = [*levels[1:], levels[-1]]
    return [[a] * blocks + [b] for a, b in zip(levels, following, strict=True)]


def _latents_and_labels(latent_dim, num_classes, embedding_dim, weights):
    """The generator's inputs, and the latents with the labels' embeddings beside them."""
    latents = keras.Input((latent_dim,), name="latents")
    inputs = latents
    if num_classes is None:
        labels = OnlyClass(dtype=weights.dtype)(latents)
    else:
        labels = keras.Input((), dtype="int32", name="labels")
        inputs = [latents, labels]
    # Normal, so that all directions are equally likely. An embedding's gradient is a sum over the
    # examples too, see `layers`.
    settings = {"embeddings_initializer": weights.normal(1.0), "dtype": weights.output_dtype}
    embedded = keras.layers.Embedding(num_classes or 1, embedding_dim, **settings)(labels)
    embedded = keras.layers.UnitNormalization(dtype=weights.dtype)(embedded)
    return inputs, keras.layers.Concatenate(dtype=weights.dtype)([latents, embedded])


def _generator(inputs, x, start_size, channels, widths, weights) -> keras.Model:
    first = widths[-1][-1]
    x = dense(x, start_size * start_size * first, weights)
    x = keras.layers.Reshape((start_size, start_size, first), dtype=weights.dtype)(x)
    for level, (*path, _) in reversed(list(enumerate(widths))):
        for width in reversed(path):
            x = residual_block(x, width, min(x.shape[-1], width), weights)
        if level:
            x = keras.layers.UpSampling2D(2, interpolation="nearest", dtype=weights.dtype)(x)
    x = convolve(activate(x, weights), channels, 3, weights)
    return weights.model(inputs, last_tanh(x, weights), "generator")


def _discriminator(image_size, channels, ending, widths, weights) -> keras.Model:
    image = keras.Input((image_size, image_size, channels))
    x = convolve(image, widths[0][0], 3, weights)
    for level, (_, *path) in enumerate(widths):
        if level:
            # Windows centred on even pixels, which "same" padding would shift by one.
            x = keras.layers.ZeroPadding2D(((1, 0), (1, 0)), dtype=weights.dtype)(x)
            x = keras.layers.AveragePooling2D(3, strides=2, dtype=weights.dtype)(x)
        for width in path:
            x = residual_block(x, width, min(x.shape[-1], width), weights)
    x = keras.layers.Flatten(dtype=weights.dtype)(activate(x, weights))
    return discriminator_of(image, x, ending, weights)

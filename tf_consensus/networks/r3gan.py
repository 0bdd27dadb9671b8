"""R3GAN's networks: inverted bottlenecks with grouped convolutions, without normalization."""

import functools
import math
from typing import Any

import keras

from tf_consensus.networks.blocks import activate
from tf_consensus.networks.heads import check_head, discriminator_of
from tf_consensus.networks.labels import check_classes, latents_and_labels
from tf_consensus.networks.layers import Conv2D, Dense, GroupedConv2D
from tf_consensus.networks.levels import count_doublings, level_widths
from tf_consensus.networks.r3gan_layers import ImageRange, LearnedBasis
from tf_consensus.networks.weights import Weights
from tf_consensus.support.checks import check_int

_WIDE: dict[str, Any] = {"filters": 1536, "max_filters": 1536, "group_size": 32}
PRESETS: dict[str, dict[str, Any]] = {
    "r3gan_cifar10": {"image_size": 32, "num_classes": 10},
    "r3gan_ffhq_64": {"image_size": 64, "filters": 384},
    "r3gan_ffhq_256": {"image_size": 256, "filters": 96},
    "r3gan_imagenet_32": {"image_size": 32, "num_classes": 1000, **_WIDE},
    "r3gan_imagenet_64": {"image_size": 64, "num_classes": 1000, **_WIDE},
}
# A residual block's inner width, as a multiple of its outer one.
_EXPANSION = 2
# With it leaky ReLUs of slope 0.2 keep the mean of squares.
_GAIN = math.sqrt(2 / (1 + 0.2**2))


def r3gan(
    image_size: int,
    channels: int = 3,
    filters: int = 768,
    max_filters: int = 768,
    latent_dim: int = 64,
    num_classes: int | None = None,
    embedding_dim: int | None = None,
    blocks: int = 2,
    group_size: int = 16,
    start_size: int = 4,
    seed: int | None = None,
    dtype: str | keras.DTypePolicy | None = None,
    head: str | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build R3GAN's generator and discriminator (config E).

    Level i has wᵢ = min(2ⁱ · filters, max_filters) filters on maps of side image_size / 2ⁱ; the
    image's level is 0. Each level has `blocks` residual blocks

        x + W₃ σ(b₂ + W₂ σ(b₁ + W₁ x)),

    with σ the leaky ReLU of slope 0.2, W₁ and W₃ 1×1 convolutions to 2wᵢ channels and back, and W₂
    a 3×3 convolution whose groups have `group_size` channels. Between levels maps are resampled
    bilinearly, with weights (1, 3, 3, 1) and zeros around the map, and a 1×1 convolution changes
    the width where it must, at the smaller side. The generator begins with learned maps of side
    `start_size`, scaled by a linear map of the latent, and ends in a 1×1 convolution. The
    discriminator begins with one, and ends in one weight per pixel and channel of its smallest map,
    summed over the pixels, and a linear map to the logit. No layer but b₁ and b₂ has a bias.

    With classes the generator takes the latent and the label's embedding. The discriminator's last
    linear map then has as many outputs φ as inputs, and the logit of class y is e_y · φ, a
    projection.

    Weights start normal with standard deviation gain/√inputs and gain 1; in W₁ and W₂ it is
    √(2/1.04) · L^(-1/4), with L the number of residual blocks of the network, and W₃ is 0. Images
    are NHWC in [-1, 1]. The generator does not end in tanh: its images leave that range by a little
    in training, and are clipped to it otherwise.

    Args:
        image_size: Side of the square images, in pixels; start_size · 2^k.
        channels: Colour channels.
        filters: Filters of the level next to the image.
        max_filters: Most filters of any level; not below `filters`.
        latent_dim: Size of a latent.
        num_classes: Number of classes; None for networks that take no labels.
        embedding_dim: Size of a label's embedding in the generator; None is `latent_dim`; only with
            labels.
        blocks: Residual blocks per level.
        group_size: Channels in a group of the 3×3 convolutions; divides 2wᵢ at every level that
            has as many. A level with fewer is one group.
        start_size: Side of the smallest maps, in pixels.
        seed: Determines the initial weights; None leaves them to Keras.
        dtype: Keras' dtype policy of the layers; None takes the global one.
        head: What the discriminator ends in if not in the above, see `heads.discriminator_of`:
            "projection", "auxiliary" or "features".

    Returns:
        The generator, from latents (batch, latent_dim), or from a list of latents and integer
        labels (batch,), to (batch, image_size, image_size, channels); and the discriminator, from
        there to one logit per class, (batch, num_classes), or (batch, 1).

    Raises:
        ValueError: If a size is not a positive integer, `image_size` is not start_size · 2^k,
            `max_filters` is below `filters`, `group_size` does not divide twice the filters of a
            level that has as many, `embedding_dim` is given without `num_classes`, or `seed` is not
            an integer.

    Example:
        >>> generator, discriminator = r3gan(16, filters=8, max_filters=16, num_classes=10)
        >>> generator([np.zeros((2, 64)), np.array([3, 7])]).shape
        TensorShape([2, 16, 16, 3])

    Reference:
        Huang, Gokaslan, Kuleshov, Tompkin, The GAN is dead; long live the GAN! A Modern GAN
        Baseline, 2024, section 3, appendix D and table 9.
    """
    levels = count_doublings(image_size, start_size)
    channels = check_int("channels", channels, minimum=1)
    widths = level_widths(filters, max_filters, levels)
    latent_dim = check_int("latent_dim", latent_dim, minimum=1)
    embed = latent_dim if num_classes is not None and embedding_dim is None else embedding_dim
    classes = check_classes(num_classes, embed)
    head = check_head(head, num_classes)
    blocks = check_int("blocks", blocks, minimum=1)
    _check_groups(group_size, widths)
    weights = Weights(seed, dtype)
    make_block = functools.partial(_block, group_size, blocks * len(widths), weights)
    stage = functools.partial(_repeat, blocks, make_block)
    latents = keras.Input((latent_dim,), name="latents")
    return (
        _generator(latents, classes, start_size, channels, widths, stage, weights),
        _discriminator(image_size, channels, (classes[0], head), widths, stage, weights),
    )


def _generator(latents, classes, start_size, channels, widths, stage, weights) -> keras.Model:
    stddev = 1 / math.sqrt(classes[0] or 1)
    inputs, x = latents_and_labels(latents, classes[0], classes[1], weights, stddev=stddev)
    x = _linear(x, widths[-1], weights)
    basis = weights.normal(1.0)
    x = LearnedBasis(start_size, basis_initializer=basis, dtype=weights.dtype)(x)
    x = stage(x)
    for width in reversed(widths[:-1]):
        x = _change_width(x, width, weights)
        x = keras.layers.UpSampling2D(2, interpolation="nearest", dtype=weights.dtype)(x)
        x = stage(_blur(x, weights))
    x = _convolve(x, channels, 1, weights, bias=False)
    return weights.model(inputs, ImageRange(dtype=weights.output_dtype)(x), "generator")


def _discriminator(image_size, channels, ending, widths, stage, weights) -> keras.Model:
    image = keras.Input((image_size, image_size, channels))
    x = stage(_convolve(image, widths[0], 1, weights, bias=False))
    for width in widths[1:]:
        x = keras.layers.AveragePooling2D(2, dtype=weights.dtype)(_blur(x, weights))
        x = stage(_change_width(x, width, weights))
    side, top = x.shape[1], widths[-1]
    sums = {"use_bias": False, "depthwise_initializer": weights.normal(1 / side)}
    x = keras.layers.DepthwiseConv2D(side, dtype=weights.dtype, **sums)(x)
    x = keras.layers.Flatten(dtype=weights.dtype)(x)
    num_classes, head = ending
    if num_classes is not None or head is not None:
        x = _linear(x, top, weights)
    if head is not None:
        return discriminator_of(image, x, ending, weights)
    classes = num_classes or 1
    x = _linear(x, classes, weights, gain=1 / math.sqrt(classes), dtype=weights.output_dtype)
    return weights.model(image, x, "discriminator")


def _repeat(times, block, x):
    for _ in range(times):
        x = block(x)
    return x


def _block(group_size, blocks_of_network, weights, x):
    width, inner = x.shape[-1], _EXPANSION * x.shape[-1]
    gain = _GAIN * blocks_of_network**-0.25
    y = activate(_convolve(x, inner, 1, weights, gain), weights)
    y = activate(_convolve(y, inner, 3, weights, gain, groups=max(inner // group_size, 1)), weights)
    y = _convolve(y, width, 1, weights, gain=0.0, bias=False)
    return keras.layers.Add(dtype=weights.dtype)([x, y])


def _change_width(x, width, weights):
    return x if x.shape[-1] == width else _convolve(x, width, 1, weights, bias=False)


def _blur(x, weights):
    """Means with weights (1, 2, 1)/4 along both axes, zeros around the map, by two 2×2 means.

    After an upsampling by copies, or before 2×2 means, that is the bilinear (1, 3, 3, 1).
    """
    x = keras.layers.ZeroPadding2D(1, dtype=weights.dtype)(x)
    for _ in range(2):
        x = keras.layers.AveragePooling2D(2, strides=1, dtype=weights.dtype)(x)
    return x


def _convolve(x, filters, size, weights, gain=1.0, bias=True, groups=1):
    fan_in = size * size * x.shape[-1] // groups
    initializer = weights.normal(gain / math.sqrt(fan_in)) if gain else "zeros"
    layer = Conv2D if groups == 1 else functools.partial(GroupedConv2D, groups=groups)
    settings = {"padding": "same", "use_bias": bias, "dtype": weights.dtype}
    return layer(filters, size, kernel_initializer=initializer, **settings)(x)


def _linear(x, units, weights, gain=1.0, dtype=None):
    initializer = weights.normal(gain / math.sqrt(x.shape[-1]))
    settings = {"use_bias": False, "dtype": dtype or weights.dtype}
    return Dense(units, kernel_initializer=initializer, **settings)(x)


def _check_groups(group_size, widths) -> None:
    group_size = check_int("group_size", group_size, minimum=1)
    inner = [_EXPANSION * width for width in widths]
    if all(channels < group_size or channels % group_size == 0 for channels in inner):
        return
    raise ValueError(
        "`group_size` must divide twice the filters of every level that has as many. Received: "
        f"group_size={group_size!r} for levels of {', '.join(map(str, widths))} filters. Pass a "
        "`filters` that is a power of 2 times `group_size`, or another `group_size`."
    )

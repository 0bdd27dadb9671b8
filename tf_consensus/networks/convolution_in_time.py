"""Networks of sequences (batch, length, features) by convolutions in time."""

import keras

from tf_consensus.networks.layers import Conv1D, Conv1DTranspose, convolve, dense, last_dense
from tf_consensus.networks.sizes import check_levels, evenness
from tf_consensus.networks.weights import Weights
from tf_consensus.support.checks import check_int


def convolution_in_time(
    length: int,
    features: int = 1,
    latent_dim: int = 16,
    filters: int = 16,
    levels: int | None = None,
    seed: int | None = None,
    dtype: str | keras.DTypePolicy | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build a convolutional generator and discriminator of sequences.

    The generator ends in a convolution without activation, after `levels` transposed convolutions
    of size 4 and stride 2. The discriminator has as many convolutions of size 4 and stride 2, and
    ends in one logit. There is no normalization.

    Args:
        length: Times of a sequence; divisible by 2^levels.
        features: Numbers per time.
        latent_dim: Size of a latent.
        filters: Filters F of the level next to the sequence; each level has twice as many, at
            most 8F.
        levels: Halvings, at least 1; None: as often as the length is even, at most 4.
        seed: Determines the initial weights; None leaves them to Keras.
        dtype: Keras' dtype policy of the layers; None takes the global one.

    Returns:
        The generator, from latents (batch, latent_dim) to sequences (batch, length, features) of
        any range, and the discriminator, from there to (batch, 1).

    Raises:
        ValueError: If a size is not a positive integer, or `length` is not divisible.

    Example:
        >>> generator, discriminator = convolution_in_time(length=32, filters=4)
        >>> generator.output_shape, discriminator.output_shape
        ((None, 32, 1), (None, 1))

    Reference:
        Donahue, McAuley, Puckette, Adversarial Audio Synthesis, 2019 (WaveGAN, with strides of 4).
    """
    length = check_int("length", length, minimum=1)
    features = check_int("features", features, minimum=1)
    latent_dim = check_int("latent_dim", latent_dim, minimum=1)
    filters = check_int("filters", filters, minimum=1)
    levels = evenness(length) if levels is None else levels
    levels = check_levels("levels", levels, "length", length)
    weights = Weights(seed, dtype)
    widths = [filters * min(2**level, 8) for level in range(levels)]
    latents, short = keras.Input((latent_dim,)), length // 2**levels
    x = _leaky(dense(latents, short * widths[-1], weights), weights)
    x = keras.layers.Reshape((short, widths[-1]), dtype=weights.dtype)(x)
    for width in reversed(widths):
        x = convolve(x, width, 4, weights, layer=Conv1DTranspose, strides=2)
        x = _leaky(x, weights)
    x = convolve(x, features, 5, weights, layer=Conv1D)
    made = keras.layers.Activation("linear", dtype=weights.output_dtype)(x)
    x = samples = keras.Input((length, features))
    for width in widths:
        x = _leaky(convolve(x, width, 4, weights, layer=Conv1D, strides=2), weights)
    x = keras.layers.Flatten(dtype=weights.dtype)(x)
    generator = weights.model(latents, made, "generator")
    return generator, weights.model(samples, last_dense(x, 1, weights), "discriminator")


def _leaky(x: keras.KerasTensor, weights: Weights) -> keras.KerasTensor:
    return keras.layers.LeakyReLU(0.2, dtype=weights.dtype)(x)

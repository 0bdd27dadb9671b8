"""What the residual networks are made of."""

import keras

from tf_consensus.networks.layers import convolve
from tf_consensus.networks.weights import Weights


def activate(x: keras.KerasTensor, weights: Weights) -> keras.KerasTensor:
    """Leaky ReLU of slope 0.2, a layer of its own, so that the adjoint pass can be shared."""
    return keras.layers.LeakyReLU(0.2, dtype=weights.dtype)(x)


def residual_block(
    x: keras.KerasTensor, filters: int, hidden: int, weights: Weights
) -> keras.KerasTensor:
    """A residual block whose activations come first.

    It computes

        x_s + 0.1 · conv3×3(σ(conv3×3(σ(x)))),

    with σ the leaky ReLU of slope 0.2 and `hidden` filters between the convolutions. x_s is x, or a
    1×1 convolution of x without bias where x does not have `filters` channels.

    Args:
        x: feature map, (batch, height, width, channels).
        filters: channels of the result.
        hidden: channels between the two convolutions.
        weights: initializers and precision, `weights.Weights`.

    Returns:
        A feature map of the same side.
    """
    change = convolve(activate(x, weights), hidden, 3, weights)
    change = convolve(activate(change, weights), filters, 3, weights)
    if x.shape[-1] != filters:
        x = convolve(x, filters, 1, weights, bias=False)
    change = keras.layers.Rescaling(0.1, dtype=weights.dtype)(change)
    return keras.layers.Add(dtype=weights.dtype)([x, change])

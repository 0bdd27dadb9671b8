"""Measures the moving means and variances of batch normalization for the present weights."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.support.layers import walk

BATCHES, BATCH_SIZE = 16, 128
# Nothing else uses the draws from here on: training counts up from 0, evaluation down from -1.
_DRAW = tf.int64.min + 1000


def measure_statistics(network: keras.Model, batches: Iterable[Any]) -> None:
    """Sets each `BatchNormalization`'s moving mean and variance to their means over the batches.

    The network is called in training mode, in which each layer sees the output of the normalized
    layers before it for the same batch. Without such layers nothing is called.

    Args:
        network: Built model, changed in place.
        batches: Inputs of the network.
    """
    kind = keras.layers.BatchNormalization
    layers = [layer for layer in walk(network) if isinstance(layer, kind)]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    try:
        for index, inputs in enumerate(batches):
            for layer in layers:
                layer.momentum = index / (index + 1)  # a running mean of all batches
            network(inputs, training=True)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


def latent_batches(gan: keras.Model) -> Iterator[Any]:
    """Inputs of a GAN's generator, always the same: latents, and equally many labels per class."""
    for draw in range(_DRAW, _DRAW + 2 * BATCHES, 2):
        yield gan.drawn_inputs(BATCH_SIZE, gan.seed, draw)

"""The losses that layers add by themselves, each counted once.

Keras keeps two kinds in one list, `network.losses`: those of a call (activity regularizers,
`add_loss`), which the network's next call clears, and those of the weights (`kernel_regularizer`
and the like), which are the same after every call.
"""

import keras
import tensorflow as tf


def call_losses(network: keras.Model) -> list[tf.Tensor]:
    """Those of the network's last call. Read them right after it, in the same scope."""
    losses = network.losses  # the weights' come last
    return losses[: len(losses) - len(_regularized(network))]


def weight_losses(network: keras.Model) -> list[tf.Tensor]:
    """Those of the trainable weights."""
    return [weight.regularizer(weight) for weight in _regularized(network)]


def _regularized(network):
    return [weight for weight in network.trainable_weights if weight.regularizer is not None]

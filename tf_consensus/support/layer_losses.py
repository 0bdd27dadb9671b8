"""The losses that layers add by themselves, each counted once.

Keras keeps two kinds in one list, `network.losses`: those of a call (activity regularizers,
`add_loss`), which the network's next call clears, and those of the weights (`kernel_regularizer`
and the like), which are the same after every call.
"""

import keras
import tensorflow as tf

from tf_consensus.support.evaluation import current


def call_losses(network: keras.Model) -> list[tf.Tensor]:
    """The losses of the network's last call. Read them right after it, in the same scope."""
    losses = network.losses  # the weights' come last
    return losses[: len(losses) - len(_regularized(network))]


def weight_losses(network: keras.Model) -> list[tf.Tensor]:
    """The losses of the trainable weights."""
    return [weight.regularizer(weight) for weight in _regularized(network)]


def _regularized(network):
    return [weight for weight in network.trainable_weights if weight.regularizer is not None]


def added_losses(network: keras.Layer) -> list[tf.Tensor]:
    """The losses that the network's last call added, which are a player's from here on.

    Read them right after the call, where the game's losses are evaluated: the next call of the
    network clears them.
    """
    losses = call_losses(network)
    if (scope := current()) is not None:
        scope.take_losses(losses)
    return losses


def untaken_losses() -> int:
    """How many losses layers have added in this evaluation that `added_losses` did not return."""
    scope = current()
    return 0 if scope is None else scope.untaken

"""Warning of discriminators whose logits depend on the other examples of the batch."""

import warnings
import weakref

import keras

from tf_consensus.network_checks import all_layers

_WARNED = weakref.WeakSet()


def coupling_layers(network) -> list:
    """The layers that mix the examples of a batch in training: batch normalization."""
    normalization = keras.layers.BatchNormalization
    return [x for x in all_layers(network) if isinstance(x, normalization) and x.trainable]


def warn_of_coupling(discriminator) -> None:
    """Warns, once a discriminator, if the gradient of one example's logit is not defined."""
    names = [layer.name for layer in coupling_layers(discriminator)]
    if names and discriminator not in _WARNED:
        _WARNED.add(discriminator)
        warnings.warn(
            "A gradient penalty needs the gradient of each logit with respect to its own example, "
            f"and batch normalization ({', '.join(names)}) makes every logit depend on the whole "
            "batch. What is computed: the gradient of the sum of all logits with respect to each "
            "example. Build the discriminator without batch normalization, or with "
            "LayerNormalization or GroupNormalization.",
            UserWarning,
            stacklevel=3,
        )

"""Warning of discriminators whose logits depend on the other examples of the batch."""

import warnings
import weakref
from collections.abc import Callable

import tensorflow as tf

from tf_consensus.support.layers import coupling

_WARNED: weakref.WeakSet[Callable[..., tf.Tensor]] = weakref.WeakSet()


def warn_of_coupling(discriminator: Callable[..., tf.Tensor]) -> None:
    """Warns, once per discriminator, if the gradient of one example's logit is not defined.

    Args:
        discriminator: Keras model, or a function of samples.

    Raises:
        TypeError: if the discriminator is neither a network nor a function.
    """
    if not callable(discriminator):
        raise TypeError(
            "A discriminator is a Keras model or a function of samples. Received: "
            f"discriminator={discriminator!r}. Pass for example gan.discriminator."
        )
    names = [layer.name for layer in coupling(discriminator)]
    if names and discriminator not in _WARNED:
        _WARNED.add(discriminator)
        warnings.warn(
            "A gradient penalty needs the gradient of each logit with respect to its own example, "
            f"and layers such as batch normalization ({', '.join(names)}) make every logit depend "
            "on the whole batch. What is computed: the gradient of the sum of all logits with "
            "respect to each example. Build the discriminator without them, for example with "
            "LayerNormalization or GroupNormalization.",
            UserWarning,
            stacklevel=3,
        )

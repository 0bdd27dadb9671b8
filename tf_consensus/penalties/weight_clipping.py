"""Weight clipping, WGAN's way to a Lipschitz discriminator, as a Keras constraint."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus.support.checks import check_float
from tf_consensus.support.inputs import declared_inputs


@keras.saving.register_keras_serializable("tf_consensus")
class WeightClipping(keras.constraints.Constraint):
    """Keeps every weight in [-bound, bound]: w ← clip(w, ±bound) after each update.

    It is a Keras constraint: it belongs to the layers (`kernel_constraint`, `bias_constraint`), and
    every optimizer applies it. `clip_weights` gives it to all layers of a network. Training with it
    is not locally convergent on the Dirac-GAN.

    Args:
        bound: largest magnitude, positive.

    Raises:
        ValueError: if the bound is not finite and positive.

    Example:
        >>> WeightClipping(0.5)(keras.ops.array([-2.0, 0.25])).numpy().tolist()
        [-0.5, 0.25]

    Reference:
        Arjovsky, Chintala, Bottou, Wasserstein GAN, ICML 2017, algorithm 1.
    """

    def __init__(self, bound: float = 0.01) -> None:
        self.bound = check_float("bound", bound, zero=False)

    def __call__(self, w: tf.Tensor | keras.Variable) -> tf.Tensor:
        """The clipped weights."""
        return keras.ops.clip(w, -self.bound, self.bound)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"bound": self.bound}


def clip_weights(network: keras.Model, bound: float = 0.01) -> keras.Model:
    """A copy of a network, with the same weights, that keeps them in [-bound, bound].

    Args:
        network: functional or sequential Keras model.
        bound: largest magnitude, positive.

    Returns:
        The copy; every kernel and bias of its layers has the constraint `WeightClipping(bound)`.

    Raises:
        TypeError: if it is not a functional or sequential model.
        ValueError: if it is not built, or the bound is not finite and positive.
    """
    constraint = WeightClipping(bound)
    if not isinstance(network, keras.Sequential) and not declared_inputs(network):
        raise TypeError(
            "`clip_weights` copies a functional or sequential Keras model. Received: "
            f"{type(network).__name__}. Give the layers of another model "
            "kernel_constraint=WeightClipping(bound)."
        )
    if not network.built:
        raise ValueError(
            "The weights that are clipped must be there. Received: an unbuilt "
            f"{type(network).__name__}. Give it an Input layer or call it on a batch."
        )

    def constrained(layer):
        config = layer.get_config()
        keys = ("kernel_constraint", "bias_constraint")
        return layer.from_config({**config, **{k: constraint for k in keys if k in config}})

    copy = keras.models.clone_model(network, clone_function=constrained)
    copy.set_weights(network.get_weights())
    return copy

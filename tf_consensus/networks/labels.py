"""Labels as a generator's second input."""

from typing import Any

import keras

from tf_consensus.networks.weights import Weights
from tf_consensus.support.checks import check_int

_EMBEDDING = 32


@keras.saving.register_keras_serializable("tf_consensus")
class OnlyClass(keras.layers.Layer):
    """The one class there is, 0, once per example: (batch, …) to labels (batch,)."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """The labels."""
        return keras.ops.zeros(keras.ops.shape(inputs)[:1], "int32")

    def compute_output_spec(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """The labels' shape and type."""
        return keras.KerasTensor(inputs.shape[:1], "int32")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments: without a method of one's own Keras keeps no policy."""
        return super().get_config()


def check_classes(
    num_classes: int | None, embedding_dim: int | None
) -> tuple[int | None, int | None]:
    """The number of classes and the size of their embedding, both None without classes.

    Raises:
        ValueError: If one is not an integer of at least 1, or there is a size without classes.
    """
    if num_classes is None:
        if embedding_dim is None:
            return None, None
        raise ValueError(
            "`embedding_dim` is the size of a label's embedding, so it needs labels. Received: "
            f"embedding_dim={embedding_dim!r}, num_classes=None. Pass num_classes too, or leave "
            "embedding_dim out."
        )
    size = _EMBEDDING if embedding_dim is None else embedding_dim
    return check_int("num_classes", num_classes, minimum=1), check_int("embedding_dim", size, 1)


def latents_and_labels(
    latents: keras.KerasTensor,
    num_classes: int | None,
    embedding_dim: int | None,
    weights: Weights,
    stddev: float = 1.0,
) -> tuple[keras.KerasTensor | list[keras.KerasTensor], keras.KerasTensor]:
    """A generator's inputs, and the latents with the labels' embeddings beside them.

    The embeddings start normal, by default standard normal, as latents are, and are learned.
    Without classes both are the latents, and no initial weight is drawn.

    Args:
        latents: Symbolic input (batch, latent_dim).
        num_classes: Number of classes, or None.
        embedding_dim: Size of a label's embedding, or None.
        weights: Initializers and precision, `weights.Weights`.
        stddev: Standard deviation of the initial embeddings.

    Returns:
        The input or the list of two of them, and a tensor (batch, latent_dim + embedding_dim).
    """
    if num_classes is None:
        return latents, latents
    labels = keras.Input((), dtype="int32", name="labels")
    # An embedding's gradient is a sum over the examples, see `layers`.
    settings = {"embeddings_initializer": weights.normal(stddev), "dtype": weights.output_dtype}
    embedded = keras.layers.Embedding(num_classes, embedding_dim, **settings)(labels)
    both = keras.layers.Concatenate(dtype=weights.dtype)([latents, embedded])
    return [latents, labels], both

"""How many latent dimensions a generator takes."""

import keras

from tf_consensus.support.checks import check_count
from tf_consensus.support.inputs import input_shapes


def latent_size(generator: keras.Model, latent_dim: int | None) -> int:
    """The number of latent dimensions: the given one, or else that of the generator's first input.

    Args:
        generator: built Keras model of latents (batch, latent_dim), or [latents, labels].
        latent_dim: the user's number; `None` uses the generator's.

    Raises:
        ValueError: if the given number is not a positive integer, or none is given and the
            generator takes inputs of another rank or of any size.

    Example:
        >>> latent_size(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), None)
        3
    """
    if latent_dim is not None:
        return check_count("latent_dim", latent_dim, "None takes the generator's input size.")
    shape = input_shapes(generator)[0]
    if len(shape) != 2:
        raise ValueError(
            "A generator takes latents of shape (batch, latent_dim). Received: a generator of "
            f"input shape {shape}. Begin it with keras.Input((latent_dim,)) and a Reshape layer; "
            "models.StructuredGAN takes latents of any shape."
        )
    if shape[1] is None:
        raise ValueError(
            "`latent_dim` is read from a generator that takes latents of one size. Received: a "
            f"generator of input shape {shape}. Pass latent_dim=..., or begin the generator with "
            "keras.Input((latent_dim,))."
        )
    return int(shape[1])

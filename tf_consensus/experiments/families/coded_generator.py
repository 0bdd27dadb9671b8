"""The generator of an `InfoGAN` as one that takes labels: the values of its code."""

import keras

from tf_consensus.experiments.errors import RunError
from tf_consensus.models.info_gan import InfoGAN


def coded_generator(model: InfoGAN) -> keras.Model:
    """A generator of [latents, labels] that shares the model's weights.

    A label is the number of a value of the categorical code. The continuous codes are 0, the middle
    of their range.

    Args:
        model: An `InfoGAN` with one categorical code.

    Raises:
        RunError: If it has none, or several.
    """
    codes = model.codes
    if len(codes.categorical) != 1:
        raise RunError(
            "Labels stand for the values of one categorical code. Received: an InfoGAN with "
            f"{len(codes.categorical)}. Call its `generate` from Python."
        )
    latents = keras.Input((model.latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    parts = [latents, keras.ops.one_hot(labels, codes.categorical[0], dtype=latents.dtype)]
    if codes.continuous:
        parts.append(keras.ops.repeat(0.0 * latents[:, :1], codes.continuous, axis=1))
    made = model.generator(keras.ops.concatenate(parts, axis=1))
    return keras.Model([latents, labels], made, name="coded_generator")

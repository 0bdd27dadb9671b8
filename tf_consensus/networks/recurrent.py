"""Recurrent networks of sequences, (batch, length, features)."""

from collections.abc import Callable

import keras

from tf_consensus.networks.layers import last_dense
from tf_consensus.networks.weights import Weights
from tf_consensus.support.checks import check_bool, check_int

Layer = Callable[[bool], keras.layers.RNN]


def recurrent(
    cell: type[keras.Layer],
    length: int,
    features: int = 1,
    latent_dim: int = 16,
    units: int = 32,
    depth: int = 1,
    step_noise: int = 0,
    unroll: bool = False,
    seed: int | None = None,
    dtype: str | keras.DTypePolicy | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build a recurrent generator and discriminator.

    The generator repeats the latent at each time, runs `depth` recurrent layers over it, and ends
    in a linear layer. The discriminator runs as many recurrent layers over the sequence in both
    directions, and ends in one logit. The layers are `keras.layers.RNN` of a cell, which never
    takes cuDNN's kernels: these have no second derivative.

    Args:
        cell: Class of the cells, `keras.layers.GRUCell` or `keras.layers.LSTMCell`.
        length: Times of a sequence.
        features: Numbers per time.
        latent_dim: Size of a latent.
        units: Units of a recurrent layer.
        depth: Recurrent layers of each network, at least 1.
        step_noise: Numbers of noise per time that the generator takes beside the latent, as
            `models.StructuredGAN` draws them; 0: none.
        unroll: Whether the loop over the times is written out. XLA needs it. Tracing takes longer.
        seed: Determines the initial weights; None leaves them to Keras.
        dtype: Keras' dtype policy of the layers; None takes the global one.

    Returns:
        The generator, from latents (batch, latent_dim), or from a list of latents and noise
        (batch, length, step_noise), to sequences (batch, length, features) of any range; and the
        discriminator, from there to (batch, 1).

    Raises:
        ValueError: If a size is not a positive integer (`step_noise`: at least 0).
        TypeError: If `unroll` is not a bool.

    Example:
        >>> generator, discriminator = recurrent(keras.layers.GRUCell, length=8, features=2)
        >>> generator.output_shape, discriminator.output_shape
        ((None, 8, 2), (None, 1))
    """
    length = check_int("length", length, minimum=1)
    features = check_int("features", features, minimum=1)
    latent_dim = check_int("latent_dim", latent_dim, minimum=1)
    units = check_int("units", units, minimum=1)
    depth = check_int("depth", depth, minimum=1)
    step_noise = check_int("step_noise", step_noise, minimum=0)
    weights, unroll = Weights(seed, dtype), check_bool("unroll", unroll)

    def layer(whole: bool, **options: bool) -> keras.layers.RNN:
        kernel, own = next(weights), keras.initializers.Orthogonal(seed=next(weights).seed)
        settings = {"kernel_initializer": kernel, "recurrent_initializer": own}
        cells = cell(units, dtype=weights.dtype, **settings)
        options |= {"return_sequences": whole, "unroll": unroll}
        return keras.layers.RNN(cells, dtype=weights.dtype, **options)

    latents = keras.Input((latent_dim,))
    inputs, x = latents, keras.layers.RepeatVector(length, dtype=weights.dtype)(latents)
    if step_noise:
        noise = keras.Input((length, step_noise))
        inputs, x = [latents, noise], keras.layers.Concatenate(dtype=weights.dtype)([x, noise])
    for _ in range(depth):
        x = layer(True)(x)
    generator = weights.model(inputs, last_dense(x, features, weights), "generator")
    x = samples = keras.Input((length, features))
    for number in range(depth):
        whole = number + 1 < depth
        both = layer(whole), layer(whole, go_backwards=True)
        x = keras.layers.Bidirectional(both[0], backward_layer=both[1], dtype=weights.dtype)(x)
    return generator, weights.model(samples, last_dense(x, 1, weights), "discriminator")

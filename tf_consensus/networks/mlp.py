"""The small dense networks of the 2D experiments."""

import keras

from tf_consensus.checks import check_int
from tf_consensus.networks.layers import dense, last_dense
from tf_consensus.networks.weights import Weights


def mlp(
    latent_dim: int = 16,
    data_dim: int = 2,
    width: int = 16,
    depth: int = 4,
    seed: int | None = None,
    dtype=None,
) -> tuple[keras.Model, keras.Model]:
    """Build a dense generator and discriminator.

    Both have `depth` hidden layers of `width` ReLU units and a linear output: by default the
    1,122 + 881 parameters of the mixture-of-Gaussians experiment. Weights are Glorot-uniform,
    biases 0.

    Args:
        latent_dim: Size of a latent.
        data_dim: Size of a sample.
        width: Units in a hidden layer.
        depth: Hidden layers; 0 leaves the linear output alone.
        seed: Determines the initial weights; None leaves them to Keras.
        dtype: Keras' dtype policy of the layers; None takes the global one.

    Returns:
        The generator, (batch, latent_dim) to (batch, data_dim), and the discriminator,
        (batch, data_dim) to logits (batch, 1).

    Raises:
        ValueError: If a size is not an integer of at least 1 (`depth`: 0), or `seed` no integer.

    Example:
        >>> generator, discriminator = mlp(seed=0)
        >>> generator.count_params(), discriminator.count_params()
        (1122, 881)
    """
    latent_dim = check_int("latent_dim", latent_dim, minimum=1)
    data_dim = check_int("data_dim", data_dim, minimum=1)
    hidden = [check_int("width", width, minimum=1)] * check_int("depth", depth, minimum=0)
    weights = Weights(seed, dtype)
    return (
        _dense_network(latent_dim, hidden, data_dim, weights, "generator"),
        _dense_network(data_dim, hidden, 1, weights, "discriminator"),
    )


def _dense_network(inputs, hidden, outputs, weights, name):
    first = x = keras.Input((inputs,))
    for width in hidden:
        x = dense(x, width, weights)
        # A layer of its own, so that the adjoint pass can be shared.
        x = keras.layers.ReLU(dtype=weights.dtype)(x)
    return weights.model(first, last_dense(x, outputs, weights), name)

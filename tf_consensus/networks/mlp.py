"""The small dense networks of the 2D experiments."""

import keras

from tf_consensus.networks.heads import check_head, discriminator_of
from tf_consensus.networks.labels import check_classes, latents_and_labels
from tf_consensus.networks.layers import dense, last_dense
from tf_consensus.networks.weights import Weights
from tf_consensus.support.checks import check_int


def mlp(
    latent_dim: int = 16,
    data_dim: int = 2,
    width: int = 16,
    depth: int = 4,
    seed: int | None = None,
    dtype: str | keras.DTypePolicy | None = None,
    num_classes: int | None = None,
    embedding_dim: int | None = None,
    head: str | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build a dense generator and discriminator.

    Both have `depth` hidden layers of `width` ReLU units and a linear output: by default the
    1,122 + 881 parameters of the mixture-of-Gaussians experiment. Weights are Glorot-uniform,
    biases 0. With classes the generator's first layer takes the latent and the label's embedding,
    and the discriminator has one logit per class.

    Args:
        latent_dim: Size of a latent.
        data_dim: Size of a sample.
        width: Units in a hidden layer.
        depth: Hidden layers; 0 leaves only the linear output.
        seed: Determines the initial weights; None leaves them to Keras.
        dtype: Keras' dtype policy of the layers; None takes the global one.
        num_classes: Number of classes; None for networks that take no labels.
        embedding_dim: Size of a label's embedding; None is 32; only with labels.
        head: What the discriminator ends in, see `heads.discriminator_of`: None, "projection",
            "auxiliary" or "features".

    Returns:
        The generator, from latents (batch, latent_dim), or from a list of latents and integer
        labels (batch,), to (batch, data_dim); and the discriminator, from there to one logit per
        class, (batch, num_classes), or (batch, 1).

    Raises:
        ValueError: If a size is not an integer of at least 1 (`depth`: 0), `embedding_dim` is given
            without `num_classes`, or `seed` is not an integer.

    Example:
        >>> generator, discriminator = mlp(seed=0)
        >>> generator.count_params(), discriminator.count_params()
        (1122, 881)
    """
    latent_dim = check_int("latent_dim", latent_dim, minimum=1)
    data_dim = check_int("data_dim", data_dim, minimum=1)
    hidden = [check_int("width", width, minimum=1)] * check_int("depth", depth, minimum=0)
    classes = check_classes(num_classes, embedding_dim)
    head = check_head(head, num_classes)
    weights = Weights(seed, dtype)
    inputs, x = latents_and_labels(keras.Input((latent_dim,)), *classes, weights)
    generator = last_dense(_hidden(x, hidden, weights), data_dim, weights)
    samples = keras.Input((data_dim,))
    made = weights.model(inputs, generator, "generator")
    features = _hidden(samples, hidden, weights)
    return made, discriminator_of(samples, features, (classes[0], head), weights)


def _hidden(x, widths, weights):
    for width in widths:
        x = dense(x, width, weights)
        # A layer of its own, so that the adjoint pass can be shared.
        x = keras.layers.ReLU(dtype=weights.dtype)(x)
    return x

"""Initial weights that one seed determines."""

import random
from collections.abc import Iterator

import keras

from tf_consensus.checks import check_int


def glorot_uniforms(seed: int | None) -> Iterator[keras.initializers.Initializer]:
    """Yield one Glorot-uniform initializer a layer, endlessly.

    Layers must not share a seed: two of the same shape would start with the same weights.

    Args:
        seed: Determines the seed of every layer; None leaves them to Keras.

    Raises:
        ValueError: If `seed` is neither None nor an integer.
    """
    seeds = None if seed is None else random.Random(check_int("seed", seed))
    while True:
        yield keras.initializers.GlorotUniform(None if seeds is None else seeds.getrandbits(31))

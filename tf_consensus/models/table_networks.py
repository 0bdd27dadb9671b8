"""The networks of a game of tables: made, or checked."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus import networks
from tf_consensus.models.checks import check_built

_LATENT, _WIDTH, _DEPTH = 128, 256, 2


def table_networks(
    generator: Any, discriminator: Any, width: int, pack: int, seed: int | None
) -> tuple[keras.Model, keras.Model]:
    """Both networks, those that are `None` made as dense ones.

    Args:
        generator: latents to outputs (batch, width), or `None`.
        discriminator: packs of rows (batch, pack · width) to one logit per pack, or `None`.
        width: how many numbers a row has.
        pack: how many rows are judged together.
        seed: of initial weights.

    Raises:
        TypeError: if one is no Keras model.
        ValueError: if one is not built, or its shapes do not fit.
    """
    size = {"width": _WIDTH, "depth": _DEPTH, "latent_dim": _LATENT, "seed": seed}
    if generator is None:
        generator = networks.build("mlp", data_dim=width, **size)[0]
    if discriminator is None:
        discriminator = networks.build("mlp", data_dim=pack * width, **size)[1]
    _check("generator", generator, None, width)
    _check("discriminator", discriminator, pack * width, None)
    return generator, discriminator


def _check(key: str, network: Any, inputs: int | None, outputs: int | None) -> None:
    check_built(key, network)
    found = [network.input_shape, network.output_shape]
    single = not any(isinstance(shape, list | dict) for shape in found)
    wanted = [(None, inputs), (None, outputs)]
    known = inputs is not None or (single and found[0][-1] is not None)
    if not (single and known) or not all(
        tf.TensorShape(a).is_compatible_with(b) for a, b in zip(found, wanted, strict=True)
    ):
        rule = _RULES[key].format(outputs or inputs)
        raise ValueError(
            f"The {key} of a table must go {rule}. Received: a {key} from {found[0]} to "
            f"{found[1]}. Build it for the table."
        )


_RULES = {
    "generator": "from latents (None, latent_dim) to outputs (None, {})",
    "discriminator": "from packs of rows (None, {}) to logits (None, n)",
}

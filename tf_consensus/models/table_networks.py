"""The networks of a game of tables: made, or checked."""

from collections.abc import Sequence
from typing import Any

import keras

from tf_consensus import networks
from tf_consensus.models import heads
from tf_consensus.models.checks import Shape
from tf_consensus.support.inputs import input_shapes, sample_dtype

_LATENT, _WIDTH, _DEPTH = 128, 256, 2


def table_networks(
    generator: Any, discriminator: Any, widths: Sequence[int], pack: int, seed: int | None
) -> tuple[keras.Model, keras.Model, int]:
    """Both networks, dense ones in place of `None`, and the number of latent dimensions.

    Args:
        generator: latents, and conditions beside them, to outputs (batch, width), or `None`.
        discriminator: packs of rows (batch, pack · width), and of conditions beside them, to one
            logit per pack, or `None`.
        widths: how many numbers a row has, and a condition if there are such.
        pack: how many rows are judged together.
        seed: of initial weights.

    Raises:
        TypeError: if one is no Keras model, takes integers or returns them.
        ValueError: if one is not built, takes or returns several tensors, computes in float16, or
            its shapes do not fit.
    """
    width, categories = widths[0], sum(widths[1:])
    size = {"width": _WIDTH, "depth": _DEPTH, "latent_dim": _LATENT + categories, "seed": seed}
    if generator is None:
        generator = networks.build("mlp", data_dim=width, **size)[0]
    if discriminator is None:
        discriminator = networks.build("mlp", data_dim=pack * (width + categories), **size)[1]
    for key, network in (("generator", generator), ("discriminator", discriminator)):
        heads.check_network(key, network, 1)
    sample_dtype(discriminator)
    latents = (None, *input_shapes(generator)[0][1:])
    latent_dim = int(latents[1] or 0) - categories if len(latents) == 2 else 0
    known = latent_dim > 0
    made = heads.shape_after("generator", generator, latents, source="latents") if known else ()
    if made != (None, width):
        taken = f"latents (None, latent_dim{f' + {categories}' if categories else ''})"
        _refuse("generator", latents, made, f"from {taken} to (None, {width})")
    packs = (None, pack * (width + categories))
    logits = heads.shape_after("discriminator", discriminator, packs, source="packs of rows")
    if len(logits) != 2:
        _refuse("discriminator", packs, logits, f"from packs of rows {packs} to logits (None, n)")
    return generator, discriminator, latent_dim


def _refuse(key: str, taken: Shape, made: Shape, rule: str) -> None:
    raise ValueError(
        f"The {key} of a table must go {rule}. Received: a {key} from {taken} to "
        f"{made or 'unknown outputs'}. Build it for the table."
    )

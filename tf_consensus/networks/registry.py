"""From a network's name to its generator and discriminator."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras

from tf_consensus.networks.convolution_in_time import convolution_in_time
from tf_consensus.networks.dcgan import ARCHITECTURES, dcgan
from tf_consensus.networks.image_to_image import image_to_image
from tf_consensus.networks.mlp import mlp
from tf_consensus.networks.recurrent import recurrent
from tf_consensus.networks.residual import PRESETS, residual
from tf_consensus.networks.resnet import resnet
from tf_consensus.support.checks import unknown_argument
from tf_consensus.support.registry import Registry

_BUILDERS: dict[str, Callable] = {
    "mlp": mlp,
    "image_to_image": image_to_image,
    "sequence_gru": functools.partial(recurrent, keras.layers.GRUCell),
    "sequence_lstm": functools.partial(recurrent, keras.layers.LSTMCell),
    "sequence_conv": convolution_in_time,
    **{name: functools.partial(dcgan, name) for name in ARCHITECTURES},
    "resnet": functools.partial(resnet, "resnet", filters=64, latent_dim=64),
    "resnet_cf": functools.partial(resnet, "resnet_cf", filters=128, latent_dim=256),
    "residual": residual,
    **{name: functools.partial(residual, **preset) for name, preset in PRESETS.items()},
}
_NETWORKS = Registry("network", _BUILDERS)


def names() -> list[str]:
    """Return the names that `build` knows, sorted."""
    return sorted(_NETWORKS.names())


def build(
    name: str, *, dtype: str | keras.DTypePolicy | None = None, **settings: Any
) -> tuple[keras.Model, keras.Model]:
    """Build a generator and a discriminator.

    Args:
        name: One of `names()`.
        dtype: Keras' dtype policy of the layers, such as "mixed_bfloat16"; None takes the global
            one. Outputs have the variables' precision.
        **settings: The arguments of `mlp.mlp` for "mlp", of `image_to_image.image_to_image` for
            "image_to_image", of `recurrent.recurrent` for "sequence_gru" and "sequence_lstm", of
            `convolution_in_time.convolution_in_time` for "sequence_conv", of `resnet.resnet` for
            "resnet" and "resnet_cf", of `residual.residual` for "residual" and the names that start
            with "residual_", of `dcgan.dcgan` for the others. The "resnet" and "residual_" networks
            have the published sizes where no setting says otherwise.

    Returns:
        The generator, from latents of shape (batch, latent_dim) to samples, and the
        discriminator, from samples to logits of shape (batch, 1). With `num_classes`: the
        generator from a list of latents and integer labels (batch,), the discriminator to one
        logit per class, (batch, num_classes). With `head="projection"` the discriminator takes
        [samples, labels] and returns one logit; with "auxiliary" it returns [logit, class logits],
        as `models.ACGAN` takes it; with "features" it returns [logit, features], as
        `models.InfoGAN` takes it. "image_to_image" is another kind: its generator goes from images
        to images, and its discriminator to a map of logits, one per patch. The networks
        "sequence_…" make sequences (batch, length, features).

    Raises:
        ValueError: If the name is unknown, or a setting or `dtype` is unknown, missing or out of
            range.

    Example:
        >>> generator, discriminator = build("dcgan4_nobn", image_size=32, filters=4)
        >>> generator.output_shape, discriminator.output_shape
        ((None, 32, 32, 3), (None, 1))
    """
    if not isinstance(name, str) or name not in _NETWORKS.entries:
        raise ValueError(
            f"`name` must be that of a known network. Received: name={name!r}. "
            f"{_NETWORKS.nearest(name)}Choose one of {', '.join(names())}."
        )
    _check_settings(name, settings)
    return _NETWORKS.entries[name](dtype=dtype, **settings)


def _check_settings(name: str, settings: dict[str, Any]) -> None:
    signature = inspect.signature(_NETWORKS.entries[name])
    signature = signature.replace(return_annotation=inspect.Signature.empty)
    try:
        signature.bind_partial(**settings)  # reports what is unknown rather than missing
        signature.bind(**settings)
    except TypeError as error:
        raise ValueError(
            f"The settings of {name!r} must fit its builder: {error}. "
            f"Received: settings={settings!r}. {unknown_argument(error, signature.parameters)}"
            f"It takes {signature}."
        ) from None

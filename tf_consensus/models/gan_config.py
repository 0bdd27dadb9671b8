"""A GAN's constructor arguments as they are saved."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import keras

from tf_consensus.models.saving_checks import LOADING
from tf_consensus.support.configurable import deserialized

if TYPE_CHECKING:
    from tf_consensus.models.gan import GAN

CustomObjects: TypeAlias = dict[str, Any] | None  # classes by name, as Keras takes them


def config_of(gan: "GAN") -> dict[str, Any]:
    """The constructor's arguments, networks, objective and penalties serialized."""
    serialize = keras.saving.serialize_keras_object
    return {
        **LOADING,
        "name": gan.name,
        "generator": serialize(gan.generator),
        "discriminator": serialize(gan.discriminator),
        "latent_dim": gan.latent_dim,
        "objective": serialize(gan.objective),
        "penalties": [serialize(penalty) for penalty in gan.penalties],
        "seed": gan.seed,
        "num_classes": gan.num_classes,
        "allow_cut": gan.allow_cut,
        "verify": gan.verify,
    }


def arguments_of(config: Mapping[str, Any], custom_objects: CustomObjects = None) -> dict[str, Any]:
    """The constructor's arguments from a config.

    Raises:
        ValueError: if the objective or a penalty cannot be loaded; the message names it.
    """
    config = {key: value for key, value in config.items() if key not in LOADING}
    if isinstance(config.get("objective"), dict):
        config["objective"] = deserialized("objective", config["objective"], custom_objects)
    config["penalties"] = [
        deserialized("penalty", x, custom_objects) if isinstance(x, dict) else x
        for x in config.get("penalties", ())
    ]
    return {
        key: keras.saving.deserialize_keras_object(value, custom_objects)
        if isinstance(value, dict)
        else value
        for key, value in config.items()
    }

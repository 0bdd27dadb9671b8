"""What a run was started with."""

import json
from typing import Any

import keras

from tf_consensus.support.layers import walk

# The module of a serialized object's class, and automatic names; neither changes a result.
_LEFT_OUT = ("module", "registered_name", "name", "build_config", "shared_object_id")
# What makes a GAN's game; its networks are compared by their variables.
_OF_A_GAN = ("objective", "penalties", "latent_dim", "num_classes", "seed", "allow_cut")


def settings_of(model: keras.Model, more: Any = None) -> dict[str, Any]:
    """Optimizer, loss, layers and, for a GAN, objective, penalties and seed, as JSON holds them.

    What Keras cannot serialize is represented by its class alone.

    Args:
        model: The compiled model.
        more: Anything else that JSON can hold.

    Raises:
        ValueError: If JSON cannot hold `more`.
    """
    found = {"optimizer": _serialized(model.optimizer)}
    if isinstance(getattr(model, "loss", None), str | dict | list) or callable(model.loss):
        found["loss"] = _serialized(model.loss)
    found["layers"] = _layers(model)
    found |= {key: _serialized(getattr(model, key)) for key in _OF_A_GAN if hasattr(model, key)}
    try:
        found["settings"] = json.loads(json.dumps(more))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`settings` must be what JSON can hold. Received: settings={more!r} ({error}). Pass "
            "a dict of numbers, strings and lists."
        ) from error
    return found


def _layers(model):
    """The settings of all layers that hold no others, by number and class."""
    found = {}
    for number, layer in enumerate(walk(model)):
        if not [x for x in walk(layer) if x is not layer]:
            found[f"{number} {type(layer).__name__}"] = _config(layer)
    return found


def _config(layer):
    try:
        return _plain(layer.get_config())
    except (TypeError, ValueError, NotImplementedError):
        return type(layer).__name__


def _serialized(thing):
    try:
        return _plain(keras.saving.serialize_keras_object(thing))
    except (TypeError, ValueError, NotImplementedError):
        return type(thing).__name__


def _plain(config):
    """The configuration without what does not change a result; its class name and options."""
    if isinstance(config, dict):
        kept = {key: _plain(value) for key, value in config.items() if key not in _LEFT_OUT}
        return {"class": kept.pop("class_name"), **kept.pop("config")} if _is_object(kept) else kept
    if isinstance(config, list | tuple):
        return [_plain(value) for value in config]
    return config if isinstance(config, str | int | float | None) else type(config).__name__


def _is_object(kept):
    return "class_name" in kept and isinstance(kept.get("config"), dict)

"""Short digests of what a metric's value depends on, the same in every process."""

import functools
import hashlib
import inspect
import json
import types
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

# No output of a trained network depends on these settings.
_IRRELEVANT = {"build_config", "compile_config", "module", "seed", "shared_object_id", "trainable"}
_TRAINING = ("_initializer", "_regularizer", "_constraint")


def digest(parts: Iterable, length: int = 16) -> str:
    """The first hexadecimal digits of the SHA-256 of bytes, strings and arrays in turn.

    The type and the shape of an array count too.
    """
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            part = part.encode()
        if not isinstance(part, bytes):
            array = np.ascontiguousarray(part)
            sha.update(f"{array.dtype.str}{array.shape}".encode())
            part = array.tobytes()
        sha.update(part)
    return sha.hexdigest()[:length]


def of_weights(arrays: Iterable) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of the arrays' bytes, or of bytes themselves."""
    return digest(x if isinstance(x, bytes) else np.ascontiguousarray(x).tobytes() for x in arrays)


def of_network(model: keras.Model) -> str:
    """A digest of a functional model's layers, their connections and their weights.

    Names of layers, and settings that matter only in training, do not count. If a layer has no
    `get_config`, all layers of the model count by their classes and the shapes of their outputs.
    """
    return digest([_architecture(model), *model.get_weights()])


def of_function(function: Callable[..., Any] | None) -> str:
    """The name of a function and, unless it is this library's, a digest of what it computes.

    Layers and partial functions are functions too. Other objects count by their class.
    """
    if isinstance(function, functools.partial):
        options = repr(function.args), repr(sorted(function.keywords.items()))
        return f"{of_function(function.func)} with {digest(options, 8)}"
    name = name_of(function)
    if isinstance(function, keras.Layer):
        return f"{name} {digest([_architecture(function), *function.get_weights()], 8)}"
    code = getattr(function, "__code__", None)
    if function is None or code is None or function.__module__.startswith("tf_consensus."):
        return name
    held = [*inspect.getclosurevars(function).nonlocals.values(), *(function.__defaults__ or ())]
    # The text of other objects contains their address.
    values = [repr(x) for x in held if isinstance(x, int | float | str | bytes | None)]
    return f"{name} {digest([*_code(code), *values], 8)}"


def name_of(function: object) -> str:
    """The name of a function, or the class of another object; "None" for `None`."""
    return str(function) if function is None else getattr(function, "__name__", _kind(function))


def _kind(thing):
    return type(thing).__name__


def _architecture(layer):
    """Layers and their connections as text."""
    try:
        config = keras.saving.serialize_keras_object(layer)
    except NotImplementedError:
        return repr([(_kind(x), tuple(x.output.shape)) for x in getattr(layer, "layers", [])])
    return json.dumps(_plain(config), sort_keys=True)


def _code(code):
    """The instructions and constants of a function and of the functions in it."""
    yield code.co_code
    yield repr(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _code(constant)
        else:
            yield repr(constant)


def _plain(config, places=None):
    """The configuration with layers named by their places in the models."""
    if isinstance(config, list | tuple):
        return [_plain(item, places) for item in config]
    if not isinstance(config, dict):
        return config
    layers = config.get("layers")
    if isinstance(layers, list) and all(isinstance(x, dict) and "config" in x for x in layers):
        names = [layer.get("name") or layer["config"].get("name") for layer in layers]
        places = {name: k for k, name in enumerate(names)}
    # A layer's name does not count; other objects' names, such as that of a precision, do.
    named = any(key in config for key in ("config", "trainable", "batch_shape", "layers"))
    kept = {}
    for key, value in config.items():
        if key in _IRRELEVANT or key.endswith(_TRAINING) or (named and key == "name"):
            continue
        if key == "keras_history":
            kept[key] = _placed(value, places)
        elif key in ("input_layers", "output_layers"):
            kept[key] = _ends(value, places)
        else:
            kept[key] = _plain(value, places)
    return kept


def _placed(history, places):
    """A layer's name, the call's number and the output's number, with the name replaced."""
    name, *numbers = history
    return [places.get(name, name), *numbers]


def _ends(value, places):
    """The inputs or outputs of a model: one, or lists and dicts of them."""
    if isinstance(value, dict):
        return {key: _ends(item, places) for key, item in value.items()}
    if value and isinstance(value[0], str):
        return _placed(value, places)
    return [_ends(item, places) for item in value]

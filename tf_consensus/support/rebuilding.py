"""Rebuilds a network in another precision, with the same weights."""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.support.layers import walk

_FLOATS = ("float16", "bfloat16", "float32", "mixed_float16", "mixed_bfloat16")
# What constructors and configs of a user's classes raise where they do not fit together.
_MISFITS = (
    *(AttributeError, ImportError, KeyError, NotImplementedError, RuntimeError),
    *(TypeError, ValueError, tf.errors.OpError),
)


class CannotRebuildError(ValueError):
    """A network is not described by its config."""


def rebuild(network: keras.Model, inputs: Any, dtype: str | None = "float64") -> keras.Model:
    """A network of the same config and weights, all layers in one precision.

    It leaves Python's random state alone, which layers' constructors draw seeds from.

    Args:
        network: built Keras model.
        inputs: a batch to call it on, where it is not built by its config.
        dtype: dtype of layers and variables; `None` keeps each as it is.

    Raises:
        CannotRebuildError: if the config does not describe the whole network.
    """
    with _as_if_never(dtype):
        try:
            config = keras.saving.serialize_keras_object(network)
            if dtype is not None:
                config = _with_dtype(config, dtype)
            other = keras.saving.deserialize_keras_object(config, _custom_objects(network))
            if not other.built or len(other.variables) != len(network.variables):
                other(inputs, training=False)
            _copy(network, other)
            _compare(network, other, inputs)
        except _MISFITS as error:
            raise CannotRebuildError(
                f"'{network.name}' cannot be made again from its config: {str(error)[:200]}"
            ) from error
    return other


def _copy(network, other):
    shapes = [[tuple(x.shape) for x in n.variables] for n in (network, other)]
    trained = [[tuple(x.shape) for x in n.trainable_variables] for n in (network, other)]
    if shapes[0] != shapes[1] or trained[0] != trained[1]:
        raise ValueError("it has other variables than its config says")
    for x, y in zip(network.variables, other.variables, strict=True):
        y.assign(keras.ops.cast(keras.ops.convert_to_numpy(x.value), y.dtype))


def _compare(network, other, inputs):
    with keras.StatelessScope():
        y, z = (n(tf.nest.map_structure(_as(n), inputs), training=False) for n in (network, other))
    y, z = np.array(y, np.float64), np.array(z, np.float64)
    if not np.allclose(y, z, rtol=0.05, atol=0.05 * np.abs(y).max()):
        raise ValueError("it computes something else than its config says")


def _as(network):
    """Makes floating tensors those of the network's precision."""
    dtype = network.variables[0].dtype
    return lambda t: tf.cast(t, dtype) if t.dtype.is_floating else t


def _with_dtype(config, dtype):
    """The config with every floating dtype and dtype policy in it replaced."""
    if isinstance(config, list | tuple):
        return type(config)(_with_dtype(x, dtype) for x in config)
    if not isinstance(config, dict):
        return config
    return {
        key: _replaced(value, dtype) if key == "dtype" else _with_dtype(value, dtype)
        for key, value in config.items()
    }


def _replaced(value, dtype):
    name = value.get("config", {}).get("name") if isinstance(value, dict) else value
    return dtype if name in _FLOATS else value


def _custom_objects(network):
    """By name: the classes and functions that the config of the network's layers may name."""
    layers = walk(network)
    held = [value for layer in layers for value in vars(layer).values() if callable(value)]
    kinds = [type(x) for x in [*layers, *held]]
    own = [x for x in [*kinds, *held] if not _is_of_keras(x) and hasattr(x, "__name__")]
    return {x.__name__: x for x in own}


def _is_of_keras(value):
    return (getattr(value, "__module__", None) or "").split(".")[0] in ("keras", "builtins")


@contextlib.contextmanager
def _as_if_never(dtype) -> Iterator[None]:
    """After the block, Python's random state and this thread's dtype policy are as they were."""
    state, policy = random.getstate(), keras.config.dtype_policy()
    try:
        if dtype is not None:
            keras.config.set_dtype_policy(dtype)
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        random.setstate(state)

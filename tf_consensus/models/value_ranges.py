"""Finds the range of a network's outputs, as far as its last layers show it."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import keras

from tf_consensus.support.inputs import declared_inputs

_L = keras.layers
# The ranges of activations. All of them include 0, or come arbitrarily near to it, so zeros that a
# layer inserts stay in the range.
_RANGES = {
    **dict.fromkeys(("tanh", "softsign", "hard_tanh"), (-1.0, 1.0)),
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "softmax"), (0.0, 1.0)),
    **dict.fromkeys(("relu", "softplus", "exponential"), (0.0, math.inf)),
}
# Keras' operations, as `keras.ops` records them in a functional model, have no public classes.
_OPERATIONS = {name.replace("_", ""): name for name in _RANGES}
_KEEPING_OPERATIONS = {
    "Cast", "ExpandDims", "Flatten", "GetItem", "Identity", "Max", "Mean", "Min", "Ravel",
    "Reshape", "Squeeze", "Transpose",
}  # fmt: skip
_KEEPING = (
    _L.Reshape, _L.Flatten, _L.Permute, _L.RepeatVector, _L.Identity,
    _L.Cropping1D, _L.Cropping2D, _L.Cropping3D,
    _L.ZeroPadding1D, _L.ZeroPadding2D, _L.ZeroPadding3D,
    _L.AveragePooling1D, _L.AveragePooling2D, _L.AveragePooling3D,
    _L.MaxPooling1D, _L.MaxPooling2D, _L.MaxPooling3D,
    _L.GlobalAveragePooling1D, _L.GlobalAveragePooling2D, _L.GlobalAveragePooling3D,
    _L.GlobalMaxPooling1D, _L.GlobalMaxPooling2D, _L.GlobalMaxPooling3D,
    _L.UpSampling1D, _L.UpSampling3D,
    # Samples are made without these layers.
    _L.Dropout, _L.SpatialDropout1D, _L.SpatialDropout2D, _L.SpatialDropout3D,
)  # fmt: skip


class End(NamedTuple):
    """What bounds the outputs of a network.

    Attributes:
        layer: name of the layer.
        activation: name of its activation.
        low: the smallest value.
        high: the largest value; infinite if there is none.
    """

    layer: str
    activation: str
    low: float
    high: float


def end_of(network: keras.Model, output: int = 0) -> End | None:
    """The activation that bounds a network's output; layers after it may keep the range.

    Args:
        network: any Keras model. Nothing is known about one that is not sequential or functional.
        output: which of its outputs.

    Returns:
        The end; `None` if nothing bounds the output, or it is not known what does.

    Example:
        >>> layers = [keras.layers.Dense(4, activation="tanh"), keras.layers.Reshape((2, 2))]
        >>> end_of(keras.Sequential([keras.Input((3,)), *layers]))[1:]
        ('tanh', -1.0, 1.0)
    """
    for operation in _backwards(network, output):
        activation = _activation(operation)
        if activation in _RANGES:
            return End(operation.name, activation, *_RANGES[activation])
        if not _keeps(operation):
            return None
    return None


def _backwards(operation: keras.Operation, output: int = 0) -> Iterator[keras.Operation]:
    """The operations that lead to an output, the last first, as long as there is one path."""
    if _is_kerass(operation) and isinstance(operation, _L.Wrapper):
        yield from _backwards(operation.layer)
    elif _is_kerass(operation) and isinstance(operation, keras.Sequential):
        for layer in reversed(operation.layers):
            yield from _backwards(layer)
    elif _is_kerass(operation) and declared_inputs(operation):
        yield from _along(operation.outputs[output])
    else:
        yield operation


def _along(tensor: keras.KerasTensor) -> Iterator[keras.Operation]:
    while True:
        operation, node, output = tensor._keras_history
        if isinstance(operation, _L.InputLayer):
            return
        yield from _backwards(operation, output)
        parents = operation._inbound_nodes[node].input_tensors
        if len(parents) != 1:
            return
        tensor = parents[0]


def _is_kerass(operation: keras.Operation) -> bool:
    """Whether it is exactly of Keras' class or of one of ours: a subclass may do anything."""
    does = type(operation).call if isinstance(operation, keras.Layer) else type(operation)
    return does.__module__.split(".")[0] in ("keras", "tf_consensus")


def _activation(operation: keras.Operation) -> str:
    """The name of an operation's activation, "linear" or "" if there is none."""
    if not _is_kerass(operation):
        return ""
    kind = type(operation).__name__
    if isinstance(operation, _L.ReLU):
        return "" if operation.negative_slope else "relu"
    if isinstance(operation, _L.Softmax) or not isinstance(operation, keras.Layer):
        return _OPERATIONS.get(kind.lower(), "")
    activation = getattr(operation, "activation", None)
    if isinstance(activation, keras.Layer):
        return _activation(activation)
    # A user's function may have the name of one of Keras'.
    origin = getattr(activation, "__module__", None) or ""
    known = origin.split(".")[0] in ("keras", "tensorflow")
    return getattr(activation, "__name__", "") if known else ""


def _keeps(operation: keras.Operation) -> bool:
    """Whether its outputs stay in every range that holds its inputs and 0."""
    if not _is_kerass(operation):
        return False
    if isinstance(operation, _L.Activation):
        return _activation(operation) == "linear"
    if isinstance(operation, _L.UpSampling2D):
        # The other interpolations overshoot.
        return operation.interpolation in ("nearest", "bilinear")
    named = type(operation).__name__ in _KEEPING_OPERATIONS
    return isinstance(operation, _KEEPING) or (named and not isinstance(operation, keras.Layer))

"""Lists layers that are affine in their input, piecewise linear, or smooth."""

import keras

from tf_consensus.networks import layers as exact

_LAYERS = keras.layers
_AFFINE = (
    *exact.EXACT,
    _LAYERS.Dense,
    _LAYERS.Conv1D,
    _LAYERS.Conv2D,
    _LAYERS.Conv3D,
    _LAYERS.Conv1DTranspose,
    _LAYERS.Conv2DTranspose,
    _LAYERS.Conv3DTranspose,
    _LAYERS.DepthwiseConv1D,
    _LAYERS.DepthwiseConv2D,
)
_PIECEWISE_LINEAR = (
    _LAYERS.InputLayer,
    _LAYERS.Identity,
    _LAYERS.ReLU,
    _LAYERS.LeakyReLU,
    _LAYERS.Flatten,
    _LAYERS.Reshape,
    _LAYERS.Permute,
    _LAYERS.Rescaling,
    _LAYERS.Add,
    _LAYERS.Subtract,
    _LAYERS.Average,
    _LAYERS.AveragePooling1D,
    _LAYERS.AveragePooling2D,
    _LAYERS.AveragePooling3D,
    _LAYERS.GlobalAveragePooling1D,
    _LAYERS.GlobalAveragePooling2D,
    _LAYERS.GlobalAveragePooling3D,
    _LAYERS.UpSampling1D,
    _LAYERS.ZeroPadding1D,
    _LAYERS.ZeroPadding2D,
    _LAYERS.Cropping1D,
    _LAYERS.Cropping2D,
)
_LINEAR_ACTIVATIONS = (
    keras.activations.linear,
    keras.activations.relu,
    keras.activations.leaky_relu,
)
_SMOOTH_ACTIVATIONS = (
    keras.activations.elu,
    keras.activations.gelu,
    keras.activations.selu,
    keras.activations.sigmoid,
    keras.activations.silu,
    keras.activations.softplus,
    keras.activations.tanh,
)


def is_known(layer: keras.Operation) -> bool:
    """Whether it treats each example by itself, and any parameters enter affinely."""
    kind = type(layer)
    if getattr(layer, "activity_regularizer", None) is not None:
        return False
    if kind in _AFFINE:
        own = {id(x) for x in (layer.kernel, layer.bias)}
        plain = all(id(x) in own for x in layer.weights)
        return plain and layer.activation is keras.activations.linear
    if kind is _LAYERS.Activation:
        return layer.activation in _LINEAR_ACTIVATIONS + _SMOOTH_ACTIVATIONS
    if kind is _LAYERS.UpSampling2D:
        return layer.interpolation == "nearest"
    return kind in _PIECEWISE_LINEAR


def is_smooth(layer: keras.Operation) -> bool:
    """Whether a known layer has a second derivative that is not 0."""
    return getattr(layer, "activation", None) in _SMOOTH_ACTIVATIONS

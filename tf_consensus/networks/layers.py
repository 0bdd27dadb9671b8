"""Layers without activation and with exact bias gradients; each takes the next initial weights.

A bias's gradient is a sum over examples and pixels. Outside of XLA, TensorFlow's CPU kernel
(BiasAddGrad) sums bfloat16 in bfloat16; that sum stops growing as soon as the terms are 2⁹ times
smaller than it: at 64 images of 32² most of the sum is lost. The layers here, otherwise Keras'
own, keep the bias out of autocasting: it is added, and its gradient summed, in its own precision.
"""

import keras

from tf_consensus.networks.weights import Weights


class _ExactBias:
    """A layer whose bias is used in the precision of the variable; mixed into one of Keras'."""

    compute_dtype: str

    def add_weight(self, *args, name=None, **options):
        if name == "bias":
            options["autocast"] = False
        return super().add_weight(*args, name=name, **options)  # type: ignore[misc]

    def call(self, inputs, **options):
        made = super().call(inputs, **options)  # type: ignore[misc]
        return keras.ops.cast(made, self.compute_dtype)


@keras.saving.register_keras_serializable("tf_consensus")
class Dense(_ExactBias, keras.layers.Dense):
    """`keras.layers.Dense` with the bias's gradient summed in the bias's precision."""


@keras.saving.register_keras_serializable("tf_consensus")
class Conv1D(_ExactBias, keras.layers.Conv1D):
    """`keras.layers.Conv1D` with the bias's gradient summed in the bias's precision."""


@keras.saving.register_keras_serializable("tf_consensus")
class Conv1DTranspose(_ExactBias, keras.layers.Conv1DTranspose):
    """`keras.layers.Conv1DTranspose` with the bias's gradient summed in the bias's precision."""


@keras.saving.register_keras_serializable("tf_consensus")
class Conv2D(_ExactBias, keras.layers.Conv2D):
    """`keras.layers.Conv2D` with the bias's gradient summed in the bias's precision."""


@keras.saving.register_keras_serializable("tf_consensus")
class Conv2DTranspose(_ExactBias, keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` with the bias's gradient summed in the bias's precision."""


EXACT = Dense, Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose


def convolve(
    x: keras.KerasTensor,
    filters: int,
    size: int,
    weights: Weights,
    *,
    layer: type[keras.Layer] = Conv2D,
    strides: int = 1,
    bias: bool = True,
) -> keras.KerasTensor:
    """A "same" convolution, without activation; `layer` may be a transposed or 1D one."""
    settings = {"strides": strides, "padding": "same", "use_bias": bias, "dtype": weights.dtype}
    return layer(filters, size, kernel_initializer=next(weights), **settings)(x)


def dense(
    x: keras.KerasTensor,
    units: int,
    weights: Weights,
    bias: bool = True,
    dtype: str | keras.DTypePolicy | None = None,
) -> keras.KerasTensor:
    """A dense layer without activation."""
    settings = {"use_bias": bias, "dtype": dtype or weights.dtype}
    return Dense(units, kernel_initializer=next(weights), **settings)(x)


def last_dense(x: keras.KerasTensor, units: int, weights: Weights) -> keras.KerasTensor:
    """A network's last layer, whose outputs have the variables' precision under mixed ones too."""
    return dense(x, units, weights, dtype=weights.output_dtype)


def last_tanh(x: keras.KerasTensor, weights: Weights) -> keras.KerasTensor:
    """The end of a generator of images; its precision is that of `last_dense`."""
    return keras.layers.Activation("tanh", dtype=weights.output_dtype)(x)

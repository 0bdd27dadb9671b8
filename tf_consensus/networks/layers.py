"""Layers without activation, each with the next of the initial weights."""

import keras


def convolve(x, filters, size, weights, *, layer=keras.layers.Conv2D, strides=1, bias=True):
    """A "same" convolution, or with `layer=Conv2DTranspose` its transpose, without activation."""
    settings = {"strides": strides, "padding": "same", "use_bias": bias}
    return layer(filters, size, kernel_initializer=next(weights), **settings)(x)


def dense(x, units, weights, bias=True):
    """A dense layer without activation."""
    return keras.layers.Dense(units, use_bias=bias, kernel_initializer=next(weights))(x)

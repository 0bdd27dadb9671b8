"""Bilinear resizing: TensorFlow's values, and derivatives against the dense matrix."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES
from tf_consensus.support.exact_resize import resize

SIZES = [(3, 2), (5, 7), (4, 4)]


def images(dtype="float32", shape=(2, 4, 3, 2)):
    return tf.cast(np.random.default_rng(0).normal(size=shape), dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("size", SIZES)
def test_values_are_tensorflows(size, dtype):
    x = images(dtype)
    for arguments in ({}, {"preserve_aspect_ratio": True}, {"method": "bicubic"}):
        expected, found = tf.image.resize(x, size, **arguments), resize(x, size, **arguments)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(resize(x[0], size), tf.image.resize(x[0], size))


def test_whole_numbers_and_unknown_sizes():
    x = tf.cast(100 * images(), tf.int32)
    np.testing.assert_array_equal(resize(x, (5, 7)), tf.image.resize(x, (5, 7)))
    unknown = tf.TensorSpec((None, None, None, 2), tf.float32)
    resized = tf.function(lambda x: resize(x, (5, 7)), input_signature=[unknown])
    np.testing.assert_array_equal(resized(images()), tf.image.resize(images(), (5, 7)))


def matrix(shape, size):
    """The dense matrix of the map, by TensorFlow's values on a basis."""
    basis = np.eye(int(np.prod(shape)), dtype=np.float32).reshape(-1, *shape)
    return tf.image.resize(basis, size).numpy().reshape(len(basis), -1).T.astype(np.float64)


def oracle(x, r):
    """With l = Σ sin(Rx): ∇l, then ∇½‖∇l‖², then the Hessian of l times a vector of ones."""
    y, x = r @ x, np.ones_like(x)
    first = r.T @ np.cos(y)
    second = -r.T @ (np.sin(y) * (r @ first))
    return first, second, -r.T @ (np.sin(y) * (r @ x))


@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
@pytest.mark.parametrize(
    ("mode", "size"), [*(("eager", s) for s in SIZES), ("graph", (3, 2)), ("xla", (5, 7))]
)
def test_derivatives(mode, size, dtype):
    x = images(dtype, (1, 4, 3, 1))

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(tf.sin(resize(x, size)))
        return tape.gradient(loss, x)

    def evaluate():
        with tf.GradientTape() as tape:
            tape.watch(x)
            first = slope(x)
            square = tf.reduce_sum(first * first) / 2
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as forward:
            again = slope(x)
        return first, tape.gradient(square, x), forward.jvp(again)

    found = MODES[mode](evaluate)()
    point = x.numpy().astype(np.float64).ravel()
    for a, b in zip(found, oracle(point, matrix((4, 3, 1), size)), strict=True):
        tolerance = 0.1 if dtype == "bfloat16" else 1e-5
        np.testing.assert_allclose(tf.cast(tf.reshape(a, -1), tf.float64), b, atol=tolerance)


def test_third_derivative_by_the_graphs_own_gradients():
    x = images(shape=(1, 4, 3, 1))

    @tf.function
    def evaluate():
        loss = tf.reduce_sum(tf.sin(resize(x, (5, 7))))
        (first,) = tf.gradients(loss, x)
        (second,) = tf.gradients(tf.reduce_sum(first), x)
        (third,) = tf.gradients(tf.reduce_sum(second), x)
        return third

    r = matrix((4, 3, 1), (5, 7))
    y, ones = r @ x.numpy().ravel(), r @ np.ones(12)
    np.testing.assert_allclose(tf.reshape(evaluate(), -1), -r.T @ (np.cos(y) * ones**2), atol=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_forward_product_of_a_game(mode):
    x = tf.Variable(images())
    layer = keras.layers.UpSampling2D(2, interpolation="bilinear")
    game = tfc.Game(lambda: [tf.reduce_sum(tf.sin(layer(x.read_value())))], [[x]])
    ones = [tf.ones_like(x)]
    (found,) = MODES[mode](lambda: game.jvp(ones))()
    (pulled,) = game.linearize().vjp(ones)  # one player: v' is symmetric
    np.testing.assert_allclose(found, pulled, rtol=1e-5, atol=1e-6)
    assert np.abs(pulled).max() > 0.1

"""Second and third derivatives of slices under XLA, against the same game without slices."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from oracles import flat
from tf_consensus.games.missing_gradients import update_slice_gradient

ROWS = np.eye(3, 2, k=-1)  # puts two rows below a first one of zeros
COLUMNS = np.eye(2, 4, k=1)


def sliced(x, u):
    """A block set, a block taken, padded and concatenated."""
    x = keras.ops.slice_update(x * x, [1, 1], u * u * u)
    below = tf.pad(tf.sin(tf.slice(x, [1, 0], [2, 3])), [[1, 0], [0, 0]])
    return tf.concat([below, x], axis=1)


def multiplied(x, u):
    """The same by products with constant matrices."""
    block = ROWS @ tf.ones_like(u) @ COLUMNS
    x = x * x * (1 - block) + ROWS @ (u * u * u) @ COLUMNS
    below = ROWS @ tf.sin(ROWS.T @ x @ np.eye(4, 3))
    return below @ np.eye(3, 7) + x @ np.eye(4, 7, k=3)


def products(build, jit):
    """v, v'ᵀv and v'v, twice, of a game whose losses have slices of several orders in them."""
    rng = np.random.default_rng(0)
    x, u = (tf.Variable(rng.normal(size=shape)) for shape in ((3, 4), (2, 2)))

    def losses():
        y = build(x.read_value(), u.read_value())
        value = tf.reduce_sum(y * y * tf.cos(y))
        with tf.GradientTape() as tape:
            tape.watch([x, u])
            inner = tf.reduce_sum(tf.sin(build(x.read_value(), u.read_value())))
        penalty = tf.reduce_sum(tf.square(tape.gradient(inner, x)))
        return value + penalty, penalty - value

    @tf.function(jit_compile=jit, autograph=False)
    def evaluate():
        game = tfc.Game(losses, [[x], [u]])
        linearization = game.linearize()
        v = linearization.v
        return v, linearization.vjp(v), game.jvp(v), linearization.jvp(v)

    return [flat(part) for part in evaluate()]


def test_products_of_sliced_losses():
    for got, expected in zip(products(sliced, True), products(multiplied, False), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11)


@pytest.mark.parametrize("start", [[0, 0], [1, 2]])
def test_gradient_by_hand(start):
    class Operation:
        inputs = tf.zeros((3, 4)), tf.zeros((2, 2)), tf.constant(start)

    gradient = np.arange(12.0, dtype=np.float32).reshape(3, 4)
    outside, inside, nothing = update_slice_gradient(Operation, tf.constant(gradient))
    a, b = start
    np.testing.assert_array_equal(inside, gradient[a : a + 2, b : b + 2])
    gradient[a : a + 2, b : b + 2] = 0
    np.testing.assert_array_equal(outside, gradient)
    assert nothing is None

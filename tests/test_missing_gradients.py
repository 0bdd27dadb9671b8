"""Gradients that TensorFlow lacks, against the same functions without them, or differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import flat
from tf_consensus.games.missing_gradients import register, update_slice_gradient

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


def third_derivative(a, b, w):
    """That of concatenated rows, as consensus optimization takes of a gradient penalty."""
    with tf.GradientTape() as third:
        third.watch(w)
        with tf.GradientTape() as second:
            second.watch(w)
            with tf.GradientTape() as first:
                first.watch(a)
                y = tf.reduce_sum(tf.sin(tf.concat([a, b], axis=1) @ w))
            penalty = tf.reduce_sum(first.gradient(y, a) ** 2)
        energy = tf.reduce_sum(second.gradient(penalty, w) ** 2)
    return third.gradient(energy, w)


def test_batches_of_unknown_size_under_xla():
    rng = np.random.default_rng(0)
    some = tf.TensorSpec((None, 2), tf.float64)
    fixed = tf.TensorSpec((4, 3), tf.float64)
    compiled = tf.function(
        third_derivative, input_signature=[some, some, fixed], jit_compile=True, autograph=False
    )
    for number in (3, 5):
        a, b, w = (tf.constant(rng.normal(size=size)) for size in ((number, 2),) * 2 + ((4, 3),))
        np.testing.assert_allclose(compiled(a, b, w), third_derivative(a, b, w), rtol=1e-11)


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


def test_tensorflows_own_gradient_stays():
    before = tf.raw_ops.Softsign(features=[1.0])
    register("Softsign")(lambda op, gradient: 0 * gradient)
    x = tf.constant([1.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.nn.softsign(x)
    np.testing.assert_allclose(y, before)
    np.testing.assert_allclose(tape.gradient(y, x), [0.25])


def dense_jacobian(function, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = function(x)
    return tape.jacobian(y, x, experimental_use_pfor=False).numpy()


@pytest.mark.parametrize("method", ["nearest", "bicubic", "area", "lanczos3", "gaussian"])
@pytest.mark.parametrize("antialias", [False, True])
def test_resizing_is_differentiated_as_a_linear_map(method, antialias):
    """The derivative of g ↦ Rᵀg is the transposed of that of x ↦ Rx."""
    x = tf.random.stateless_normal((1, 4, 3, 1), (0, 1))

    def forward(x):
        return tf.image.resize(x, (3, 5), method, antialias=antialias)

    def backward(g):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = forward(x)
        return tape.gradient(y, x, g)

    r = dense_jacobian(forward, x).reshape(15, 12)
    transposed = dense_jacobian(backward, tf.zeros((1, 3, 5, 1))).reshape(12, 15)
    np.testing.assert_allclose(transposed, r.T, atol=1e-6)
    np.testing.assert_allclose(r @ x.numpy().ravel(), forward(x).numpy().ravel(), atol=1e-5)


def test_mixed_derivative_of_a_crop_by_its_boxes():
    image = tf.random.stateless_normal((1, 5, 5, 1), (0, 1))
    boxes = np.array([[0.1, 0.15, 0.8, 0.9]], np.float32)

    def slope(boxes):
        """The gradient by the image of the sum of sines of a crop."""
        with tf.GradientTape() as tape:
            tape.watch(image)
            crop = tf.image.crop_and_resize(image, boxes, [0], (3, 3))
            loss = tf.reduce_sum(tf.sin(crop))
        return tape.gradient(loss, image)

    found = dense_jacobian(slope, tf.constant(boxes)).reshape(25, 4)
    h = 1e-3
    for i, step in enumerate(h * np.eye(4, dtype=np.float32)):
        difference = (slope(boxes + step) - slope(boxes - step)) / (2 * h)
        np.testing.assert_allclose(found[:, i], np.ravel(difference), atol=5e-3)
    assert np.abs(found).max() > 0.5


def test_gradient_of_contrast_by_its_factor():
    x = tf.random.stateless_normal((2, 3, 3, 2), (0, 1))
    weights = tf.random.stateless_normal(x.shape, (0, 2))

    def weighted(factor):
        return tf.reduce_sum(weights * tf.image.adjust_contrast(x, factor))

    found = dense_jacobian(weighted, tf.constant(1.5))
    np.testing.assert_allclose(found, weighted(2.0) - weighted(1.0), rtol=1e-4)

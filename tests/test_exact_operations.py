"""Second derivatives that TensorFlow has wrong are right, wherever the gradients come from."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import central_jacobian, flat

import tf_consensus as tfc
from tf_consensus.support.exact_operations import exact_operations

L = keras.layers
REAL = np.random.default_rng(0).normal(size=(8, 4))
TARGETS = np.random.default_rng(1).normal(size=(8, 1))

NORMALIZATIONS = {
    "batch": lambda: [L.BatchNormalization()],
    "layer": lambda: [L.LayerNormalization()],
    "group": lambda: [L.GroupNormalization(2)],
    "instance": lambda: [L.Reshape((3, 2)), L.GroupNormalization(-1), L.Flatten()],
    "rms": lambda: [L.RMSNormalization()],
    "unit": lambda: [L.UnitNormalization()],
    "own": lambda: [OwnNormalization()],
}


class OwnNormalization(L.Layer):
    """A user's layer that calls the moments by itself."""

    def call(self, x):
        mean, variance = keras.ops.moments(x, [-1], keepdims=True)
        again, _ = tf.nn.moments(x, [0])
        return (x - mean) / tf.sqrt(variance + 1e-3) + again


def network(kind):
    keras.utils.set_random_seed(0)
    middle = NORMALIZATIONS[kind]()
    return keras.Sequential(
        [keras.Input((4,)), L.Dense(6), *middle, L.Activation("tanh"), L.Dense(1)]
    )


def test_names_stand_for_exact_functions_in_the_block_alone():
    names = [(tf.nn, "moments"), (tf.image, "resize"), (tf.random, "stateless_normal")]
    before = [getattr(*name) for name in names]
    with exact_operations():
        with pytest.raises(ValueError, match="nothing"), exact_operations():
            raise ValueError("nothing")
        assert all(getattr(*name) is not old for name, old in zip(names, before, strict=True))
    assert [getattr(*name) for name in names] == before


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_moments_have_tensorflows_values(dtype, keepdims):
    x = tf.cast(np.random.default_rng(0).normal(size=(4, 3, 2)), dtype)
    expected = tf.nn.moments(x, [0, 2], keepdims=keepdims)
    with exact_operations():
        found = tf.nn.moments(x, [0, 2], keepdims=keepdims)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("kind", NORMALIZATIONS)
def test_the_drop_in_path_takes_the_step_of_the_game(float64, kind, jit_compile):
    def step(take):
        model = network(kind)
        start = flat(model.trainable_variables)
        take(model, tfc.ConsensusOptimizer("sgd", learning_rate=1.0, gamma=0.3))
        return flat(model.trainable_variables) - start

    def fit(model, optimizer):
        model.compile(optimizer, loss="mse", jit_compile=jit_compile)
        model.fit(REAL, TARGETS, batch_size=8, verbose=0, shuffle=False)

    def by_hand(model, optimizer):
        """w = v - γ ∇L, with ∇L by central differences of ½‖v‖²."""
        game = _game(model)
        start = flat(model.trainable_variables)

        def half_square(x):
            _assign(model, x)
            v = flat(game.linearize(second_order=False).v)
            return v @ v / 2

        gradient = central_jacobian(half_square, start)
        _assign(model, start)
        v = flat(game.linearize(second_order=False).v)
        _assign(model, start + v - 0.3 * gradient)

    np.testing.assert_allclose(step(fit), step(by_hand), rtol=1e-5, atol=1e-6)
    taken = step(lambda model, optimizer: optimizer.step(_game(model)))
    np.testing.assert_allclose(taken, step(by_hand), rtol=1e-5, atol=1e-6)


def _game(model):
    def losses():
        return [tf.reduce_mean((model(REAL, training=True) - TARGETS) ** 2)]

    return tfc.Game(losses, [model.trainable_variables])


def _assign(model, point):
    for x in model.trainable_variables:
        size = int(np.prod(x.shape))
        x.assign(point[:size].reshape(x.shape))
        point = point[size:]


@pytest.mark.parametrize("kind", ["layer", "group", "own"])
def test_a_penalty_called_by_itself_has_a_true_gradient(float64, kind):
    model = network(kind)
    with tf.GradientTape() as tape:
        value = tfc.penalties.R1(1.0)(model, REAL, REAL)
    gradients = tape.gradient(
        value, [x.value for x in model.trainable_variables], unconnected_gradients="zero"
    )
    start = flat(model.trainable_variables)

    def penalty(x):
        _assign(model, x)
        return float(tfc.penalties.R1(1.0)(model, REAL, REAL))

    np.testing.assert_allclose(flat(gradients), central_jacobian(penalty, start), atol=1e-7)


class PenalizedModel(keras.Model):
    """A user's own train_step, with a penalty by tapes of its own."""

    def __init__(self, inner, exact):
        super().__init__()
        self.inner, self.exact = inner, exact
        self.built = True

    def call(self, x, training=False):
        return self.inner(x, training=training)

    def train_step(self, data):
        x, _ = data
        with tf.GradientTape() as tape:
            if self.exact:
                with exact_operations():
                    loss = self.penalized(x)
            else:
                loss = self.penalized(x)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"loss": loss}

    def penalized(self, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            logits = self(x, training=True)
        slope = tape.gradient(logits, x)
        return tf.reduce_mean(logits**2) + tf.reduce_mean(slope**2)


@pytest.mark.parametrize("kind", ["batch", "layer", "group"])
def test_second_derivatives_handed_over_are_refused(float64, kind):
    for exact in (False, True):
        model = PenalizedModel(network(kind), exact)
        model.compile(tfc.ConsensusOptimizer("sgd", learning_rate=0.01))
        if exact:
            model.fit(REAL, TARGETS, verbose=0)
        else:
            with pytest.raises(ValueError, match=r"first derivative only.*exact_operations"):
                model.fit(REAL, TARGETS, verbose=0)


def test_consensus_with_batch_normalization_is_the_same_on_replicas(float64, two_replicas):
    data = tf.data.Dataset.from_tensor_slices(REAL).batch(8, drop_remainder=True).repeat(8)

    def train():
        keras.utils.set_random_seed(0)
        discriminator = keras.Sequential(
            [
                keras.Input((4,)),
                L.Dense(6),
                L.BatchNormalization(synchronized=True),
                L.LeakyReLU(0.2),
                L.Dense(1),
            ]
        )
        generator = keras.Sequential([keras.Input((3,)), L.Dense(5, "tanh"), L.Dense(4)])
        gan = tfc.GAN(generator, discriminator, latent_dim=3, seed=0)
        gan.compile(tfc.ConsensusOptimizer("rmsprop", learning_rate=1e-2, gamma=1.0))
        gan.fit(data, verbose=0, shuffle=False)
        return flat(gan.variables)

    alone = train()
    with two_replicas.scope():
        together = train()
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-11)


class Resized(PenalizedModel):
    """The same penalty by gradients in a graph, through resizing or moments."""

    def penalized(self, x):
        logits = self(x, training=True)
        (slope,) = tf.gradients(logits, x)
        return tf.reduce_mean(logits**2) + tf.reduce_mean(slope**2)


@pytest.mark.parametrize("base", [PenalizedModel, Resized])
@pytest.mark.parametrize("kind", ["layer", "resized"])
def test_penalties_of_ones_own_are_refused_however_they_are_made(kind, base):
    keras.utils.set_random_seed(0)
    middle = [L.LayerNormalization()]
    if kind == "resized":
        middle = [L.Reshape((2, 3, 1)), L.UpSampling2D(interpolation="bilinear"), L.Flatten()]
    inner = keras.Sequential([keras.Input((4,)), L.Dense(6, "tanh"), *middle, L.Dense(1)])
    for exact in (False, True):
        model = base(inner, exact)
        model.compile(tfc.ConsensusOptimizer("sgd", learning_rate=0.01))
        if exact:
            model.fit(REAL.astype("float32"), TARGETS, verbose=0)
        else:
            with pytest.raises(ValueError, match=r"first derivative only.*exact_operations"):
                model.fit(REAL.astype("float32"), TARGETS, verbose=0)

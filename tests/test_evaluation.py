"""Evaluations of a game: state stands still and moves once per step, randomness is the step's."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import MODES, flat

import tf_consensus as tfc

L = keras.layers
REAL = np.random.default_rng(0).normal(size=(8, 4))


def pair(*middle, before=()):
    """A small generator and a discriminator with the given layers inside."""
    generator = keras.Sequential([keras.Input((3,)), L.Dense(5, "tanh"), *before, L.Dense(4)])
    discriminator = keras.Sequential(
        [keras.Input((4,)), L.Dense(6), *middle, L.Activation("tanh"), L.Dense(1)]
    )
    return generator, discriminator


class Nested(L.Layer):
    """A custom layer that holds another."""

    def __init__(self, inner, **options):
        super().__init__(**options)
        self.inner = inner

    def build(self, shape):
        self.inner.build(shape)
        super().build(shape)

    def call(self, x, training=False):
        return self.inner(x, training=training)


STOCHASTIC = {
    "dropout": lambda: L.Dropout(0.4),
    "gaussian_noise": lambda: L.GaussianNoise(0.5),
    "gaussian_dropout": lambda: L.GaussianDropout(0.4),
    "alpha_dropout": lambda: L.AlphaDropout(0.4),
    "nested": lambda: Nested(L.Dropout(0.4)),
}
STATEFUL = {
    "batch": lambda: L.BatchNormalization(),
    "nested_batch": lambda: Nested(L.BatchNormalization()),
    "spectral": lambda: L.SpectralNormalization(L.Dense(6)),
}


def gan_of(make):
    keras.utils.set_random_seed(0)
    return tfc.GAN(*pair(make(), before=[L.Dropout(0.2)]), latent_dim=3, seed=0, verify=False)


def weights(model):
    return flat(model.trainable_variables)


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("make", [*STOCHASTIC.values(), *STATEFUL.values()])
def test_evaluations_of_a_game_are_one_function(float64, make, mode):
    gan = gan_of(make)
    game = gan.game(REAL)
    evaluate = MODES[mode](lambda: game.linearize(second_order=False).v)
    before = flat(gan.variables)
    first, second = flat(evaluate()), flat(evaluate())
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(flat(gan.variables), before)
    if "Dropout" in str(make()):  # another step draws anew
        assert np.abs(flat(gan.game(REAL).linearize().v) - first).max() > 1e-3


@pytest.mark.parametrize("kind", ["dropout", "gaussian_noise", "nested", "spectral"])
@pytest.mark.parametrize("optimizer", ["consensus", "alternating", "extragradient"])
def test_parts_of_a_batch_draw_what_the_whole_draws(float64, kind, optimizer):
    results = []
    for parts in (1, 4):
        gan = gan_of({**STOCHASTIC, **STATEFUL}[kind])
        gan.compile(optimizer=_optimizer(optimizer, parts))
        for _ in range(3):
            gan.train_on_batch(REAL)
        results.append(flat(gan.variables))
    np.testing.assert_allclose(*results, rtol=0, atol=1e-12)


def _optimizer(name, parts):
    make = keras.optimizers.SGD
    if name == "alternating":
        return tfc.AlternatingOptimizer(make(0.1), make(0.1), microbatches=parts)
    if name == "extragradient":
        return tfc.ExtragradientOptimizer(make(0.1), microbatches=parts)
    return tfc.ConsensusOptimizer(make(0.1), gamma=0.5, microbatches=parts)


@pytest.mark.parametrize(
    ("kind", "jit_compile"),
    [("gaussian_noise", False), ("gaussian_noise", True), ("nested", False), ("spectral", False)],
)
def test_replicas_do_what_one_device_does(float64, two_replicas, kind, jit_compile):
    data = tf.data.Dataset.from_tensor_slices(REAL).batch(8, drop_remainder=True).repeat(3)

    def train(jit_compile):
        gan = gan_of({**STOCHASTIC, **STATEFUL}[kind])
        gan.compile(optimizer=_optimizer("consensus", 1), jit_compile=jit_compile)
        gan.fit(data, verbose=0, shuffle=False)
        return flat(gan.variables)

    alone = train(jit_compile)
    with two_replicas.scope():
        together = train(jit_compile)
    # XLA's own normal numbers are those of a graph to single precision only.
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-5 if jit_compile else 1e-12)


@pytest.mark.parametrize("optimizer", ["consensus", "alternating", "extragradient"])
@pytest.mark.parametrize("parts", [1, 4])
def test_moving_averages_move_once_a_step(float64, optimizer, parts):
    gan = gan_of(STATEFUL["batch"])
    gan.generator.layers[1].rate = 0.0
    dense, norm, *_ = gan.discriminator.layers
    game = gan.game(REAL)
    fake = gan.generator(game.batch[1], training=True).numpy()
    kernel = dense.kernel.numpy()
    with _warning_of_parts(parts):
        _optimizer(optimizer, parts).step(game)
    # The real batch comes first, then the generated one; parts move to the mean of their moves.
    expected = 0.01 * (0.99 * (REAL @ kernel).mean(0) + (fake @ kernel).mean(0))
    np.testing.assert_allclose(norm.moving_mean.numpy(), expected, atol=1e-12)


def _warning_of_parts(parts):
    if parts == 1:
        return contextlib.nullcontext()
    return pytest.warns(UserWarning, match="couples the examples")


@pytest.mark.parametrize("make", [STATEFUL["spectral"], lambda: Nested(STATEFUL["spectral"]())])
def test_spectral_normalization_projects_once_a_step(float64, make):
    gan = gan_of(make)
    layer = gan.discriminator.layers[1]
    layer = getattr(layer, "inner", layer)
    kernel = layer.layer.kernel.numpy()
    u = layer.vector_u.numpy()
    for _ in range(2):  # the discriminator is called twice a step, on real and generated samples
        v = u @ kernel.T / np.linalg.norm(u @ kernel.T)
        u = v @ kernel / np.linalg.norm(v @ kernel)
    projected = kernel / (v @ kernel @ u.T)
    game = gan.game(REAL)
    tfc.ConsensusOptimizer(keras.optimizers.SGD(0.0), gamma=0.5).step(game)
    np.testing.assert_allclose(layer.layer.kernel.numpy(), projected, atol=1e-12)
    np.testing.assert_allclose(layer.vector_u.numpy(), u, atol=1e-12)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_resuming_is_exact_with_layers_that_draw(float64, tmp_path, jit_compile):
    def compiled():
        gan = gan_of(STOCHASTIC["dropout"])
        gan.compile(optimizer=_optimizer("consensus", 1), jit_compile=jit_compile)
        return gan

    whole = compiled()
    for _ in range(6):
        whole.train_on_batch(REAL)
    part = compiled()
    for _ in range(3):
        part.train_on_batch(REAL)
    part.save(tmp_path / "gan.keras")
    keras.utils.set_random_seed(99)  # another process would not have the seeds' state
    resumed = keras.models.load_model(tmp_path / "gan.keras")
    for _ in range(3):
        resumed.train_on_batch(REAL)
    np.testing.assert_array_equal(weights(resumed), weights(whole))


def test_a_plain_game_draws_anew_each_step(float64):
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((4,)), L.Dense(6), L.Dropout(0.5, seed=1), L.Dense(1)])
    game = tfc.Game(
        lambda x: [tf.reduce_mean(network(x, training=True) ** 2)],
        [network.trainable_variables],
        [tf.constant(REAL)],
    )
    seed = network.layers[1].seed_generator.state
    values = [flat(game.linearize().v) for _ in range(2)]
    np.testing.assert_array_equal(*values)
    assert seed.numpy().tolist() == [1, 0]
    optimizer = tfc.ConsensusOptimizer(keras.optimizers.SGD(0.0))
    optimizer.step(game)
    assert seed.numpy().tolist() == [1, 1]
    assert np.abs(flat(game.linearize().v) - values[0]).max() > 1e-3


class _Draws(L.Layer):
    def call(self, x):
        return x + tf.random.normal(tf.shape(x), dtype=x.dtype)


class _Counts(L.Layer):
    def build(self, shape):
        self.calls = tf.Variable(0.0, dtype="float64", trainable=False)

    def call(self, x):
        self.calls.assign_add(1.0)
        return x


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("layer", [_Draws, _Counts])
@pytest.mark.parametrize("optimizer", ["alternating", "extragradient"])
def test_what_changes_by_itself_is_refused_where_losses_are_evaluated_twice(
    float64, layer, optimizer, mode
):
    gan = tfc.GAN(*pair(layer(name="own")), latent_dim=3, seed=0)
    method = _optimizer(optimizer, 1)
    method.build(gan.trainable_variables)
    with pytest.raises(ValueError, match=r"more than once.*own.*SeedGenerator") as error:
        MODES[mode](lambda: method.step(gan.game(REAL)).losses)()
    assert "Received:" in str(error.value)


def test_a_layer_in_a_function_of_its_own_is_refused(float64):
    network = keras.Sequential([keras.Input((4,)), L.Dense(6), L.Dropout(0.5), L.Dense(1)])
    call = tf.function(lambda x: network(x, training=True), autograph=False)
    game = tfc.Game(
        lambda x: [tf.reduce_mean(call(x))], [network.trainable_variables], [tf.constant(REAL)]
    )
    with pytest.raises(NotImplementedError, match=r"once per step.*tf\.function.*unroll=True"):
        game.linearize()


def test_a_game_knows_the_layers_that_its_losses_hold():
    generator, discriminator = pair(
        Nested(L.BatchNormalization(name="norm")), before=[L.Dropout(0.2, name="drop")]
    )
    gan = tfc.GAN(generator, discriminator, latent_dim=3, seed=0, verify=False)
    game = gan.game(REAL)
    own = tfc.Game(
        lambda z: [tf.reduce_mean(discriminator(generator(z)))],
        [generator.trainable_variables],
        [tf.zeros((2, 3))],
    )
    for known in (game, own):
        assert known.stochastic() == ["drop"]
        assert known.stateful() == known.couplings() == ["norm"]

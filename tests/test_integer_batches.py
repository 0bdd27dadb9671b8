"""Batches of integers and of other floating types give the losses of the same numbers."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.models.adversarial_game import AdversarialGame, Players
from tf_consensus.penalties import DRAGAN, R1, R2, WGANGP, InstanceNoise, ZeroCenteredInterpolated
from tf_consensus.support.random import Draws

L = keras.layers
PENALTIES = {
    "none": [],
    "r1": [R1(1.0)],
    "r2": [R2(1.0)],
    "between": [WGANGP(), ZeroCenteredInterpolated(2.0)],
    "dragan": [DRAGAN()],
    "noise": [InstanceNoise(0.3), R1(1.0)],
    "function": [lambda d, real, fake: tf.reduce_mean(d(real) ** 2)],
}
WHOLE = np.array([[0, 1], [3, 2], [1, 1], [0, 4], [2, 5]])
DTYPES = ["uint8", "int8", "int32", "int64", "uint16", "float16", "float64", "bfloat16"]


def networks(discriminator="shared"):
    keras.utils.set_random_seed(1)
    # Without an activation the gradient is the same everywhere, so its first layer bends.
    layers = {
        "shared": [L.Dense(6), L.LeakyReLU(0.2), L.Dense(1)],
        "tapes": [L.Dense(6, "tanh"), L.Dense(1)],
    }[discriminator]
    generator = keras.Sequential([keras.Input((3,)), L.Dense(2, activation="tanh", name="last")])
    return generator, keras.Sequential([keras.Input((2,)), *layers])


def make_gan(discriminator="shared", terms="none", **options):
    pair = networks(discriminator)
    return tfc.GAN(*pair, latent_dim=3, penalties=PENALTIES[terms], seed=0, **options)


def evaluate(gan, real):
    lin = gan.game(real).linearize()
    return lin.losses, lin.v, lin.vjp(lin.v)


def assert_equal(found, expected, tolerance=1e-6):
    for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("terms", PENALTIES)
@pytest.mark.parametrize("discriminator", ["shared", "tapes"])
def test_integers_train_as_the_same_floats(discriminator, terms):
    real = tf.constant(WHOLE, tf.int32)
    expected = evaluate(make_gan(discriminator, terms), tf.cast(real, tf.float32))
    assert_equal(evaluate(make_gan(discriminator, terms), real), expected)
    gan = make_gan(discriminator, terms)
    compiled = tf.function(lambda: evaluate(gan, real), autograph=False)
    assert_equal(compiled(), expected, 1e-4)


@pytest.mark.parametrize("dtype", [*DTYPES, "bool"])
@pytest.mark.filterwarnings("ignore:Samples of type uint8")
def test_every_type_of_numbers(dtype):
    real = tf.cast(WHOLE, dtype)
    expected = evaluate(make_gan(terms="noise"), tf.cast(real, tf.float32))
    assert_equal(evaluate(make_gan(terms="noise"), real), expected)


def test_in_a_float64_network_integers_are_float64(float64):
    assert make_gan().game(WHOLE).batch[0].dtype == tf.float64
    found, expected = (evaluate(make_gan(terms="between"), x) for x in (WHOLE, WHOLE * 1.0))
    assert_equal(found, expected, 1e-12)


def test_labels_stay_integers():
    latents, labels = keras.Input((3,)), keras.Input((), dtype="int32")
    x = L.Concatenate()([latents, L.Embedding(4, 2)(labels)])
    generator = keras.Model([latents, labels], L.Dense(2)(x))
    discriminator = keras.Sequential([keras.Input((2,)), L.Dense(4)])
    gan = tfc.GAN(generator, discriminator, 3, penalties=[R1(1.0)], num_classes=4, seed=0)
    samples, classes = gan.game((WHOLE, np.array([0, 1, 2, 3, 0], np.uint8))).batch[0]
    assert (samples.dtype, classes.dtype) == (tf.float32, tf.int32)


def test_bytes_are_named_once_and_left_as_they_are():
    gan = make_gan(terms="r1")
    images = tf.constant(WHOLE * 50, tf.uint8)
    message = r"numbers from 0 to 255.*unchanged. Received: a batch of dtype uint8, and a gener"
    with pytest.warns(UserWarning, match=message + r".*'last' \(tanh\).*x / 127.5 - 1"):
        game = gan.game(images)
    np.testing.assert_array_equal(game.batch[0], WHOLE * 50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gan.game(images)
        make_gan().game(tf.constant(WHOLE, tf.int32))


@pytest.mark.filterwarnings("ignore:Samples of type uint8", "ignore:A generator that ends in tanh")
def test_fit_and_evaluate_on_bytes():
    weights = []
    for dtype in (tf.uint8, tf.float32):
        gan = make_gan("tapes", "r1")
        gan.compile(optimizer=tfc.ConsensusOptimizer("rmsprop", learning_rate=1e-2, gamma=1.0))
        data = tf.data.Dataset.from_tensors(tf.constant(WHOLE, dtype)).repeat()
        gan.fit(data, steps_per_epoch=3, verbose=0, shuffle=False)
        weights.append([*gan.get_weights(), *gan.evaluate(data, steps=1, verbose=0)])
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_game_made_directly_and_its_losses():
    for adjoint in (True, False):
        gan = make_gan(terms="r1")
        shared = gan._adjoint if adjoint else None
        players = Players(gan.generator, gan.discriminator, gan.objective, gan.penalties, shared)
        latents = tf.ones((5, 3))
        games = [AdversarialGame(players, x, latents, [()], 0) for x in (WHOLE, WHOLE * 1.0)]
        assert_equal(games[0].linearize().v, games[1].linearize().v)
        assert_equal(games[0].losses(WHOLE, latents), games[1].linearize().losses)


@pytest.mark.parametrize("cls", [R1, R2, WGANGP, ZeroCenteredInterpolated, DRAGAN])
def test_a_penalty_of_integers_by_itself(cls):
    _, network = networks("tapes")
    whole, others = tf.constant(WHOLE, tf.uint8), tf.constant(WHOLE[::-1].copy(), tf.int64)
    penalty = cls()
    noise = penalty.draw(tf.cast(whole, tf.float32), Draws(0, 0))
    for discriminator in (network, lambda x: network(x)):
        value = penalty(discriminator, whole, others, noise)
        floats = (tf.cast(x, tf.float32) for x in (whole, others))
        np.testing.assert_allclose(value, penalty(discriminator, *floats, noise), rtol=1e-6)
        assert value > 0
    assert penalty(network, whole, others).shape == ()


def test_what_is_no_number_is_refused():
    gan = make_gan()
    with pytest.raises(TypeError, match=r"must be real numbers. Received: samples of dtype string"):
        gan.game(tf.constant([["a", "b"]]))
    with pytest.raises(TypeError, match="dtype complex64"):
        gan.game(tf.zeros((2, 2), tf.complex64))
    with pytest.raises(
        TypeError, match=r"tuple \(samples, labels\). Received: a dict of \['image'"
    ):
        gan.game({"image": WHOLE, "label": [0]})


def test_a_penalty_of_a_discriminator_of_integers_is_refused():
    inputs = keras.Input((2,), dtype="int32")
    tokens = keras.Model(inputs, L.Dense(1)(L.Flatten()(L.Embedding(6, 2)(inputs))))
    with pytest.raises(TypeError, match=r"must be of floating type.*first input is of dtype int32"):
        R1()(tokens, WHOLE, None)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "bool"])
@pytest.mark.parametrize("form", [np.asarray, tf.constant])
@pytest.mark.parametrize("cls", [InstanceNoise, WGANGP, DRAGAN, ZeroCenteredInterpolated])
def test_what_is_drawn_for_integers_is_drawn_for_their_floats(cls, form, dtype):
    whole, penalty = form(WHOLE.astype(dtype)), cls(0.5)
    drawn, floats = (
        tf.nest.flatten(penalty.draw(x, Draws(0, 0))) for x in (whole, tf.cast(whole, tf.float32))
    )
    assert all(np.array_equal(a, b) and np.any(a) for a, b in zip(drawn, floats, strict=True))
    if cls is InstanceNoise:
        noisy = penalty(whole, drawn[0])
        np.testing.assert_array_equal(noisy, penalty(tf.cast(whole, tf.float32), drawn[0]))

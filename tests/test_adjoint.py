"""The shared adjoint pass: the same field as nested tapes, exactly; and when it is not taken."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.models.adjoint import AdjointNetwork
from tf_consensus.models.adversarial_game import AdversarialGame
from tf_consensus.penalties import DRAGAN, R1, R2, WGANGP, InstanceNoise, ZeroCenteredInterpolated

L = keras.layers


def leaky():
    return L.LeakyReLU(0.2)


def plain_convolutions(activation=leaky):
    return keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            L.Conv2D(4, 3, strides=2, padding="same", bias_initializer="normal"),
            activation(),
            L.Conv2D(5, 3, padding="same", use_bias=False),
            activation(),
            L.AveragePooling2D(2),
            L.Flatten(),
            L.Dense(6, bias_initializer="normal"),
            activation(),
            L.Dense(1),
        ]
    )


def residual():
    """The poster's blocks: x + 0.1 · conv(σ(conv(σ(x)))), shortcut, depthwise kernels."""
    image = keras.Input((8, 8, 2))
    x = L.Conv2D(4, 3, padding="same", bias_initializer="normal")(image)
    branch = L.DepthwiseConv2D(3, padding="same", bias_initializer="normal")(leaky()(x))
    branch = L.Conv2D(6, 3, padding="same", bias_initializer="normal")(L.ReLU()(branch))
    shortcut = L.Conv2D(6, 1, use_bias=False)(x)
    x = L.Add()([shortcut, L.Rescaling(0.1)(branch)])
    x = L.Conv2DTranspose(2, 3, strides=2, bias_initializer="normal")(L.UpSampling2D(2)(x))
    x = L.GlobalAveragePooling2D()(L.Activation("leaky_relu")(x))
    return keras.Model(image, L.Dense(1, bias_initializer="normal")(x))


def frozen():
    network = plain_convolutions()
    network.layers[2].trainable = False
    return network


def regularized():
    network = plain_convolutions()
    network.layers[0].kernel_regularizer = keras.regularizers.L2(0.1)
    return network


NETWORKS = {
    "convolutions": plain_convolutions,
    "residual": residual,
    "frozen": frozen,
    "regularized": regularized,
    "smooth": lambda: plain_convolutions(lambda: L.Activation("tanh")),
}


def function_penalty(discriminator, real, fake):
    return tf.reduce_mean(discriminator(real) ** 2)


PENALTIES = {
    "none": [],
    "r1": [R1(10.0)],
    "r1 twice and r2": [R1(10.0), R2(5.0), R1(3.0)],
    "r1 and r2": [R1(10.0), R2(5.0)],
    "between": [WGANGP(), ZeroCenteredInterpolated(3.0), R2(1.0)],
    "lazy": [R1(2.0, every=2), R1(1.0), DRAGAN(every=2), InstanceNoise(0.3)],
    "function": [function_penalty, R2(2.0)],
}


def make_gan(network="convolutions", terms="none", objective="standard"):
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [keras.Input((3,)), L.Dense(128), L.Reshape((8, 8, 2)), L.Activation("tanh")]
    )
    discriminator = NETWORKS[network]()
    return tfc.GAN(
        generator,
        discriminator,
        latent_dim=3,
        penalties=PENALTIES[terms],
        objective=objective,
        seed=0,
    )


def game_of(gan, batch=5, step=0):
    gan.noise_counter.assign(step)
    dtype = gan.discriminator.inputs[0].dtype
    return gan.game(tf.constant(np.random.default_rng(0).normal(size=(batch, 8, 8, 2)), dtype))


def by_nested_tapes(game):
    """The same losses as a plain game, whose field is taken by tapes alone."""
    return tfc.Game(game.losses, game.players, game.batch)


def evaluate(game, mode):
    """Losses, field, and the pullback of the field."""

    def run():
        lin = game.linearize()
        return lin.losses, lin.v, lin.vjp(lin.v)

    return (
        run() if mode == "eager" else tf.function(run, jit_compile=mode == "xla", autograph=False)()
    )


def assert_equal(found, expected, tolerance):
    for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        size = float(tf.reduce_max(tf.abs(b))) + 1e-3
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * size)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("terms", PENALTIES)
@pytest.mark.parametrize("network", NETWORKS)
def test_field_and_pullback_equal_nested_tapes(network, terms):
    gan = make_gan(network, terms)
    for step in (0, 1):
        game = game_of(gan, step=step)
        expected = evaluate(by_nested_tapes(game), "eager")
        assert float(tfc.vectors.norm(expected[1])) > 1e-3
        assert_equal(evaluate(game, "graph" if step else "eager"), expected, 1e-12)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("terms", ["r1 twice and r2", "lazy"])
def test_the_same_under_xla_and_forwards(terms):
    game = game_of(make_gan("convolutions", terms))
    plain = by_nested_tapes(game)
    assert_equal(evaluate(game, "xla"), evaluate(plain, "eager"), 1e-12)
    u = [tf.random.stateless_normal(x.shape, [1, 2], dtype="float64") for x in game.variables]
    assert_equal(game.jvp(u), plain.jvp(u), 1e-12)
    lin = game.linearize()
    assert_equal(lin.jvp(u), plain.jvp(u), 1e-12)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("objective", ["relativistic", "relativistic_average", "hinge", "wgan"])
def test_objectives_that_couple_or_saturate(objective):
    """Slopes that depend on other logits, or are 0, which a division by them would not survive."""
    game = game_of(make_gan("convolutions", "r1 twice and r2", objective))
    assert_equal(evaluate(game, "graph"), evaluate(by_nested_tapes(game), "eager"), 1e-12)


@pytest.mark.usefixtures("float64")
def test_one_players_gradient():
    game = game_of(make_gan("convolutions", "r1"))
    for player in (0, 1):
        found = game.player_gradient(player)
        assert_equal(found, by_nested_tapes(game).player_gradient(player), 1e-12)


@pytest.mark.usefixtures("float64")
def test_spectrum_measures_the_same_derivative():
    gan = make_gan("convolutions", "r1")
    game = game_of(gan)
    u = np.random.default_rng(0).normal(size=sum(int(np.prod(x.shape)) for x in game.variables))
    operators = [tfc.spectrum.linear_operator(g) for g in (game, by_nested_tapes(game))]
    for found, expected in zip(*[(a.matvec(u), a.rmatvec(u)) for a in operators], strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-10)


def convolutions(game, players):
    """How many convolutions the compiled gradient of some players takes."""

    def run():
        return game._field(players)[1]

    compiled = tf.function(run, jit_compile=True, autograph=False)
    hlo = compiled.experimental_get_compiler_ir()(stage="optimized_hlo")
    return sum(" convolution(" in line for line in hlo.splitlines())


@pytest.mark.parametrize(
    ("terms", "players", "expected"),
    [
        # Of two convolutions, on two batches: forward, adjoint (but not to the image, where
        # nothing asks for it), weights; a penalty adds the adjoint to the image and the tangents.
        ("none", [1], 2 * (2 + 1 + 2)),
        ("r1", [1], (2 + 2 + 2 + 2) + (2 + 1 + 2)),
        ("r1 and r2", [1], 2 * (2 + 2 + 2 + 2)),
        ("none", [0, 1], (2 + 1 + 2) + (2 + 2 + 2)),
    ],
)
def test_how_many_convolutions_it_takes(terms, players, expected):
    game = game_of(make_gan("convolutions", terms))
    assert convolutions(game, players) == expected
    by_tapes = convolutions(by_nested_tapes(game), players)
    assert by_tapes == expected if (terms, players) == ("none", [1]) else by_tapes > expected


TRAINED = {
    "alternating": lambda: tfc.AlternatingOptimizer("adam", "rmsprop"),
    "consensus": lambda: tfc.ConsensusOptimizer("rmsprop", learning_rate=1e-3, gamma=1.0),
    "smoothing": lambda: tfc.SmoothingOptimizer("rmsprop", learning_rate=1e-3, gamma=1.0, every=2),
}


@pytest.mark.parametrize(
    ("name", "fused"),
    [
        *((name, False) for name in TRAINED),
        ("smoothing", True),
        # Compiling convolutions twice takes most of a minute.
        pytest.param("alternating", True, marks=pytest.mark.slow),
        pytest.param("consensus", True, marks=pytest.mark.slow),
    ],
)
def test_fit_equals_nested_tapes(name, fused):
    make = TRAINED[name]
    gans = [make_gan("convolutions", "lazy") for _ in range(2)]
    gans[1]._adjoint = None
    data = tf.data.Dataset.counter(dtype=tf.int32).map(
        lambda i: tf.random.stateless_uniform((6, 8, 8, 2), tf.stack([3, i]), -1.0, 1.0)
    )
    options = {"jit_compile": True, "steps_per_execution": 2} if fused else {}
    for gan in gans:
        gan.compile(optimizer=make(), **options)
        gan.fit(data, steps_per_epoch=4, verbose=0, shuffle=False)
    for a, b in zip(*[gan.get_weights() for gan in gans], strict=True):
        np.testing.assert_allclose(a, b, atol=3e-5)


def test_mixed_bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gan = make_gan("convolutions", "r1")
        game = game_of(gan, batch=32)
        assert gan._adjoint is not None
        losses, v, _ = evaluate(game, "graph")
    finally:
        keras.config.set_dtype_policy("float32")
    single = make_gan("convolutions", "r1")
    expected = evaluate(game_of(single, batch=32), "graph")
    assert losses[1].dtype == tf.float32
    np.testing.assert_allclose(losses, expected[0], rtol=3e-2)
    assert all(a.dtype == tf.float32 for a in v)
    # Of the whole field: terms of 8 bits cancel. Nested tapes are 0.05 off here as well.
    a, b = (np.concatenate([np.ravel(x) for x in field]) for field in (v, expected[1]))
    assert np.linalg.norm(a - b) < 0.1 * np.linalg.norm(b)


def test_two_replicas_train_as_nested_tapes_do(two_replicas):
    weights = []
    for shared in (True, False):
        with two_replicas.scope():
            gan = make_gan("convolutions", "r1")
            gan.compile(optimizer=tfc.ConsensusOptimizer("rmsprop", learning_rate=1e-3))
        if not shared:
            gan._adjoint = None
        data = tf.data.Dataset.from_tensors(tf.ones((8, 8, 8, 2))).repeat()
        gan.fit(data, steps_per_epoch=2, verbose=0, shuffle=False)
        weights.append(gan.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=3e-5)


# ---- where the conditions do not hold


class Custom(keras.layers.Layer):
    def __init__(self, unsaved=None):
        super().__init__()

    def call(self, x):
        return x - tf.reduce_mean(x, axis=0)


def with_layer(*layers):
    return keras.Sequential([keras.Input((4,)), *layers, L.Dense(1)])


def called_twice():
    inputs = keras.Input((4,))
    shared = L.Dense(4)
    return keras.Model(inputs, L.Dense(1)(shared(leaky()(shared(inputs)))))


def two_inputs():
    inputs = [keras.Input((4,)), keras.Input((4,))]
    return keras.Model(inputs, L.Dense(1)(L.Add()(inputs)))


class Subclassed(keras.Sequential):
    def call(self, inputs, training=None):
        return 2 * super().call(inputs, training=training)


NOT_SHARED = {
    "batch normalization": lambda: with_layer(L.Dense(4), L.BatchNormalization()),
    "activation of its own": lambda: with_layer(L.Dense(4, activation="relu")),
    "unknown layer": lambda: with_layer(Custom()),
    "dropout": lambda: with_layer(L.Dropout(0.5)),
    "unknown activation": lambda: with_layer(L.Activation(lambda x: x - tf.reduce_mean(x, 0))),
    "activity regularizer": lambda: with_layer(L.Dense(4, activity_regularizer="l2")),
    "nested model": lambda: with_layer(keras.Sequential([keras.Input((4,)), L.Dense(4)])),
    "called twice": called_twice,
    "two inputs": two_inputs,
    "subclassed": lambda: Subclassed([keras.Input((4,)), L.Dense(1)]),
    "no parameters": lambda: keras.Sequential([keras.Input((1,)), L.Flatten()]),
}


@pytest.mark.parametrize("name", NOT_SHARED)
def test_networks_that_are_not_known_to_allow_it_are_left_to_the_tapes(name):
    assert AdjointNetwork.of(NOT_SHARED[name]()) is None


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_that_allow_it(name):
    network = AdjointNetwork.of(NETWORKS[name]())
    assert network is not None
    assert network.piecewise_linear == (name != "smooth")


@pytest.mark.parametrize("name", ["dcgan4_nobn", "dcgan3_nobn_cf", "conv4"])
def test_the_librarys_networks_without_normalization_allow_it(name):
    _, discriminator = tfc.networks.build(name, image_size=32, filters=2, latent_dim=4)
    assert AdjointNetwork.of(discriminator).piecewise_linear


def test_low_rank_adapters_switch_it_off():
    gan = make_gan("convolutions", "r1")
    gan.discriminator.layers[-1].enable_lora(1)
    game = game_of(gan)
    assert not gan._adjoint.covers(game.players[1])
    assert_equal(evaluate(game, "eager"), evaluate(by_nested_tapes(game), "eager"), 1e-6)


def test_a_smooth_discriminator_shares_without_penalties_only(monkeypatch):
    for terms, shared in (("none", True), ("r1", False)):
        game = game_of(make_gan("smooth", terms))
        calls = []
        network = game.losses.players.adjoint
        monkeypatch.setattr(
            network, "at", lambda points, calls=calls, at=network.at: calls.append(1) or at(points)
        )
        game.linearize()
        assert bool(calls) == shared


def test_batch_normalization_goes_by_tapes_and_trains():
    generator, discriminator = tfc.networks.build(
        "dcgan3", image_size=8, channels=2, filters=2, latent_dim=3, seed=0
    )
    with pytest.warns(UserWarning, match="batch normalization"):
        gan = tfc.GAN(generator, discriminator, latent_dim=3, penalties=[R1(1.0)], seed=0)
    assert gan._adjoint is None
    game = gan.game(tf.ones((4, 8, 8, 2)))
    assert isinstance(game, AdversarialGame)
    assert np.isfinite(float(tfc.vectors.norm(game.linearize().v)))


def test_losses_without_the_noise_they_need_are_refused():
    game = game_of(make_gan("convolutions", "between"))
    with pytest.raises(ValueError, match=r"Received: real samples and latents alone.*game.batch"):
        game.losses(*game.batch[:2])
    plain = game_of(make_gan("convolutions", "r1"))
    np.testing.assert_array_equal(plain.losses(*plain.batch[:2]), plain.losses(*plain.batch))

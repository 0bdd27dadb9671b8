"""Derivatives that are right pass, and every kind of wrong one is found and named."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.models import verified_training
from tf_consensus.models.adversarial_game import AdversarialGame
from tf_consensus.support import known_layers
from tf_consensus.support.rebuilding import CannotRebuildError

LAYERS = keras.layers


@keras.saving.register_keras_serializable("test")
class Moments(LAYERS.Layer):
    """Normalizes by moments whose variance has a wrong second derivative."""

    def call(self, x):
        mean, variance = tf.compat.v1.nn.moments(x, [-1], keepdims=True)
        return (x - mean) / tf.sqrt(variance + 0.1)


@tf.custom_gradient
def wrong_sine(x):
    """The sine with a gradient that is 5 % too large."""
    return tf.sin(x), lambda g: 1.05 * g * tf.cos(x)


@tf.custom_gradient
def sine_wrong_twice(x):
    """The sine, whose gradient is right and differentiates wrongly."""

    @tf.custom_gradient
    def slope(x):
        return tf.cos(x), lambda g: -0.9 * g * tf.sin(x)

    return tf.sin(x), lambda g: g * slope(x)


@keras.saving.register_keras_serializable("test")
class Once(LAYERS.Layer):
    def call(self, x):
        return wrong_sine(x)


@keras.saving.register_keras_serializable("test")
class Twice(LAYERS.Layer):
    def call(self, x):
        return sine_wrong_twice(x)


@keras.saving.register_keras_serializable("test")
class Stopped(LAYERS.Layer):
    def call(self, x):
        return x * tf.sigmoid(tf.stop_gradient(x))


@keras.saving.register_keras_serializable("test")
class Python(LAYERS.Layer):
    def call(self, x):
        y = tf.numpy_function(lambda x: 1.1 * x, [x], x.dtype)
        return x * tf.ensure_shape(y, x.shape)


@keras.saving.register_keras_serializable("test")
class Drawing(LAYERS.Layer):
    def call(self, x):
        return x + tf.random.normal(tf.shape(x), dtype=x.dtype)


@keras.saving.register_keras_serializable("test")
class Fine(LAYERS.Layer):
    """A layer of the user's, and right."""

    def build(self, shape):
        self.inner = LAYERS.Dense(shape[-1], name="inner")
        self.inner.build(shape)
        self.gate = self.add_weight(shape=(), initializer="zeros", name="gate")

    def call(self, x):
        return x + self.gate * keras.ops.sin(self.inner(x))


class Unserializable(keras.Model):
    """A subclass whose config says nothing."""

    inputs = outputs = None

    def __init__(self, layers):
        super().__init__()
        self.parts = layers

    def call(self, x, training=False):
        for layer in self.parts:
            x = layer(x, training=training) if isinstance(layer, LAYERS.Dropout) else layer(x)
        return x


def network(inputs, outputs, *layers):
    keras.utils.set_random_seed(inputs)
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            LAYERS.Dense(6, activation="tanh", name="first"),
            *layers,
            LAYERS.Dense(outputs, name="last"),
        ]
    )


def make_gan(generator=(), discriminator=(), **options):
    options = {"latent_dim": 4, "seed": 1, **options}
    return tfc.GAN(network(4, 2, *generator), network(2, 1, *discriminator), **options)


def points(number=8):
    return np.random.default_rng(0).uniform(-1, 1, (number, 2)).astype("float32")


def game_of(gan):
    return gan.game(tf.constant(points()))


def in_own_precision(monkeypatch):
    """As where no network can be made again."""

    def refuse(self, dtype):
        raise CannotRebuildError("it is a test")

    monkeypatch.setattr(AdversarialGame, "rebuilt", refuse)


def consensus():
    return tfc.ConsensusOptimizer("sgd", learning_rate=0.01, gamma=0.1)


EXACT = {
    "dense": ([], [], []),
    "R1": ([], [], ["r1"]),
    "batch normalization": ([LAYERS.BatchNormalization], [LAYERS.BatchNormalization], []),
    "layer normalization": ([LAYERS.LayerNormalization], [LAYERS.LayerNormalization], ["r1"]),
    "dropout": ([lambda: LAYERS.Dropout(0.3)], [lambda: LAYERS.GaussianNoise(0.3)], ["wgan_gp"]),
    "kinks": ([LAYERS.ReLU], [lambda: LAYERS.LeakyReLU(0.2)], ["r1"]),
    "own layer": ([Fine], [Fine], ["r1"]),
}


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, "float64") for name in EXACT]
    + [(name, "float32") for name in ("layer normalization", "kinks")],
)
def test_exact_games_pass(name, dtype, monkeypatch):
    generator, discriminator, penalties = EXACT[name]
    if dtype == "float32":
        in_own_precision(monkeypatch)
    parts = [[make() for make in layers] for layers in (generator, discriminator)]
    result = tfc.verify(game_of(make_gan(*parts, penalties=penalties)))
    assert result.dtype == dtype
    assert not result.undecided
    assert bool(result.reason) == (dtype == "float32")
    limit = 1e-5 if dtype == "float64" else 4e-3
    assert max(result.field_errors + result.pullback_errors) < limit
    assert (result.evaluations, result.pullbacks) == (14, 6)


def test_convolutions_pass_in_both_precisions(monkeypatch):
    networks = tfc.networks.build("dcgan3", image_size=16, filters=2, latent_dim=4)
    gan = tfc.GAN(*networks, latent_dim=4, seed=0)
    images = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype("float32")
    game = gan.game(tf.constant(images))
    assert max(tfc.verify(game, directions=1).pullback_errors) < 1e-5
    in_own_precision(monkeypatch)
    result = tfc.verify(game, directions=1)
    assert result.dtype == "float32"
    assert max(result.pullback_errors) < 4e-3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_three_players_pass(dtype):
    x, y, z = (tf.Variable([0.3, 1.0], dtype=dtype) for _ in range(3))

    def losses():
        a, b, c = (tf.reduce_sum(tf.sin(t)) for t in (x, y, z))
        return a * b + c, b * c - a, tf.exp(0.1 * a * b * c)

    result = tfc.verify(tfc.Game(losses, [[x], [y], [z]]))
    assert len(result.field_errors) == len(result.pullback_errors) == 3
    assert result.dtype == dtype
    assert max(result.pullback_errors) < (1e-5 if dtype == "float64" else 4e-3)


WRONG = {
    "Moments in D": ([], [Moments(name="own")], "derivative of the field"),
    "Moments in G": ([Moments(name="own")], [], "derivative of the field"),
    "Once in D": ([], [Once(name="own")], "gradient of the loss"),
    "Once in G": ([Once(name="own")], [], "gradient of the loss of the generator"),
    "Twice in D": ([], [Twice(name="own")], "derivative of the field"),
    "Twice in G": ([Twice(name="own")], [], "derivative of the field of the generator"),
    "Stopped in D": ([], [Stopped(name="own")], "gradient of the loss"),
    "Stopped in G": ([Stopped(name="own")], [], "gradient of the loss of the generator"),
    "Python in D": ([], [Python(name="own")], "gradient of the loss"),
}


def clone(layers):
    return [type(x)(name=x.name) for x in layers]


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, "float64") for name in WRONG]
    + [(name, "float32") for name in ("Moments in D", "Once in G", "Twice in D")],
)
def test_wrong_derivatives_are_found_and_named(name, dtype, monkeypatch):
    generator, discriminator, what = WRONG[name]
    if dtype == "float32":
        in_own_precision(monkeypatch)
    gan = make_gan(clone(generator), clone(discriminator), allow_cut=True)
    owner = "generator" if generator else "discriminator"
    start = [x.numpy() for x in gan.trainable_variables]
    with pytest.raises(tfc.VerificationError) as caught:
        tfc.verify(game_of(gan))
    message = str(caught.value)
    kind = name.partition(" ")[0]
    assert what in message or dtype == "float32"
    assert f"layer 'own' ({kind}) of the {owner}" in message
    assert "verify=False" in message
    assert f"in {dtype}" in message
    if owner == "generator":
        assert "/first/" in message  # the only variables before the layer
        assert "of layer '" in message
    for x, value in zip(gan.trainable_variables, start, strict=True):
        np.testing.assert_array_equal(x.numpy(), value)


def test_wrong_custom_gradient_by_a_thousandth_is_found_in_float64():
    @tf.custom_gradient
    def sine(x):
        return tf.sin(x), lambda g: g * tf.cos(x) * tf.constant(1.001, x.dtype)

    x, y = tf.Variable(0.4, dtype=tf.float64), tf.Variable(0.7, dtype=tf.float64)
    game = tfc.Game(lambda: (sine(x) * y, y**2 - x * y), [[x], [y]])
    with pytest.raises(tfc.VerificationError, match="gradient of the loss of player 0 with resp"):
        tfc.verify(game)


def test_wrong_penalty_is_found():
    def penalty(discriminator, real, fake):
        return tf.reduce_mean(wrong_sine(discriminator(real)))

    gan = make_gan(penalties=[penalty])
    with pytest.raises(tfc.VerificationError, match=r"'penalty' among penalties"):
        tfc.verify(game_of(gan))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_own_draws_are_found(dtype, monkeypatch):
    if dtype == "float32":
        in_own_precision(monkeypatch)
    gan = make_gan(discriminator=[Drawing(name="own")])
    with pytest.raises(tfc.VerificationError, match=r"RandomStandardNormal.*'own' \(Drawing\)"):
        tfc.verify(game_of(gan))


def test_what_cannot_be_made_again_is_verified_in_its_own_precision():
    keras.utils.set_random_seed(0)
    parts = [LAYERS.Dense(5, activation="relu"), LAYERS.Dropout(0.2), LAYERS.Dense(2)]
    generator = Unserializable(parts)
    generator(tf.zeros((1, 4)))
    gan = tfc.GAN(generator, network(2, 1), latent_dim=4, seed=0)
    result = tfc.verify(game_of(gan))
    assert result.dtype == "float32"
    assert "cannot be made again" in result.reason


def test_undecided_is_said():
    x, y = tf.Variable(1.0), tf.Variable(1.0)

    def rough():
        return tf.sin(1e5 * x) * y, y**2 - x

    game = tfc.Game(rough, [[x], [y]])
    with pytest.warns(UserWarning, match="cannot decide whether these derivatives are right"):
        result = tfc.verify(game)
    assert result.undecided
    half = tf.Variable(tf.constant(1.0, tf.bfloat16))
    with pytest.warns(UserWarning, match="bfloat16"):
        tfc.verify(tfc.Game(lambda: (half**2,), [[half]]))


def test_not_finite_is_said():
    x = tf.Variable(-1.0)
    with pytest.raises(ValueError, match="must be finite"):
        tfc.verify(tfc.Game(lambda: (tf.math.log(x),), [[x]]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"directions": 0}, "directions"),
        ({"seed": -1}, "seed"),
        ({"tolerance": 0.0}, "tolerance"),
    ],
)
def test_wrong_arguments(options, message):
    x = tf.Variable(1.0)
    with pytest.raises(ValueError, match=message):
        tfc.verify(tfc.Game(lambda: (x**2,), [[x]]), **options)


@pytest.fixture
def calls(monkeypatch):
    """How often a GAN has verified."""
    made = []
    original = verified_training.verify

    def counted(game, **options):
        made.append(original(game, **options))

    monkeypatch.setattr(verified_training, "verify", counted)
    return made


def train(gan, optimizer=None, steps=1):
    if not gan.compiled or optimizer is not None:
        gan.compile(optimizer=optimizer or consensus())
    data = tf.data.Dataset.from_tensors(points()).repeat()
    return gan.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)


def ones(discriminator, real, fake):
    return tf.reduce_mean(discriminator(real) ** 2)


@pytest.mark.parametrize(
    ("options", "optimizer", "expected"),
    [
        ({}, None, 0),
        ({"penalties": ["r1"]}, None, 0),
        ({"discriminator": "own"}, None, 1),
        ({"discriminator": "own"}, "sgd", 0),
        ({"discriminator": "own", "penalties": ["r1"]}, "sgd", 1),
        ({"discriminator": "own", "penalties": ["instance_noise"]}, "sgd", 0),
        ({"discriminator": "own", "verify": False}, None, 0),
        ({"discriminator": "own", "allow_cut": ["nothing"]}, None, 0),
        ({"penalties": [ones]}, "sgd", 1),
        ({"discriminator": "own"}, tfc.ConsensusOptimizer("sgd", gamma=0.0), 0),
        ({"discriminator": "own"}, tfc.LookaheadOptimizer(tfc.ConsensusOptimizer("sgd")), 1),
        ({"verify": True}, "sgd", 1),
    ],
)
def test_auto_verifies_where_it_should(options, optimizer, expected, calls):
    options = dict(options)
    own = [Fine()] if options.pop("discriminator", None) else []
    gan = make_gan(discriminator=own, **options)
    train(gan, optimizer)
    train(gan)
    assert len(calls) == expected


def test_first_order_methods_need_the_field_alone(calls):
    gan = make_gan(discriminator=[Twice()], verify=True)
    train(gan, "sgd")
    assert [(r.pullbacks, r.evaluations) for r in calls] == [(0, 14)]
    assert calls[0].pullback_errors == []
    wrong = make_gan(discriminator=[Twice()], penalties=["r1"])
    with pytest.raises(tfc.VerificationError, match="gradient of the loss of the discriminator"):
        train(wrong, "sgd")


def test_verifies_again_where_something_changed(calls):
    gan = make_gan(discriminator=[Fine()])
    gan.compile(optimizer=consensus())
    gan.train_on_batch(points())
    train(gan, consensus())
    assert len(calls) == 1
    train(gan, tfc.SmoothingOptimizer("sgd", learning_rate=0.01, gamma=0.1))
    assert len(calls) == 2


def test_mismatch_stops_before_anything_is_trained():
    gan = make_gan(discriminator=[Twice(name="own")])
    start = [x.numpy() for x in gan.variables]
    with pytest.raises(tfc.VerificationError, match="'own'"):
        train(gan)
    with pytest.raises(tfc.VerificationError, match="'own'"):
        gan.train_on_batch(points())
    for x, value in zip(gan.variables, start, strict=True):
        np.testing.assert_array_equal(x.numpy(), value)
    assert gan.optimizer.iterations == 0


def test_training_is_bit_for_bit_the_same(monkeypatch):
    def run(verify, own_precision):
        if own_precision:
            in_own_precision(monkeypatch)
        keras.utils.set_random_seed(2)
        generator = [LAYERS.BatchNormalization(), LAYERS.Dropout(0.2), Fine()]
        gan = make_gan(generator, [Fine(), LAYERS.GaussianNoise(0.1)], verify=verify)
        random.seed(3)
        train(gan, steps=3)
        return [x.numpy() for x in gan.variables], random.random()

    plain, drawn = run(False, False)
    for own_precision in (False, True):
        weights, other = run(True, own_precision)
        assert other == drawn
        for x, y in zip(weights, plain, strict=True):
            np.testing.assert_array_equal(x, y)


def test_conditional_gan_verifies(calls):
    def build(inputs, outputs):
        x, label = keras.Input((inputs,)), keras.Input((), dtype="int32")
        joined = LAYERS.Concatenate()([x, LAYERS.Embedding(3, 2)(label)])
        return keras.Model([x, label], LAYERS.Dense(outputs)(Fine()(LAYERS.Dense(5)(joined))))

    keras.utils.set_random_seed(0)
    gan = tfc.GAN(build(4, 2), build(2, 1), latent_dim=4, num_classes=3, penalties=["r1"])
    gan.compile(optimizer=consensus())
    labels = np.arange(8, dtype="int32") % 3
    gan.fit(points(), labels, batch_size=4, verbose=0)
    (result,) = calls
    assert result.dtype == "float64"


def test_lazy_penalties_count():
    wrong = tfc.penalties.R1(every=4)
    wrong.per_example = wrong_sine
    with pytest.raises(tfc.VerificationError, match="loss of the discriminator"):
        train(make_gan(penalties=[wrong], verify=True))


def test_what_works_eagerly_only_is_said():
    x = tf.Variable(1.0)
    with pytest.raises(ValueError, match=r"cannot be traced .* verify=False"):
        tfc.verify(tfc.Game(lambda: (x**2 * x.numpy(),), [[x]]))


def test_replicas_verify_on_copies(two_replicas, calls):
    with two_replicas.scope():
        gan = make_gan(discriminator=[Fine()])
        gan.compile(optimizer=consensus())
    train(gan)
    with two_replicas.scope():
        broken = make_gan(discriminator=[Twice(name="own")])
        broken.compile(optimizer=consensus())
        with pytest.raises(tfc.VerificationError, match="'own'"):
            train(broken)
    assert [r.dtype for r in calls] == ["float64"]


def test_replicas_that_cannot_be_copied_are_said(two_replicas, calls):
    with two_replicas.scope():
        keras.utils.set_random_seed(0)
        generator = Unserializable([LAYERS.Dense(5, activation="relu"), LAYERS.Dense(2)])
        generator(tf.zeros((1, 4)))
        gan = tfc.GAN(generator, network(2, 1), latent_dim=4, seed=0)
        gan.compile(optimizer=consensus())
    with pytest.warns(UserWarning, match="They are not verified here"):
        train(gan)
    assert not calls


def test_setting_is_saved(tmp_path):
    gan = make_gan(verify=False)
    gan.save(tmp_path / "gan.keras")
    assert keras.models.load_model(tmp_path / "gan.keras").verify is False
    config = gan.get_config()
    del config["verify"]  # as saved before there was one
    assert tfc.GAN.from_config(config).verify == "auto"


def test_wrong_setting():
    with pytest.raises(ValueError, match=r"`verify` must be .* Received: verify='never'"):
        make_gan(verify="never")


def test_known_layers_are_all_of_keras_but_exceptions():
    names = {x.__name__ for x in known_layers.LAYERS}
    assert not names & known_layers.EXCEPTIONS
    assert {"Dense", "BatchNormalization", "MultiHeadAttention"} <= names
    classes = [x for x in vars(LAYERS).values() if isinstance(x, type)]
    layers = {x.__name__ for x in classes if issubclass(x, LAYERS.Layer)}
    assert layers - names == known_layers.EXCEPTIONS & layers


def test_unknown_parts_are_named():
    x = keras.Input((3,))
    hidden = LAYERS.Dense(3, activation=wrong_sine, name="odd")(x)
    hidden = keras.ops.sin(keras.Sequential([Fine(name="inside")])(hidden))
    inner = keras.Model(x, LAYERS.Lambda(abs, name="fold")(hidden))
    found = known_layers.unknown({"generator": inner}, [tfc.penalties.R1(1.0), ones])
    text = "; ".join(found)
    assert "layer 'fold' (Lambda) of the generator" in text
    assert "layer 'inside' (Fine)" in text
    assert "in layer 'odd'" in text
    assert "(Sin)" in text
    assert "'ones' among penalties" in text
    assert not known_layers.unknown(dict(enumerate(tfc.networks.build("mlp", latent_dim=2))))

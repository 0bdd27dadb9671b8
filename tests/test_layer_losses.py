"""Losses that layers add by themselves: each batch's call counts once, weights once, by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.penalties import R1, WGANGP
from tf_consensus.support.layer_losses import call_losses, weight_losses

L = keras.layers
pytestmark = pytest.mark.usefixtures("float64")
REAL = np.random.default_rng(2).normal(size=(5, 2))
LABELS = tf.constant([0, 1, 2, 1, 0])


class Adds(L.Layer):
    """Adds a loss of its own in each call, and another one by a layer within."""

    def __init__(self):
        super().__init__()
        self.inner = [L.ActivityRegularization(l1=0.5)]

    def build(self, shape):
        pass

    def call(self, x):
        self.add_loss(tf.reduce_sum(x**4))
        return self.inner[0](x)


def network(inputs, outputs, seed, *, labelled=False, activity="l2"):
    """tanh(W₁x + b), losses of both kinds, W₂; the second kernel is frozen."""
    keras.utils.set_random_seed(seed)
    x = i = keras.Input((inputs,))
    given = i
    if labelled:
        labels = keras.Input((), dtype="int32")
        x, given = L.Concatenate()([i, L.Embedding(3, 2)(labels)]), [i, labels]
    x = L.Dense(4, "tanh", kernel_regularizer=keras.regularizers.L2(0.25), name="first")(x)
    if activity:
        x = L.ActivityRegularization(l2=0.125)(x)
        x = Adds()(x)
    frozen = L.Dense(4, kernel_regularizer="l2", trainable=False)(x)
    return keras.Model(given, L.Dense(outputs)(frozen))


def hidden(net, inputs):
    return keras.Model(net.inputs, net.get_layer("first").output)(inputs)


def by_call(net, inputs):
    """Keras divides activity regularizers by the number of examples, `add_loss` by nothing."""
    h = hidden(net, inputs)
    means = [tf.reduce_mean(tf.reduce_sum(t, axis=1)) for t in (h**2, tf.abs(h))]
    return 0.125 * means[0] + 0.5 * means[1] + tf.reduce_sum(h**4)


def by_weights(net):
    return 0.25 * tf.reduce_sum(net.get_layer("first").kernel ** 2)


def function_penalty(discriminator, real, fake):
    return tf.reduce_mean(discriminator(real) ** 2)


TERMS = {
    "none": [],
    "points of its own": [WGANGP(2.0)],
    "lazy": [WGANGP(2.0, every=2), R1(3.0, every=2)],
    "function": [function_penalty, R1(1.0)],
}


def losses_by_hand(gan, game, conditional):
    """Both losses, from the definitions, the penalties by their own calls."""
    samples, latents, noise = tf.constant(REAL), game.batch[1], game.batch[2]
    labels = [LABELS] if conditional else []
    fake = gan.generator([latents, *labels] if labels else latents)
    real, fake = ([x, *labels] if labels else x for x in (samples, fake))
    discriminator = gan.discriminator
    logits = [discriminator(x) for x in (real, fake)]
    penalties = [
        p(discriminator, real, fake, n) if hasattr(p, "points") else p(discriminator, real, fake)
        for p, n in zip(gan.penalties, noise, strict=True)
    ]
    every = [getattr(p, "every", 1) for p in gan.penalties]
    generator_terms = by_call(gan.generator, [latents, *labels] if labels else latents)
    return [
        gan.objective.generator_loss(*logits) + generator_terms + by_weights(gan.generator),
        gan.objective.discriminator_loss(*logits)
        + sum(by_call(discriminator, x) for x in (real, fake))
        + by_weights(discriminator)
        + sum(k * p for k, p in zip(every, penalties, strict=True)),
    ]


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("terms", TERMS)
def test_each_batch_counts_once_and_weights_once(terms, conditional):
    pair = network(3, 2, 0, labelled=conditional), network(2, 1, 1, labelled=conditional)
    classes = 3 if conditional else None
    gan = tfc.GAN(*pair, latent_dim=3, penalties=TERMS[terms], num_classes=classes, seed=0)
    assert gan._adjoint is None
    game = gan.game((REAL, LABELS) if conditional else REAL)
    theta, phi = ([x.value for x in player] for player in game.players)
    with tf.GradientTape(persistent=True) as tape:
        expected = losses_by_hand(gan, game, conditional)
    field = tape.gradient(expected[0], theta) + tape.gradient(expected[1], phi)
    for run in (game.linearize, tf.function(lambda: tuple(game.linearize()[:2]), autograph=False)):
        losses, v = run()[:2]
        np.testing.assert_allclose(losses, expected, rtol=1e-12)
        for ours, theirs in zip(v, field, strict=True):
            np.testing.assert_allclose(ours, -tf.convert_to_tensor(theirs), atol=1e-11)


@pytest.mark.parametrize("terms", [[], [R1(2.0), WGANGP()]])
def test_the_generators_and_the_weights_losses_in_the_shared_adjoint_pass(terms):
    regularizer = keras.regularizers.L2(0.25)
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            L.Dense(4, kernel_regularizer=regularizer, name="first"),
            L.LeakyReLU(0.2),
            L.Dense(1),
        ]
    )
    gan = tfc.GAN(network(3, 2, 0), discriminator, latent_dim=3, penalties=terms, seed=0)
    assert gan._adjoint is not None
    game = gan.game(REAL)
    lin = game.linearize()
    plain = tfc.GAN(network(3, 2, 0, activity=None), discriminator, 3, penalties=terms, seed=0)
    base = plain.game(REAL).linearize()
    extra = by_call(gan.generator, game.batch[1])
    np.testing.assert_allclose(lin.losses[0] - base.losses[0], extra, rtol=1e-10)
    np.testing.assert_allclose(lin.losses[1], base.losses[1], rtol=1e-12)
    expected = tfc.Game(game.losses, game.players, game.batch).linearize()
    np.testing.assert_allclose(lin.losses, expected.losses, rtol=1e-12)
    for u in ("v", "pullback"):
        pairs = (x.v if u == "v" else x.vjp(expected.v) for x in (lin, expected))
        for ours, theirs in zip(*pairs, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-11)


def test_calls_and_weights_are_told_apart():
    net = network(3, 2, 0)
    x = tf.ones((2, 3))
    net(x + 1)
    net(x)
    np.testing.assert_allclose(sum(call_losses(net)), by_call(net, x), rtol=1e-12)
    np.testing.assert_allclose(sum(weight_losses(net)), by_weights(net), rtol=1e-12)


def test_within_a_stateless_scope():
    net, x = network(3, 2, 0), tf.ones((2, 3))
    expected = by_call(net, x), by_weights(net)
    values = [(v, v.value) for v in net.variables]
    with keras.StatelessScope(values, collect_losses=True):
        net(x)
        found = sum(call_losses(net)), sum(weight_losses(net))
    np.testing.assert_allclose(found, expected, rtol=1e-12)

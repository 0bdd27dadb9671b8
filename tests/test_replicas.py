"""Two replicas by `fit` against one device on the same batches: the same weights."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus import penalties as regularizers
from tf_consensus.noise import Draws, normal
from tf_consensus.replicas import batch_share

layers = keras.layers


def inner():
    return keras.optimizers.RMSprop(1e-2)


OPTIMIZERS = {
    "simultaneous": lambda: tfc.SimultaneousOptimizer(inner()),
    "plain": inner,
    "consensus": lambda: tfc.ConsensusOptimizer(inner(), gamma=1.0),
    "every": lambda: tfc.ConsensusOptimizer(inner(), gamma=1.0, every=2),
    "smoothing": lambda: tfc.SmoothingOptimizer(inner(), gamma=1.0),
    "clipped": lambda: tfc.ClippedOptimizer(inner(), clip_norm=0.1),
    "alternating": lambda: tfc.AlternatingOptimizer(inner(), inner(), 2, 1),
    "extragradient": lambda: tfc.ExtragradientOptimizer(inner()),
    "parts": lambda: tfc.ConsensusOptimizer(inner(), gamma=1.0, microbatches=2),
}
PENALTIES = {
    "r1_r2": lambda: [regularizers.R1(1.0), regularizers.R2(1.0)],
    "wgan_gp": lambda: [regularizers.WGANGP(1.0)],
    "noisy": lambda: [regularizers.InstanceNoise(0.3), regularizers.R1(1.0, every=2)],
}


def make_gan(penalties=()):
    keras.utils.set_random_seed(3)
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(6, "tanh"), layers.Dense(2)])
    discriminator = keras.Sequential(
        [keras.Input((2,)), layers.Dense(6), layers.LeakyReLU(0.2), layers.Dense(1)]
    )
    return tfc.GAN(generator, discriminator, latent_dim=3, penalties=penalties, seed=5)


def data(size, steps):
    """`size` samples a batch; batches of 7 have a length that is not known beforehand."""
    samples = np.random.default_rng(0).normal(size=(size * steps, 2))
    return tf.data.Dataset.from_tensor_slices(samples).batch(size, drop_remainder=size % 2 == 0)


def trained(strategy, make, penalties=list, size=8, steps=8):
    with strategy.scope() if strategy else contextlib.nullcontext():
        gan = make_gan(penalties())
        gan.compile(optimizer=make())
    history = gan.fit(data(size, steps), verbose=0, shuffle=False).history
    return gan, history


@pytest.mark.parametrize(
    ("name", "size"),
    # Seven examples have no two equal parts on each replica.
    [(name, size) for name in OPTIMIZERS for size in (8, 7) if (name, size) != ("parts", 7)],
)
def test_eight_steps_equal_one_device(float64, two_replicas, name, size):
    one, history = trained(None, OPTIMIZERS[name], size=size)
    two, replicated = trained(two_replicas, OPTIMIZERS[name], size=size)
    for a, b in zip(two.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    for key in history:
        np.testing.assert_allclose(replicated[key], history[key], rtol=1e-6)


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_equal_one_device(float64, two_replicas, name):
    pair = [
        trained(strategy, OPTIMIZERS["consensus"], PENALTIES[name], size=7, steps=4)[0]
        for strategy in (None, two_replicas)
    ]
    for a, b in zip(pair[1].get_weights(), pair[0].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_groups_of_replicas_remove_the_bias(float64, two_replicas):
    """Two replicas are two groups, as two micro-batches on one device are."""

    def make(**options):
        return lambda: tfc.ConsensusOptimizer(inner(), gamma=1.0, debias="groups", **options)

    one, _ = trained(None, make(microbatches=2), steps=4)
    two, _ = trained(two_replicas, make(), steps=4)
    biased, _ = trained(None, OPTIMIZERS["consensus"], steps=4)
    for a, b in zip(two.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    pairs = zip(two.trainable_variables, biased.trainable_variables, strict=True)
    assert max(np.abs(a.numpy() - b.numpy()).max() for a, b in pairs) > 1e-6


def test_replicas_stay_the_same_to_the_bit(two_replicas):
    gan, _ = trained(two_replicas, OPTIMIZERS["consensus"], steps=200)
    for x in gan.trainable_variables:
        first, second = (value.numpy() for value in x.value.values)
        np.testing.assert_array_equal(first, second)


def test_rows_of_a_draw_are_those_of_the_whole():
    whole = normal((7, 3), 5, 9).numpy()
    rows = [Draws(5, 9, (first, 7)).normal((size, 3)) for first, size in ((0, 4), (4, 3))]
    np.testing.assert_array_equal(np.concatenate(rows), whole)
    dynamic = Draws(5, 9, (tf.constant(4), tf.constant(7))).uniform(tf.constant([3, 2]))
    np.testing.assert_array_equal(dynamic, Draws(5, 9).uniform((7, 2))[4:])


def test_shares_of_a_batch(two_replicas):
    @tf.function(autograph=False)
    def share(samples):
        # As at the end of a data set, whose last batch may be smaller.
        unknown = tf.raw_ops.PlaceholderWithDefault(input=samples, shape=[None, 1])
        own = batch_share(unknown)
        return *own.rows, own.weight

    def run(sizes):
        """First row, total and weight, of each replica."""
        batches = two_replicas.experimental_distribute_values_from_function(
            lambda context: tf.zeros((sizes[context.replica_id_in_sync_group], 1))
        )
        values = two_replicas.run(share, [batches])
        return [[float(x) for x in value.values] for value in values]

    assert batch_share(tf.zeros((4, 1))) == (None, None)
    first, total, weight = run([4, 3])
    assert (first, total) == ([0, 4], [7, 7])
    np.testing.assert_allclose(weight, [8 / 7, 6 / 7])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Every replica needs an example"):
        run([4, 0])

"""Two and four replicas by `fit` against one device on the same batches: the same weights."""

import contextlib
import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus import penalties as regularizers
from tf_consensus.execution.replicas import batch_share
from tf_consensus.games.microbatches import MicrobatchedGame
from tf_consensus.support.random import Draws, normal

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
    "alternating_consensus": lambda: tfc.AlternatingConsensusOptimizer(inner(), inner(), 1.0),
    "reusing": lambda: tfc.AlternatingConsensusOptimizer(inner(), inner(), 1.0, reuse=True),
    "scaled": lambda: tfc.ScaledConsensusOptimizer(inner()),
    "relative": lambda: tfc.ConsensusOptimizer(inner(), gamma="auto"),
    "spectral": lambda: tfc.ConsensusOptimizer(inner(), gamma=tfc.SpectralGamma(0.1)),
    "averaged": lambda: tfc.ConsensusOptimizer(
        keras.optimizers.RMSprop(1e-2, use_ema=True, ema_momentum=0.9), gamma=1.0
    ),
    "parts": lambda: tfc.ConsensusOptimizer(inner(), gamma=1.0, microbatches=2),
}
PENALTIES = {
    "r1_r2": lambda: [regularizers.R1(1.0), regularizers.R2(1.0)],
    "wgan_gp": lambda: [regularizers.WGANGP(1.0)],
    "noisy": lambda: [regularizers.InstanceNoise(0.3), regularizers.R1(1.0, every=2)],
}


def make_gan(penalties=(), norm=()):
    keras.utils.set_random_seed(3)
    generator = keras.Sequential(
        [keras.Input((3,)), layers.Dense(6, "tanh"), *norm, layers.Dense(2)]
    )
    discriminator = keras.Sequential(
        [keras.Input((2,)), layers.Dense(6), layers.LeakyReLU(0.2), layers.Dense(1)]
    )
    return tfc.GAN(generator, discriminator, latent_dim=3, penalties=penalties, seed=5)


def data(size, steps):
    """`size` samples a batch; batches of 7 have a length that is not known beforehand."""
    samples = np.random.default_rng(0).normal(size=(size * steps, 2))
    return tf.data.Dataset.from_tensor_slices(samples).batch(size, drop_remainder=size % 2 == 0)


def trained(strategy, make, penalties=list, size=8, steps=8, norm=list, **options):
    with strategy.scope() if strategy else contextlib.nullcontext():
        gan = make_gan(penalties(), norm())
        gan.compile(optimizer=make(), **options)
    history = gan.fit(data(size, steps), verbose=0, shuffle=False).history
    return gan, history


def assert_same(found, expected):
    for a, b in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "size"),
    # Seven examples have no two equal parts on each replica.
    [(name, size) for name in OPTIMIZERS for size in (8, 7) if (name, size) != ("parts", 7)],
)
def test_eight_steps_equal_one_device(float64, two_replicas, name, size):
    one, history = trained(None, OPTIMIZERS[name], size=size)
    two, replicated = trained(two_replicas, OPTIMIZERS[name], size=size)
    assert_same(two, one)
    for key in history:
        np.testing.assert_allclose(replicated[key], history[key], rtol=1e-6)


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_equal_one_device(float64, two_replicas, name):
    pair = [
        trained(strategy, OPTIMIZERS["consensus"], PENALTIES[name], size=7, steps=4)[0]
        for strategy in (None, two_replicas)
    ]
    assert_same(*pair)


@pytest.mark.parametrize("name", ["consensus", "alternating"])
def test_four_replicas_equal_one_device(float64, four_replicas, name):
    one, history = trained(None, OPTIMIZERS[name], size=7)
    four, replicated = trained(four_replicas, OPTIMIZERS[name], size=7)
    assert_same(four, one)
    for key in history:
        np.testing.assert_allclose(replicated[key], history[key], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("consensus", {"steps_per_execution": 3}),
        ("consensus", {"jit_compile": True, "steps_per_execution": 3}),
        ("alternating", {"jit_compile": True}),
        ("parts", {"jit_compile": True}),
        ("consensus", {"run_eagerly": True, "jit_compile": False}),
    ],
)
def test_ways_of_execution_equal_one_device(float64, two_replicas, name, options):
    """Seven steps: the last execution of three is cut short."""
    one, _ = trained(None, OPTIMIZERS[name], steps=7)
    two, _ = trained(two_replicas, OPTIMIZERS[name], steps=7, **options)
    assert_same(two, one)
    logs = [gan.evaluate(data(8, 3), verbose=0, return_dict=True) for gan in (one, two)]
    for key in logs[0]:
        np.testing.assert_allclose(logs[1][key], logs[0][key], rtol=1e-6)
    batch = np.random.default_rng(1).normal(size=(4, 2))
    assert two.train_on_batch(batch, return_dict=True)["gradient_norm"] > 0


def test_xla_compiles_the_pieces(two_replicas, monkeypatch):
    made = []
    monkeypatch.setattr(
        "tf_consensus.games.evaluated.CompiledGame", lambda game: made.append(game) or game
    )
    trained(two_replicas, OPTIMIZERS["consensus"], steps=2)
    assert not made
    trained(two_replicas, OPTIMIZERS["consensus"], steps=2, jit_compile=True)
    assert made


@pytest.mark.parametrize("name", ["consensus", "alternating"])
def test_synchronized_normalization_is_of_the_whole_batch(float64, two_replicas, name):
    def norm():
        return [layers.BatchNormalization(synchronized=True)]

    one, _ = trained(None, OPTIMIZERS[name], norm=norm)
    two, _ = trained(two_replicas, OPTIMIZERS[name], norm=norm)
    pairs = zip(two.trainable_variables, one.trainable_variables, strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-10, atol=1e-12)


def test_normalization_apart_is_said(two_replicas):
    with pytest.warns(UserWarning, match="part of the batch sep.*batch_normalization.*synchroni"):
        trained(
            two_replicas,
            OPTIMIZERS["consensus"],
            norm=lambda: [layers.BatchNormalization()],
            steps=1,
        )


def test_what_xla_cannot_compile_is_said(two_replicas):
    def norm():
        return [layers.BatchNormalization(synchronized=True)]

    with pytest.warns(UserWarning, match="besides the optimizer's.*moving_mean.*without XLA"):
        trained(two_replicas, OPTIMIZERS["consensus"], norm=norm, steps=1, jit_compile=True)


def test_networks_normalize_the_whole_batch_under_a_strategy(two_replicas):
    build = functools.partial(tfc.networks.build, "dcgan3", image_size=8, filters=2, latent_dim=2)
    with two_replicas.scope():
        replicated = build()
    for networks, synchronized in ((replicated, True), (build(), False)):
        norms = [x for n in networks for x in n.layers if isinstance(x, layers.BatchNormalization)]
        assert norms
        assert {x.synchronized for x in norms} == {synchronized}


@pytest.mark.parametrize("outside", ["networks", "optimizer", "all"])
def test_what_is_made_outside_of_the_scope_is_named(two_replicas, outside):
    scope = two_replicas.scope
    with contextlib.nullcontext() if outside != "optimizer" else scope():
        networks = tfc.networks.build("mlp", latent_dim=3)
    with contextlib.nullcontext() if outside == "all" else scope():
        gan = tfc.GAN(*networks, latent_dim=3)
    with contextlib.nullcontext() if outside != "networks" else scope():
        gan.compile(optimizer=OPTIMIZERS["consensus"]())
    with (
        scope(),
        pytest.raises(ValueError, match=r"scope of the strategy.*MirroredStrategy.*variables made"),
    ):
        gan.fit(data(8, 1), verbose=0, shuffle=False)


def test_parts_that_do_not_divide_a_replicas_batch_are_named(two_replicas):
    # Keras deals out three of six examples without saying so beforehand.
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"equal parts .* microbatches=2"):
        trained(two_replicas, OPTIMIZERS["parts"], size=6, steps=1)
    game = tfc.Game(lambda x: [tf.reduce_mean(x)], [[tf.Variable(1.0)]], [tf.zeros((3, 1))])
    with (
        two_replicas.scope(),
        pytest.raises(ValueError, match="batch of 3 on each of 2 replicas and microbatches=2"),
    ):
        MicrobatchedGame(game, 2)


@pytest.mark.parametrize("kind", [tfc.ConsensusOptimizer, tfc.CrossTermOptimizer])
def test_groups_of_replicas_remove_the_bias(kind, float64, two_replicas):
    """Two replicas are two groups, as two micro-batches on one device are."""

    def make(**options):
        return lambda: kind(inner(), gamma=1.0, **options)

    one, _ = trained(None, make(debias="groups", microbatches=2), steps=4)
    two, _ = trained(two_replicas, make(debias="groups"), steps=4)
    biased, _ = trained(None, make(), steps=4)
    assert_same(two, one)
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


def test_a_model_with_averages_is_saved_and_trained_on(two_replicas, tmp_path):
    """A step's decay, a tensor of its graph, is gone from the optimizer when the step is traced."""
    gan, _ = trained(two_replicas, OPTIMIZERS["averaged"], steps=2)
    assert gan.optimizer.inner_optimizer.ema_momentum == 0.9
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.optimizer.inner_optimizer.ema_momentum == 0.9
    assert_same(loaded, gan)

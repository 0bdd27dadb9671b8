"""Micro-batches against the whole batch, and the unbiased regularizer against closed forms."""

import doctest

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES, SineGame, flat
from tf_consensus import penalties as regularizers
from tf_consensus import theory
from tf_consensus.games import microbatches
from tf_consensus.games.microbatches import MicrobatchedGame


def rmsprop(rate=1e-2):
    return keras.optimizers.RMSprop(rate)


# Alternating ones are given a second inner optimizer.
OPTIMIZERS = {
    "simultaneous": lambda **o: tfc.SimultaneousOptimizer(rmsprop(), **o),
    "consensus": lambda **o: tfc.ConsensusOptimizer(rmsprop(), gamma=0.7, **o),
    "every": lambda **o: tfc.ConsensusOptimizer(rmsprop(), gamma=0.7, every=2, **o),
    "smoothing": lambda **o: tfc.SmoothingOptimizer(rmsprop(), gamma=0.7, **o),
    "cross_term": lambda **o: tfc.CrossTermOptimizer(rmsprop(), gamma=0.7, **o),
    "clipped": lambda **o: tfc.ClippedOptimizer(rmsprop(), clip_norm=0.5, **o),
    "alternating": lambda **o: tfc.AlternatingOptimizer(rmsprop(), rmsprop(), 2, 1, **o),
    "alternating_consensus": lambda **o: tfc.AlternatingConsensusOptimizer(
        rmsprop(), rmsprop(), 0.7, ["generator", "discriminator"], **o
    ),
    "reusing": lambda **o: tfc.AlternatingConsensusOptimizer(
        rmsprop(), rmsprop(), 0.7, reuse=True, **o
    ),
    "scaled": lambda **o: tfc.ScaledConsensusOptimizer(rmsprop(), **o),
    "relative": lambda **o: tfc.ConsensusOptimizer(rmsprop(), gamma="auto", **o),
    "spectral": lambda **o: tfc.ConsensusOptimizer(rmsprop(), gamma=tfc.SpectralGamma(), **o),
    "momentum": lambda **o: tfc.MomentumOptimizer(rmsprop(), momentum=-0.5, **o),
    "alternating_momentum": lambda **o: tfc.AlternatingMomentumOptimizer(
        rmsprop(), rmsprop(), -0.5, **o
    ),
    "extrapolated_alternating": lambda **o: tfc.ExtrapolatedAlternatingOptimizer(
        rmsprop(), rmsprop(), 1.75, 1.25, 2, **o
    ),
    "extragradient": lambda **o: tfc.ExtragradientOptimizer(rmsprop(), **o),
    "past_extragradient": lambda **o: tfc.PastExtragradientOptimizer(rmsprop(), **o),
    "heun": lambda **o: tfc.RungeKuttaOptimizer(rmsprop(), order=2, gamma=0.7, **o),
    "runge_kutta": lambda **o: tfc.RungeKuttaOptimizer(rmsprop(), **o),
    "implicit": lambda **o: tfc.ImplicitOptimizer(rmsprop(), step_size=0.3, products=2, **o),
    "optimistic": lambda **o: tfc.OptimisticOptimizer(rmsprop(), **o),
    "symplectic": lambda **o: tfc.SymplecticOptimizer(rmsprop(), **o),
    "lookahead": lambda **o: tfc.LookaheadOptimizer(rmsprop(), sync_period=2, **o),
    "competitive": lambda **o: tfc.CompetitiveOptimizer(
        keras.optimizers.SGD(0.05), max_iterations=2, **o
    ),
    "adaptive_competitive": lambda **o: tfc.AdaptiveCompetitiveOptimizer(
        keras.optimizers.SGD(0.05), max_iterations=2, epsilon=1e-2, **o
    ),
}


def build(oracle):
    players = oracle.players()
    return tfc.Game(oracle.tf_losses(players), players, [tf.constant(oracle.batch)])


def trajectory(optimizer, game, steps, mode):
    optimizer.build(game.variables)
    step = MODES[mode](lambda: optimizer.step(game).losses)
    losses = [flat(step()) for _ in range(steps)]
    return flat(game.variables), losses


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_four_parts_take_the_steps_of_the_whole(name, mode):
    whole = trajectory(OPTIMIZERS[name](), build(SineGame([3, 2], seed=5)), 3, "eager")
    parts = OPTIMIZERS[name](microbatches=4)
    got = trajectory(parts, build(SineGame([3, 2], seed=5)), 3, mode)
    for a, b in zip(got, whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    # The mean of the parts' own ½‖vₖ‖² would be another method: see the next test.
    copy = type(parts).from_config(parts.get_config())
    assert copy.microbatches == 4


@pytest.mark.parametrize("mode", MODES)
def test_pullback_is_of_the_whole_field(mode):
    oracle = SineGame([3, 2], seed=5)
    game = MicrobatchedGame(build(oracle), 4)

    def evaluate():
        linearization = game.linearize()
        return linearization.v, linearization.vjp(linearization.v)

    v, gradient = (flat(t) for t in MODES[mode](evaluate)())
    field, jacobian = oracle.field(oracle.x), oracle.jacobian(oracle.x)
    np.testing.assert_allclose(v, field, atol=1e-12)
    np.testing.assert_allclose(gradient, jacobian.T @ field, atol=1e-12)
    cut = oracle.batch.reshape(4, 2, -1)
    naive = np.mean([oracle.jacobian(oracle.x, b).T @ oracle.field(oracle.x, b) for b in cut], 0)
    assert np.linalg.norm(naive - gradient) > 0.05 * np.linalg.norm(gradient)


def test_forward_product_and_one_players_gradient():
    oracle = SineGame([3, 2], seed=5)
    game = MicrobatchedGame(build(oracle), 2)
    u = [tf.ones_like(x) for x in game.variables]
    expected = oracle.jacobian(oracle.x) @ np.ones(len(oracle.x))
    np.testing.assert_allclose(flat(game.jvp(u)), expected, atol=1e-12)
    np.testing.assert_allclose(flat(game.linearize().jvp(u)), expected, atol=1e-12)
    losses, v = game.player_gradient(1)
    np.testing.assert_allclose(flat(losses), oracle.losses(oracle.x), atol=1e-12)
    np.testing.assert_allclose(flat(v), oracle.field(oracle.x)[oracle.parts[1]], atol=1e-12)


# --- without bias --------------------------------------------------------------------------------


def cross_gradient(oracle, x, batch, groups, select=lambda v: v):
    """(1/K) Σ vₖ'ᵀ (Σ_{j≠k} vⱼ)/(K - 1), summed over pairs."""
    cut = batch.reshape(groups, -1, batch.shape[-1])
    fields = [select(oracle.field(x, part)) for part in cut]
    total = np.zeros_like(x)
    for k, part in enumerate(cut):
        others = np.mean([fields[j] for j in range(groups) if j != k], axis=0)
        total += oracle.jacobian(x, part).T @ others / groups
    return total


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("debias", "parts", "groups"), [("groups", 4, 4), ("per_example", 1, 8)])
def test_unbiased_consensus_by_hand(debias, parts, groups, mode):
    oracle = SineGame([3, 2], seed=5)
    inner = keras.optimizers.SGD(0.05)
    optimizer = tfc.ConsensusOptimizer(inner, gamma=0.7, debias=debias, microbatches=parts)
    got, _ = trajectory(optimizer, build(oracle), 1, mode)
    x = oracle.x
    gradient = cross_gradient(oracle, x, oracle.batch, groups)
    np.testing.assert_allclose(got, x + 0.05 * (oracle.field(x) - 0.7 * gradient), atol=1e-7)
    biased = oracle.jacobian(x).T @ oracle.field(x)
    assert np.linalg.norm(gradient - biased) > 0.01 * np.linalg.norm(biased)


def test_unbiased_smoothing_by_hand():
    oracle = SineGame([3, 2], seed=5)
    generator, discriminator = oracle.parts
    inner = keras.optimizers.SGD(0.05)
    optimizer = tfc.SmoothingOptimizer(inner, gamma=0.7, debias="groups", microbatches=4)
    got, _ = trajectory(optimizer, build(oracle), 1, "graph")

    def select(v):
        return np.concatenate([v[generator], np.zeros_like(v[discriminator])])

    x = oracle.x
    gradient = cross_gradient(oracle, x, oracle.batch, 4, select)
    gradient[generator] = 0
    np.testing.assert_allclose(got, x + 0.05 * (oracle.field(x) - 0.7 * gradient), atol=1e-7)


@pytest.mark.parametrize(("debias", "parts", "groups"), [("groups", 4, 4), ("per_example", 1, 8)])
def test_unbiased_cross_terms_by_hand(debias, parts, groups):
    oracle = SineGame([3, 2, 1], seed=6)
    inner = keras.optimizers.SGD(0.05)
    optimizer = tfc.CrossTermOptimizer(inner, gamma=0.7, debias=debias, microbatches=parts)
    got, _ = trajectory(optimizer, build(oracle), 1, "graph")
    x, gradient = oracle.x, np.zeros_like(oracle.x)
    for part in oracle.parts:

        def others(v, part=part):
            v = v.copy()
            v[part] = 0
            return v

        gradient[part] = cross_gradient(oracle, x, oracle.batch, groups, others)[part]
    np.testing.assert_allclose(got, x + 0.05 * (oracle.field(x) - 0.7 * gradient), atol=1e-7)


def test_per_example_is_the_gradient_of_the_papers_estimate():
    """L_B less 1/(2B - 2) times the sample variance (divided by B), and its gradient."""
    oracle = SineGame([3, 2], seed=5)
    x, b = oracle.x, len(oracle.batch)
    fields = np.stack([oracle.field(x, row[None]) for row in oracle.batch])
    derivatives = np.stack([oracle.jacobian(x, row[None]) for row in oracle.batch])
    mean, spread = fields.mean(axis=0), fields - fields.mean(axis=0)
    value = mean @ mean / 2 - np.sum(spread**2) / b / (2 * b - 2)
    # The mean field's own derivative drops out of the second term: the spreads' sum is 0.
    slope = derivatives.mean(axis=0).T @ mean
    slope -= np.einsum("bij,bi->j", derivatives, spread) * 2 / b / (2 * b - 2)
    linearization = MicrobatchedGame(build(oracle), b).linearize()
    gradient = linearization.cross_vjp(lambda v: v, linearization.v, b)
    np.testing.assert_allclose(flat(gradient), slope, rtol=0, atol=1e-12)
    pairs = sum(fields[i] @ fields[j] for i in range(b) for j in range(b) if i != j)
    np.testing.assert_allclose(value, pairs / (2 * b * (b - 1)), rtol=1e-12)
    np.testing.assert_allclose(value, theory.debiased_loss(fields), rtol=1e-12)
    assert np.linalg.norm(slope - derivatives.mean(axis=0).T @ mean) > 0.01 * np.linalg.norm(slope)


def test_the_estimate_is_unbiased_and_the_whole_batchs_is_not():
    """The mean over many batches against ½‖E v‖², within five standard errors."""
    oracle = SineGame([3, 2], seed=5, wave=3.0)
    population = np.random.default_rng(1).normal(size=(40, len(oracle.x)))
    exact = oracle.jacobian(oracle.x, population).T @ oracle.field(oracle.x, population)
    game = build(oracle)

    @tf.function(autograph=False)
    def gradients(batch):
        part = MicrobatchedGame(tfc.Game(game.losses, game.players, [batch]), 2)
        lin = part.linearize()
        return lin.cross_vjp(lambda v: v, lin.v, 2), lin.vjp(lin.v)

    rng = np.random.default_rng(2)
    draws = [gradients(population[rng.integers(0, 40, size=4)]) for _ in range(1500)]
    for kind, biased in enumerate((False, True)):
        sample = np.stack([flat(draw[kind]) for draw in draws])
        error = sample.std(axis=0, ddof=1) / np.sqrt(len(sample))
        distance = np.abs(sample.mean(axis=0) - exact) / error
        assert (distance.max() > 6) if biased else (distance.max() < 5)


# --- GANs ----------------------------------------------------------------------------------------


def make_gan(penalties=(), objective="standard", norm=False, num_classes=None, seed=5):
    keras.utils.set_random_seed(3)
    layers = keras.layers
    latents, labels = keras.Input((3,)), keras.Input((), dtype="int32")
    x = layers.Dense(8)(latents)
    if num_classes:
        x = layers.Add()([x, layers.Embedding(num_classes, 8)(labels)])
    if norm:
        x = layers.BatchNormalization()(x)
    inputs = [latents, labels] if num_classes else latents
    generator = keras.Model(inputs, layers.Dense(2)(layers.ReLU()(x)))
    samples = keras.Input((2,))
    x = layers.LeakyReLU(0.2)(layers.Dense(8)(samples))
    discriminator = keras.Model(samples, layers.Dense(num_classes or 1)(x))
    return tfc.GAN(
        generator,
        discriminator,
        latent_dim=3,
        objective=objective,
        penalties=penalties,
        num_classes=num_classes,
        seed=seed,
    )


def a_batch(size=12, labels=False):
    rng = np.random.default_rng(0)
    samples = tf.constant(rng.normal(size=(size, 2)), keras.config.floatx())
    return (samples, tf.constant(rng.integers(0, 4, size), tf.int32)) if labels else samples


CASES = {
    "plain": {},
    "r1_r2": {"penalties": [regularizers.R1(1.0), regularizers.R2(1.0)]},
    "lazy": {"penalties": [regularizers.R1(1.0, every=2)]},
    "interpolated": {"penalties": [regularizers.WGANGP(1.0)]},
    "noisy": {"penalties": [regularizers.InstanceNoise(0.3), regularizers.R1(1.0)]},
    "relativistic": {"objective": "relativistic", "penalties": [regularizers.R2(1.0)]},
    "conditional": {"num_classes": 4, "penalties": [regularizers.R1(1.0)]},
}


@pytest.mark.parametrize("case", CASES)
def test_a_gans_game_in_parts(float64, case):
    gan = make_gan(**CASES[case])
    game = gan.game(a_batch(labels=case == "conditional"))
    whole, parts = game.linearize(), MicrobatchedGame(game, 3).linearize()
    np.testing.assert_allclose(flat(parts.losses), flat(whole.losses), rtol=1e-12)
    np.testing.assert_allclose(flat(parts.v), flat(whole.v), atol=1e-13)
    np.testing.assert_allclose(flat(parts.vjp(whole.v)), flat(whole.vjp(whole.v)), atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"jit_compile": True, "steps_per_execution": 2}])
def test_fit_in_parts_saved_and_loaded(tmp_path, options):
    data = tf.data.Dataset.counter(dtype=tf.int32).map(
        lambda i: tf.random.stateless_normal((8, 2), tf.stack([7, i]))
    )
    weights = []
    for parts in (1, 4):
        gan = make_gan([regularizers.R1(1.0)])
        gan.compile(
            optimizer=tfc.ConsensusOptimizer(rmsprop(), gamma=1.0, microbatches=parts), **options
        )
        gan.fit(data, steps_per_epoch=4, verbose=0, shuffle=False)
        weights.append(gan.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=3e-5)
    gan.save(tmp_path / "gan.keras")
    assert keras.models.load_model(tmp_path / "gan.keras").optimizer.microbatches == 4


# --- what is refused -----------------------------------------------------------------------------


def test_what_couples_examples_is_named():
    for gan, name in (
        (make_gan(norm=True), "batch_normalization"),
        (make_gan(objective="relativistic_average"), "RelativisticAverage"),
        (make_gan([regularizers.DRAGAN()]), "DRAGAN"),
    ):
        game = gan.game(a_batch())
        with pytest.warns(UserWarning, match=f"{name}.*microbatches=2.*another method"):
            MicrobatchedGame(game, 2)
        MicrobatchedGame(game, 1)
    MicrobatchedGame(make_gan(norm=True).game(a_batch(), training=False), 2)


def test_parts_that_do_not_divide_a_batch_of_unknown_size():
    game = build(SineGame([3, 2]))

    @tf.function(input_signature=[tf.TensorSpec([None, 5], tf.float64)], autograph=False)
    def losses(batch):
        return MicrobatchedGame(tfc.Game(game.losses, game.players, [batch]), 4).linearize().losses

    np.testing.assert_allclose(
        flat(losses(game.batch[0])), flat(game.linearize().losses), rtol=1e-12
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"equal parts .* microbatches=4"):
        losses(game.batch[0][:6])


def step(optimizer, oracle=None):
    return optimizer.step(build(oracle or SineGame([3, 2])))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: tfc.ConsensusOptimizer(microbatches=0),
            r"`microbatches` must be .*microbatches=0.*microbatches=1 is the whole batch",
        ),
        (lambda: tfc.AlternatingOptimizer(microbatches=1.5), "`microbatches` must be"),
        (
            lambda: step(tfc.SimultaneousOptimizer(microbatches=3)),
            "a batch of 8 and microbatches=3. Take a divisor of 8",
        ),
        (
            lambda: tfc.SimultaneousOptimizer(microbatches=2).step(
                tfc.Game(lambda: [tf.constant(0.0)], [[tf.Variable(1.0)]])
            ),
            "a batch without a tensor",
        ),
        (
            lambda: MicrobatchedGame(MicrobatchedGame(build(SineGame([3, 2])), 2), 2),
            "cut into parts once. Received: microbatches=2 for a game in 2 parts",
        ),
        (lambda: tfc.ConsensusOptimizer(debias="yes"), "`debias` must be None, 'groups' or"),
        (
            lambda: step(tfc.ConsensusOptimizer(debias="groups")),
            "two independent parts .*debias='groups' with microbatches=1 on one replica",
        ),
        (
            lambda: tfc.ConsensusOptimizer(debias="per_example").step(
                tfc.Game(lambda a: [tf.constant(0.0)], [[tf.Variable(1.0)]], [1.0])
            ),
            "their number must be known. Received: tensors of",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_gradients_handed_over_cannot_be_cut():
    optimizer = tfc.SimultaneousOptimizer(microbatches=2)
    with pytest.raises(RuntimeError, match=r"of the whole batch.*microbatches=2"):
        optimizer.apply([tf.constant(1.0)], [tf.Variable(1.0)])


def test_docstring_examples():
    names = {"tf": tf, "Game": tfc.Game}
    assert doctest.testmod(microbatches, extraglobs=names).failed == 0

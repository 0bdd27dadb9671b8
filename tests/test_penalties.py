"""Penalties against closed forms, finite differences and gradients example by example."""

import doctest
import inspect
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus import penalties
from tf_consensus.penalties import (
    DRAGAN,
    R1,
    R2,
    WGANGP,
    InstanceNoise,
    WeightClipping,
    ZeroCenteredInterpolated,
    gradient_penalty,
    instance_noise,
    one_centered,
    registry,
    weight_clipping,
    zero_centered,
)
from tf_consensus.support.random import Draws

ZERO_CENTERED = (R1, R2, ZeroCenteredInterpolated)
ALL = (*ZERO_CENTERED, WGANGP, DRAGAN)
each = pytest.mark.parametrize("cls", ALL)
SHAPES = [(7,), (7, 3), (7, 4, 3), (7, 3, 4, 2), (7, 2, 3, 2, 2)]


def samples(shape=(7, 3), seed=0, dtype="float64"):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), dtype)


def rho(cls, squared_norms):
    """The mean of ρ in NumPy, with γ = 3 for the zero-centred, target 0.7 and weight 3 else."""
    if cls in ZERO_CENTERED:
        return np.mean(1.5 * squared_norms)
    return np.mean(3.0 * (np.sqrt(squared_norms) - 0.7) ** 2)


def make(cls, **options):
    if cls in ZERO_CENTERED:
        return cls(gamma=3.0, **options)
    return cls(target=0.7, weight=3.0, **options)


def points_of(cls, real, fake, noise):
    """Where each penalty takes the gradient, in NumPy."""
    if cls in (R1, R2):
        return real if cls is R1 else fake
    if cls is DRAGAN:
        return real + 0.5 * np.std(real) * noise
    return noise * real + (1 - noise) * fake


@each
@pytest.mark.parametrize("shape", SHAPES)
def test_a_linear_discriminator(cls, shape):
    a = np.random.default_rng(1).normal(size=shape[1:])
    axes = tuple(range(1, len(shape)))

    def discriminator(x):
        return tf.reduce_sum(a * x, axes)[:, None]

    value = make(cls)(discriminator, samples(shape), samples(shape, seed=2))
    assert value.shape == ()
    assert value.dtype == tf.float64
    np.testing.assert_allclose(value, rho(cls, np.array([np.sum(a**2)])), rtol=1e-12)


@each
def test_a_quadratic_discriminator_at_the_right_points(cls):
    real, fake = samples(), samples(seed=2) + 1.0
    a = np.random.default_rng(3).normal(size=(3, 3))
    a += a.T
    penalty = make(cls)
    noise = penalty.draw(real, Draws(0, 1))
    value = penalty(lambda x: tf.reduce_sum(x * (x @ a), axis=1) / 2, real, fake, noise)
    x = points_of(cls, real.numpy(), fake.numpy(), np.asarray(noise))
    np.testing.assert_allclose(value, rho(cls, np.sum((x @ a) ** 2, axis=1)), rtol=1e-12)


def convolutional(shape=(6, 5, 2), activation="tanh", seed=0):
    layers = keras.layers
    keras.utils.set_random_seed(seed)
    network = keras.Sequential(
        [
            keras.Input(shape, dtype="float64"),
            layers.Conv2D(3, 3, strides=2, padding="same", bias_initializer="normal"),
            layers.Activation(activation),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    return network


@each
@pytest.mark.usefixtures("float64")
def test_equals_the_gradient_of_every_example_by_itself(cls):
    discriminator = convolutional()
    real, fake = samples((4, 6, 5, 2)), samples((4, 6, 5, 2), seed=1)
    penalty = make(cls)
    noise = penalty.draw(real, Draws(0, 1))
    value = penalty(discriminator, real, fake, noise)
    x = tf.constant(points_of(cls, real.numpy(), fake.numpy(), np.asarray(noise)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = discriminator(x)
    gradients = tape.batch_jacobian(logits, x)[:, 0].numpy()
    np.testing.assert_allclose(value, rho(cls, np.sum(gradients**2, axis=(1, 2, 3))), rtol=1e-12)


@each
@pytest.mark.usefixtures("float64")
def test_equals_finite_differences_and_so_does_its_gradient(cls):
    discriminator = convolutional()
    real, fake = samples((3, 6, 5, 2)), samples((3, 6, 5, 2), seed=1)
    penalty = make(cls)
    noise = penalty.draw(real, Draws(0, 1))
    x = points_of(cls, real.numpy(), fake.numpy(), np.asarray(noise))
    h, size = 1e-5, x[0].size
    moves = h * np.eye(size).reshape(size, 1, *x.shape[1:])
    differences = [discriminator(x + move) - discriminator(x - move) for move in moves]
    gradients = np.concatenate(differences, axis=1) / (2 * h)
    value = penalty(discriminator, real, fake, noise)
    np.testing.assert_allclose(value, rho(cls, np.sum(gradients**2, axis=1)), rtol=1e-7)

    kernel = discriminator.layers[0].kernel
    with tf.GradientTape() as tape:
        value = penalty(discriminator, real, fake, noise)
    gradient = tape.gradient(value, kernel.value).numpy()
    original, values = kernel.numpy(), []
    direction = np.random.default_rng(5).normal(size=original.shape)
    for sign in (1, -1):
        kernel.assign(original + sign * h * direction)
        values.append(float(penalty(discriminator, real, fake, noise)))
    expected = (values[0] - values[1]) / (2 * h)
    np.testing.assert_allclose(np.sum(gradient * direction), expected, rtol=1e-7)


@each
@pytest.mark.parametrize("jit", [False, True])
def test_the_same_in_a_graph_of_unknown_batch_size_and_under_xla(cls, jit):
    a = tf.constant(np.random.default_rng(3).normal(size=(3, 3)))
    penalty = make(cls)
    real, fake = samples(), samples(seed=2)
    noise = penalty.draw(real, Draws(0, 1))

    def value(real, fake, noise):
        return penalty(lambda x: tf.reduce_sum(tf.tanh(x @ a), axis=1), real, fake, noise)

    def spec(tensor):
        return tf.TensorSpec([tensor.shape[0] if jit else None, *tensor.shape[1:]], tensor.dtype)

    specs = tf.nest.map_structure(spec, (real, fake, noise))
    compiled = tf.function(value, input_signature=specs, jit_compile=jit)
    np.testing.assert_allclose(compiled(real, fake, noise), value(real, fake, noise), rtol=1e-12)
    again = tf.function(lambda: penalty(lambda x: x**2, real, fake), jit_compile=jit)
    assert np.isfinite(again())  # draws by itself


@each
def test_bfloat16_is_summed_in_float32(cls):
    real, fake = (samples((64, 200), seed, "bfloat16") for seed in (0, 1))
    penalty = make(cls)
    value = penalty(lambda x: tf.reduce_sum(0.25 * x, axis=1), real, fake)
    assert value.dtype == tf.float32
    np.testing.assert_allclose(value, rho(cls, np.array([200 * 0.25**2])), rtol=1e-5)


@each
def test_a_discriminator_that_ignores_its_input_has_no_nan(cls):
    """‖∇D‖ = 0: the value is exact, and derivatives up to the third are finite."""
    w = tf.Variable(tf.zeros(3, tf.float64))
    penalty, real, fake = make(cls), samples(), samples(seed=1)
    noise = penalty.draw(real, Draws(0, 1))
    with tf.GradientTape() as third:
        with tf.GradientTape() as second:
            with tf.GradientTape() as first:
                value = penalty(lambda x: tf.linalg.matvec(x, w), real, fake, noise)
            gradient = first.gradient(value, w)
            sums = tf.reduce_sum(gradient**2) + tf.reduce_sum(gradient)
        curvature = second.gradient(sums, w)
    np.testing.assert_allclose(value, rho(cls, np.zeros(1)), rtol=1e-12)
    np.testing.assert_array_equal(gradient, 0.0)
    np.testing.assert_allclose(curvature, 3.0 if cls in ZERO_CENTERED else 0.0)
    assert np.isfinite(third.gradient(curvature, w)).all()


@each
def test_a_conditional_discriminator_is_differentiated_by_its_samples(cls):
    """D(x, y) = a_y · x: the labels pick the slope, and have no gradient of their own."""
    slopes = tf.constant(np.random.default_rng(4).normal(size=(5, 3)))
    x, y = keras.Input((3,), dtype="float64"), keras.Input((), dtype="int32")

    class Pick(keras.layers.Layer):
        def call(self, inputs):
            return tf.reduce_sum(inputs[0] * tf.gather(slopes, inputs[1]), 1, keepdims=True)

    discriminator = keras.Model([x, y], Pick(dtype="float64")([x, y]))
    labels = tf.constant([0, 1, 2, 3, 4, 0, 1])
    others = tf.constant([1, 1, 1, 1, 2, 2, 2])
    value = make(cls)(discriminator, (samples(), labels), (samples(seed=1), others))
    used = others if cls is R2 else labels
    squares = np.sum(slopes.numpy()[used.numpy()] ** 2, axis=1)
    np.testing.assert_allclose(value, rho(cls, squares), rtol=1e-12)


@pytest.mark.parametrize("cls", [WGANGP, ZeroCenteredInterpolated])
def test_batches_that_do_not_pair_are_refused(cls):
    with pytest.raises(ValueError, match=r"pairs them. Received: real .*\(7, 3\), fake .*\(5, 3\)"):
        cls()(lambda x: x, samples(), samples((5, 3)))


def test_interpolation_weights_are_uniform_and_one_an_example():
    noise = WGANGP().draw(tf.zeros((20_000, 2, 2)), Draws(3, 0)).numpy()
    assert noise.shape == (20_000, 1, 1)
    assert noise.min() >= 0
    assert noise.max() < 1
    assert abs(noise.mean() - 0.5) < 5 / np.sqrt(12 * 20_000)
    assert abs(noise.var() - 1 / 12) < 5 / np.sqrt(180 * 20_000)


# ---- within a GAN


def mlp(inputs, outputs, seed, activation="tanh"):
    layers, init = keras.layers, keras.initializers.GlorotUniform
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dense(8, activation, kernel_initializer=init(seed)),
            layers.Dense(outputs, kernel_initializer=init(seed + 1)),
        ]
    )


def make_gan(*terms, optimizer=None, **options):
    gan = tfc.GAN(mlp(3, 2, 1), mlp(2, 1, 11), latent_dim=3, penalties=terms, seed=5)
    optimizer = optimizer or tfc.ConsensusOptimizer("rmsprop", learning_rate=1e-2, gamma=1.0)
    gan.compile(optimizer=optimizer, **options)
    return gan


def fit(gan, steps=4):
    def draw(index):
        return tf.random.stateless_normal((16, 2), tf.stack([7, tf.cast(index, tf.int32)]))

    data = tf.data.Dataset.counter().map(draw)
    return gan.fit(data, steps_per_epoch=steps, verbose=0, shuffle=False).history


def discriminator_losses(gan, real, steps):
    return [float(gan.game(real).linearize().losses[1]) for _ in range(steps)]


@each
def test_a_gan_adds_the_penalty_to_the_discriminators_loss_alone(cls):
    real = samples((16, 2), dtype="float32")
    gan, plain = make_gan(make(cls)), make_gan()
    game = gan.game(real)
    with_penalty, without = (g.linearize().losses for g in (game, plain.game(real)))
    fake = gan.generator(game.batch[1])
    value = make(cls)(gan.discriminator, real, fake, game.batch[2][0])
    np.testing.assert_allclose(with_penalty[0], without[0], rtol=1e-6)
    np.testing.assert_allclose(with_penalty[1] - without[1], value, rtol=1e-4)


OPTIMIZERS = {
    "consensus": lambda: None,
    "simultaneous": lambda: tfc.SimultaneousOptimizer("rmsprop", learning_rate=1e-2),
    "alternating": lambda: tfc.AlternatingOptimizer("adam", "rmsprop", 2, 1),
    "extragradient": lambda: tfc.ExtragradientOptimizer("sgd", learning_rate=1e-2),
}
MIXED = [R1(1.0), R2(1.0, every=2), WGANGP(weight=0.1), DRAGAN(weight=0.1), InstanceNoise(0.1)]


@pytest.mark.parametrize(
    ("name", "fused"),
    [(name, False) for name in OPTIMIZERS]
    + [("consensus", True)]
    + [pytest.param(n, True, marks=pytest.mark.slow) for n in OPTIMIZERS if n != "consensus"],
)
def test_every_optimizer_trains_with_all_penalties_as_step_by_step(name, fused):
    options = {"jit_compile": True, "steps_per_execution": 2} if fused else {}
    gan = make_gan(*MIXED, optimizer=OPTIMIZERS[name](), **options)
    by_hand = make_gan(*MIXED, optimizer=OPTIMIZERS[name]())
    fit(gan)
    for index in range(4):
        real = tf.random.stateless_normal((16, 2), [7, index])
        by_hand.optimizer.step(by_hand.game(real))
    for a, b in zip(gan.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=3e-5)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("activation", ["tanh", "softplus"])
def test_the_pullback_under_penalties_equals_finite_differences_of_the_field(activation):
    """Third derivatives: v'ᵀu · d against (v(x + hd) - v(x - hd)) · u / 2h."""
    terms = [make(cls) for cls in ALL]
    gan = tfc.GAN(mlp(3, 2, 1), mlp(2, 1, 11, activation), latent_dim=3, penalties=terms, seed=5)
    game = gan.game(samples((6, 2)))
    lin = game.linearize()
    rng = np.random.default_rng(0)
    u, d = ([rng.normal(size=x.shape) for x in game.variables] for _ in range(2))
    pulled = float(tfc.vectors.dot(lin.vjp([tf.constant(t) for t in u]), d))
    start, ends = [x.numpy() for x in game.variables], []
    for h in (1e-5, -1e-5):
        for x, value, move in zip(game.variables, start, d, strict=True):
            x.assign(value + h * move)
        ends.append(float(tfc.vectors.dot(game.linearize().v, u)))
    np.testing.assert_allclose(pulled, (ends[0] - ends[1]) / 2e-5, rtol=1e-7)


@pytest.mark.parametrize("cls", [R1, WGANGP])
@pytest.mark.parametrize("jit", [False, True])
def test_a_lazy_penalty_counts_at_each_kth_step_k_times(cls, jit):
    real = samples((16, 2), dtype="float32")

    def losses(gan):
        step = tf.function(lambda: gan.game(real).linearize().losses[1], jit_compile=jit)
        return np.array([float(step()) for _ in range(7)])

    without = losses(make_gan())
    full = losses(make_gan(make(cls))) - without
    added = losses(make_gan(make(cls, every=3))) - without
    np.testing.assert_allclose(added[[0, 3, 6]], 3 * full[[0, 3, 6]], rtol=1e-4)
    np.testing.assert_allclose(added[[1, 2, 4, 5]], 0.0, atol=1e-6)


def test_a_schedule_scales_the_penalty_over_the_steps():
    real = samples((16, 2), dtype="float32")
    half = keras.optimizers.schedules.PolynomialDecay(1.0, 4, 0.0)
    plain = discriminator_losses(make_gan(), real, 4)
    constant = discriminator_losses(make_gan(R1(2.0)), real, 4)
    decaying = discriminator_losses(make_gan(R1(2.0, schedule=half)), real, 4)
    factors = np.subtract(decaying, plain) / np.subtract(constant, plain)
    np.testing.assert_allclose(factors, [1.0, 0.75, 0.5, 0.25], rtol=1e-4)


def test_evaluation_counts_a_lazy_penalty_at_every_step():
    gan, always = make_gan(R1(2.0, every=3)), make_gan(R1(2.0))
    real = samples((16, 2), dtype="float32")
    for model in (gan, always):
        model.noise_counter.assign(1)
    losses = [m.game(real, training=False).linearize().losses[1] for m in (gan, always)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


def test_instance_noise_reaches_losses_and_penalties():
    noise = InstanceNoise(0.5)
    gan = make_gan(noise, R1(2.0))
    real = samples((16, 2), dtype="float32")
    game = gan.game(real)
    (for_real, for_fake), _ = game.batch[2]
    noisy = real + 0.5 * for_real
    fake = gan.generator(game.batch[1]) + 0.5 * for_fake
    logits = gan.discriminator(noisy), gan.discriminator(fake)
    objective = tfc.objectives.get("standard")
    expected = objective.discriminator_loss(*logits) + R1(2.0)(gan.discriminator, noisy, fake)
    losses = game.linearize().losses
    np.testing.assert_allclose(losses[0], objective.generator_loss(*logits), rtol=1e-5)
    np.testing.assert_allclose(losses[1], expected, rtol=1e-5)


def test_instance_noise_is_normal_independent_and_scheduled():
    decay = keras.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0)
    noise = InstanceNoise(0.3, schedule=decay)
    gan = make_gan(noise)
    pairs = [gan.game(tf.zeros((4000, 2))).batch[2][0] for _ in range(2)]
    drawn = np.array([tensor for pair in pairs for tensor in pair]).reshape(4, -1)
    assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 5 / np.sqrt(8000)
    assert np.abs(drawn.std(axis=1) - 1).max() < 5 / np.sqrt(2 * 8000)
    x, e = tf.ones((2, 2), "bfloat16"), tf.ones((2, 2))
    assert noise(x, e, step=5).dtype == x.dtype
    np.testing.assert_allclose(noise(tf.zeros((2, 2)), e, step=5), 0.15, rtol=1e-6)


def test_the_latents_of_a_seed_do_not_depend_on_the_penalties():
    real = tf.zeros((16, 2))
    latents = [gan.game(real).batch[1] for gan in (make_gan(), make_gan(*MIXED))]
    np.testing.assert_array_equal(*latents)


def test_replicas_take_the_mean_over_the_whole_batch(two_replicas):
    """R1 and R2 of two halves, averaged, are those of the whole; fit runs under the strategy."""
    with two_replicas.scope():
        gan = make_gan(*MIXED)
    history = fit(gan)
    assert np.isfinite(history["discriminator_loss"]).all()
    halves = two_replicas.experimental_distribute_values_from_function(
        lambda context: samples((14, 2), dtype="float32")[context.replica_id_in_sync_group :: 2]
    )

    @tf.function
    def mean():
        values = two_replicas.run(lambda x: R1(2.0)(gan.discriminator, x, x), args=(halves,))
        return two_replicas.reduce(tf.distribute.ReduceOp.MEAN, values, axis=None)

    whole = samples((14, 2), dtype="float32")
    np.testing.assert_allclose(mean(), R1(2.0)(gan.discriminator, whole, whole), rtol=1e-5)


def test_a_gan_with_penalties_is_saved_whole(tmp_path):
    decay = keras.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0)
    gan = make_gan(R1(2.0, every=2, schedule=decay), "r2", InstanceNoise(0.3, schedule=decay))
    fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert [str(p) for p in loaded.penalties] == [str(p) for p in gan.penalties]
    assert loaded.penalties == gan.penalties
    assert fit(loaded) == fit(gan)


# ---- batch normalization, spectral normalization, weight clipping


def normalized(trainable=True):
    inner = keras.Sequential(
        [keras.Input((4,)), keras.layers.BatchNormalization(name="inner_norm")], name="inner"
    )
    layers = [keras.layers.Dense(4), keras.layers.BatchNormalization(name="outer_norm"), inner]
    # Without a nonlinearity after it, normalization makes the sum of the logits constant.
    layers += [keras.layers.Activation("softplus"), keras.layers.Dense(1)]
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((2,)), *layers])
    network.get_layer("outer_norm").trainable = trainable
    return network


def test_batch_normalization_is_named_once():
    discriminator = normalized()
    with pytest.warns(UserWarning, match=r"outer_norm, inner_norm.*sum of all logits") as caught:
        gan = tfc.GAN(mlp(3, 2, 1), discriminator, latent_dim=3, penalties=[R1(1.0)], seed=0)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gan.compile(optimizer=tfc.SimultaneousOptimizer("sgd"))
        fit(gan)
        R1()(discriminator, tf.zeros((4, 2)), tf.zeros((4, 2)))
        tfc.GAN(mlp(3, 2, 1), normalized(), latent_dim=3, penalties=[InstanceNoise()])


def test_frozen_normalization_does_not_couple_and_is_not_named():
    with pytest.warns(UserWarning, match=r"normalization \(inner_norm\)"):
        R1()(normalized(trainable=False), tf.zeros((4, 2)), tf.zeros((4, 2)))


def test_what_is_computed_under_batch_normalization_is_the_gradient_of_the_sum():
    discriminator = normalized()
    x = samples((8, 2), dtype="float32")
    with pytest.warns(UserWarning, match="batch normalization"):
        gan = tfc.GAN(mlp(3, 2, 1), discriminator, latent_dim=3, penalties=[R1(200.0)], seed=0)
    plain = tfc.GAN(gan.generator, discriminator, latent_dim=3, seed=0)
    losses = [g.game(x).linearize().losses[1] for g in (gan, plain)]
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = tf.reduce_sum(discriminator(x, training=True))
    squares = tf.reduce_sum(tape.gradient(logits, x) ** 2, axis=1)
    assert tf.reduce_mean(squares) > 1e-4
    np.testing.assert_allclose(losses[0] - losses[1], 100 * tf.reduce_mean(squares), rtol=1e-3)


def test_keras_spectral_normalization_trains_with_a_penalty():
    """The wrapper keeps every kernel's norm at 1; the penalty sees the normalized network."""
    keras.utils.set_random_seed(0)
    spectral = keras.layers.SpectralNormalization
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            spectral(keras.layers.Dense(16), power_iterations=5),
            keras.layers.LeakyReLU(0.2),
            spectral(keras.layers.Dense(1), power_iterations=5),
        ]
    )
    gan = tfc.GAN(mlp(3, 2, 1), discriminator, latent_dim=3, penalties=[R1(1.0)], seed=0)
    gan.compile(optimizer=tfc.AlternatingOptimizer("adam", "adam"))
    assert np.isfinite(fit(gan, 20)["discriminator_loss"]).all()
    discriminator(tf.zeros((1, 2)), training=True)
    for layer in discriminator.layers[::2]:
        norm = np.linalg.norm(layer.layer.kernel.numpy(), 2)
        np.testing.assert_allclose(norm, 1.0, rtol=1e-2)
    x = samples((8, 2), dtype="float32")
    assert float(R1(2.0)(discriminator, x, x)) <= 1.0 + 1e-2  # a product of norms of 1


@pytest.mark.parametrize("optimizer", [None, tfc.AlternatingOptimizer("sgd", "sgd")])
def test_weight_clipping_holds_after_every_update_and_is_saved(optimizer, tmp_path):
    discriminator = penalties.clip_weights(mlp(2, 1, 11), 0.05)
    original = mlp(2, 1, 11)
    for a, b in zip(discriminator.get_weights(), original.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    gan = tfc.GAN(mlp(3, 2, 1), discriminator, latent_dim=3, objective="wgan", seed=0)
    gan.compile(optimizer=optimizer or tfc.SimultaneousOptimizer("rmsprop", learning_rate=0.1))
    fit(gan, 3)
    largest = [np.abs(w).max() for w in discriminator.get_weights()]
    assert max(largest) <= np.float32(0.05)
    assert largest[0] == np.float32(0.05)
    assert max(np.abs(w).max() for w in gan.generator.get_weights()) > 0.05
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.discriminator.layers[0].kernel_constraint.bound == 0.05


# ---- names, configs, errors


def test_names_and_round_trips():
    assert penalties.names() == [
        "r1",
        "r2",
        "wgan_gp",
        "zero_centered_interpolated",
        "dragan",
        "instance_noise",
    ]
    for name in penalties.names():
        penalty = penalties.get(name)
        assert penalties.get(penalty) is penalty
        assert penalties.get(penalties.serialize(penalty)) == penalty
        cls = type(penalty).__name__
        assert penalties.get(cls) == penalty
        assert penalties.get({"class_name": cls, "config": {}}) == penalty
    schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 5, 0.5)
    special = [
        R1(2.0, every=4, schedule=schedule),
        WGANGP(target=0.5, weight=2.0, every=2),
        DRAGAN(2.0, target=0.5, perturbation=0.25),
        InstanceNoise(0.3, schedule=schedule),
    ]
    for penalty in special:
        config = penalties.serialize(penalty)
        assert config["registered_name"] == f"tf_consensus>{type(penalty).__name__}"
        assert penalties.get(config) == penalty
        assert penalties.get(config) != type(penalty)()


STRENGTHS = {
    "r1": "gamma",
    "r2": "gamma",
    "zero_centered_interpolated": "gamma",
    "wgan_gp": "weight",
    "dragan": "weight",
    "instance_noise": "stddev",
}


@pytest.mark.parametrize("name", penalties.names())
def test_the_first_argument_of_a_penalty_is_its_strength(name):
    cls, plain = type(penalties.get(name)), penalties.get(name)
    changed = {k: v for k, v in vars(cls(0.125)).items() if v != vars(plain)[k]}
    assert changed == {STRENGTHS[name]: 0.125}
    for key in {"target", "perturbation"} & set(plain.get_config()):
        assert inspect.signature(cls).parameters[key].kind is inspect.Parameter.KEYWORD_ONLY


def test_a_function_is_a_penalty_as_it_is():
    def penalty(discriminator, real, fake):
        return 1.0

    assert penalties.get(penalty) is penalty


def test_unknown_names_and_other_things_are_refused():
    with pytest.raises(ValueError, match=r"Received: identifier='r3'. Use one of \['dragan'"):
        penalties.get("r3")
    for wrong in (3, None, R1):
        with pytest.raises(TypeError, match=r"A penalty is a name.*Received: .*The names are"):
            penalties.get(wrong)


@pytest.mark.parametrize(
    ("cls", "options", "message"),
    [
        (R1, {"gamma": -1.0}, r"`gamma` must be finite and not negative. Received: gamma=-1.0"),
        (R2, {"gamma": np.nan}, "gamma=nan"),
        (ZeroCenteredInterpolated, {"gamma": "ten"}, "gamma='ten'"),
        (WGANGP, {"target": -1.0}, "`target` must be"),
        (WGANGP, {"weight": np.inf}, "`weight` must be"),
        (DRAGAN, {"perturbation": -0.5}, "`perturbation` must be"),
        (R1, {"every": 0}, "`every` must be an integer of at least 1. Received: every=0"),
        (R1, {"schedule": 0.5}, r"LearningRateSchedule.*Received: schedule=0.5"),
        (InstanceNoise, {"stddev": -0.1}, "`stddev` must be"),
        (InstanceNoise, {"schedule": lambda step: 1.0}, "Received: schedule=<function"),
        (WeightClipping, {"bound": 0.0}, "`bound` must be finite and positive"),
    ],
)
def test_arguments_out_of_range_are_refused(cls, options, message):
    with pytest.raises(ValueError, match=message):
        cls(**options)


def test_an_incomplete_subclass_says_what_is_missing():
    class Incomplete(penalties.GradientPenalty):
        pass

    with pytest.raises(NotImplementedError, match="Incomplete must implement `points`"):
        Incomplete()(lambda x: x, samples(), samples())
    with pytest.raises(NotImplementedError, match="Incomplete must implement `per_example`"):
        Incomplete().of_gradient(samples())


@pytest.mark.parametrize(
    "module",
    [gradient_penalty, instance_noise, one_centered, weight_clipping, zero_centered, registry],
)
def test_docstring_examples(module):
    names = {"tf": tf, "keras": keras}
    results = doctest.testmod(module, extraglobs=names)
    assert results.failed == 0
    assert results.attempted or module is gradient_penalty

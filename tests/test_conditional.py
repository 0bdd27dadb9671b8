"""Conditional GANs: which logit counts, the field, generation by class, and refusals."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.support.inputs import choice, pick

LATENT, CLASSES = 3, 4
layers = keras.layers


def make_generator(classes=CLASSES, outputs=2):
    latents, labels = keras.Input((LATENT,)), keras.Input((), dtype="int32")
    embedded = layers.Embedding(classes, 2, embeddings_initializer="glorot_uniform")(labels)
    x = layers.Dense(8, "tanh")(layers.Concatenate()([latents, embedded]))
    return keras.Model([latents, labels], layers.Dense(outputs)(x))


def picked(outputs=CLASSES):
    """Samples to one logit per class."""
    samples = keras.Input((2,))
    x = layers.LeakyReLU(0.2)(layers.Dense(8)(samples))
    return keras.Model(samples, layers.Dense(outputs)(x))


def informed():
    """[samples, labels] to one logit."""
    samples, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    x = layers.Concatenate()([samples, layers.Embedding(CLASSES, 2)(labels)])
    return keras.Model([samples, labels], layers.Dense(1)(layers.Dense(8, "tanh")(x)))


def make_gan(discriminator=picked, **options):
    keras.utils.set_random_seed(3)
    options = {"latent_dim": LATENT, "num_classes": CLASSES, "seed": 5, **options}
    return tfc.GAN(make_generator(), discriminator(), **options)


def a_batch(size=6):
    random = np.random.default_rng(0)
    samples = random.normal(size=(size, 2)).astype(keras.config.floatx())
    return tf.constant(samples), tf.constant(random.integers(0, CLASSES, size), tf.int32)


def batches(size=8):
    def draw(index):
        seed = tf.stack([7, tf.cast(index, tf.int32)])
        labels = tf.random.stateless_uniform((size,), seed, 0, CLASSES, tf.int32)
        return tf.random.stateless_normal((size, 2), seed), labels

    return tf.data.Dataset.counter(dtype=tf.int32).map(draw)


def test_the_label_picks_the_logit():
    logits = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    labels = [tf.constant([2, 0])]
    np.testing.assert_array_equal(pick(logits, labels), [[3.0], [4.0]])
    np.testing.assert_array_equal(choice(logits, labels), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(pick(logits[:, :1], labels), [[1.0], [4.0]])
    outside = pick(logits, [tf.constant([3, -1])]).numpy()
    assert np.isnan(outside).all()


@pytest.mark.parametrize("discriminator", [picked, informed])
def test_losses_and_field_equal_a_second_implementation(float64, discriminator):
    gan = make_gan(discriminator)
    samples, labels = a_batch()
    game = gan.game((samples, labels))
    assert (gan._adjoint is None) == (discriminator is informed)
    latents = game.batch[1]

    def logits(x):
        if discriminator is informed:
            return gan.discriminator([x, labels])
        return tf.gather(gan.discriminator(x), labels[:, None], batch_dims=1)

    theta, phi = ([x.value for x in player] for player in game.players)
    with tf.GradientTape(persistent=True) as tape:
        real, fake = logits(samples), logits(gan.generator([latents, labels]))
        d_loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
        g_loss = tf.reduce_mean(tf.nn.softplus(-fake))
    expected = tape.gradient(g_loss, theta) + tape.gradient(d_loss, phi)
    linearization = game.linearize()
    np.testing.assert_allclose(linearization.losses, [g_loss, d_loss], rtol=1e-12)
    for ours, theirs in zip(linearization.v, expected, strict=True):
        np.testing.assert_allclose(ours, -tf.convert_to_tensor(theirs), atol=1e-14)


PENALTIES = {
    "r1": lambda: [tfc.penalties.R1(2.0)],
    "r1_r2": lambda: [tfc.penalties.R1(2.0), tfc.penalties.R2(3.0)],
    "interpolated": lambda: [tfc.penalties.ZeroCenteredInterpolated(2.0)],
    "wgangp": lambda: [tfc.penalties.WGANGP(2.0)],
    "noisy": lambda: [tfc.penalties.InstanceNoise(0.3), tfc.penalties.R1(2.0)],
    "lazy": lambda: [tfc.penalties.R1(2.0, every=2)],
    "function": lambda: [
        lambda d, real, fake: tf.reduce_mean(d(real) ** 2) + tf.reduce_sum(fake[0])
    ],
}


@pytest.mark.parametrize("name", PENALTIES)
def test_a_shared_adjoint_pass_equals_tapes(float64, name):
    gan = make_gan(penalties=PENALTIES[name]())
    assert gan._adjoint is not None
    game = gan.game(a_batch())
    shared = game.linearize()
    expected = tfc.Game(game.losses, game.players, game.batch).linearize()
    np.testing.assert_allclose(shared.losses, expected.losses, rtol=1e-12)
    pairs = (shared.v, expected.v), (shared.vjp(shared.v), expected.vjp(expected.v))
    for ours, theirs in pairs:
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)


def test_r1_is_of_the_labels_own_logit(float64):
    gan = make_gan(penalties=[tfc.penalties.R1(2.0)])
    samples, labels = a_batch()
    plain = make_gan()
    x = samples
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = tf.gather(gan.discriminator(x), labels[:, None], batch_dims=1)
    expected = np.mean(np.sum(tape.gradient(logits, x).numpy() ** 2, axis=1))
    losses = [g.game((samples, labels)).linearize().losses[1].numpy() for g in (gan, plain)]
    np.testing.assert_allclose(losses[0] - losses[1], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "discriminator"),
    [(tfc.ConsensusOptimizer, picked), (tfc.AlternatingOptimizer, informed)],
)
def test_fit_fused_saved_and_loaded(tmp_path, make, discriminator):
    gans = []
    for options in ({}, {"jit_compile": True, "steps_per_execution": 3}):
        gan = make_gan(discriminator)
        gan.compile(optimizer=make(), **options)
        gan.fit(batches(), steps_per_epoch=3, verbose=0, shuffle=False)
        gans.append(gan)
    for a, b in zip(*[gan.get_weights() for gan in gans], strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)
    gans[0].save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.num_classes == CLASSES
    np.testing.assert_array_equal(loaded.generate(3, seed=0), gans[0].generate(3, seed=0))
    for gan in (loaded, gans[0]):
        gan.fit(batches(), steps_per_epoch=2, verbose=0, shuffle=False)
    for a, b in zip(loaded.get_weights(), gans[0].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert np.isfinite(gans[0].evaluate(batches().take(2), verbose=0)).all()


def test_generate_by_class():
    gan = make_gan()
    by_class = gan.generate(4, seed=1, labels=2)
    np.testing.assert_array_equal(by_class, gan.generate(4, seed=1, labels=[2, 2, 2, 2]))
    other = gan.generate(4, seed=1, labels=[2, 3, 2, 3])
    assert (other == by_class).all(axis=1).tolist() == [True, False, True, False]
    drawn = gan.generate(500, seed=1)
    np.testing.assert_array_equal(drawn, gan.generate(500, seed=1))
    everything = [gan.generate(500, seed=1, labels=k) for k in range(CLASSES)]
    counts = [np.sum((drawn == one).all(axis=1)) for one in everything]
    assert sum(counts) == 500
    assert min(counts) > 500 / CLASSES - 5 * np.sqrt(500 * 3 / 16)


def test_classes_are_learned():
    """Class k lies at k - 1.5 on the first axis."""
    shifts = tf.range(CLASSES, dtype=tf.float32) - 1.5

    def draw(index):
        seed = tf.stack([7, tf.cast(index, tf.int32)])
        labels = tf.random.stateless_uniform((64,), seed, 0, CLASSES, tf.int32)
        samples = 0.1 * tf.random.stateless_normal((64, 2), seed)
        return samples + tf.stack([tf.gather(shifts, labels), tf.zeros(64)], axis=1), labels

    keras.utils.set_random_seed(0)
    gan = make_gan(penalties=[tfc.penalties.R1(1.0)])
    inner = [keras.optimizers.Adam(5e-3, beta_1=0.0, beta_2=0.99) for _ in range(2)]
    gan.compile(
        optimizer=tfc.AlternatingOptimizer(*inner), jit_compile=True, steps_per_execution=100
    )
    data = tf.data.Dataset.counter(dtype=tf.int32).map(draw)
    gan.fit(data, steps_per_epoch=1000, verbose=0, shuffle=False)
    for label, shift in enumerate(shifts):
        mean = gan.generate(500, seed=0, labels=label).mean(axis=0)
        np.testing.assert_allclose(mean, [shift, 0], atol=0.3)


def test_an_unconditional_gan_leaves_labels_unused():
    networks = tfc.networks.build("mlp", latent_dim=LATENT, seed=0)
    weights = []
    for data in (batches(), batches().map(lambda samples, _: samples)):
        for model in networks:
            model.set_weights([0.1 * np.ones(w.shape) for w in model.get_weights()])
        gan = tfc.GAN(*networks, latent_dim=LATENT, seed=5)
        gan.compile(optimizer=tfc.SimultaneousOptimizer())
        gan.fit(data, steps_per_epoch=2, verbose=0, shuffle=False)
        weights.append(gan.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_labels_outside_of_the_classes_are_refused():
    gan = make_gan()
    samples, labels = a_batch()
    gan.compile(optimizer=tfc.SimultaneousOptimizer())
    wrong = tf.data.Dataset.from_tensors((samples, labels + 1))
    with pytest.raises(ValueError, match=r"from 0 to num_classes - 1 = 3. Received: labels from 1"):
        gan.fit(wrong, verbose=0, shuffle=False)
    late = tf.data.Dataset.from_tensors((samples, labels)).concatenate(wrong)
    with pytest.raises(tf.errors.InvalidArgumentError, match="from 0 to num_classes - 1 = 3"):
        gan.fit(late, verbose=0, shuffle=False)
    gan.compile(optimizer=tfc.SimultaneousOptimizer(), jit_compile=True)
    with pytest.raises(tfc.callbacks.DivergedError, match="Losses and weights must be finite"):
        gan.fit(late, verbose=0, shuffle=False)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: make_gan(num_classes=0), r"`num_classes` must be .* num_classes=10"),
        (lambda: make_gan(num_classes=None), "without num_classes has no labels for its generator"),
        (
            lambda: tfc.GAN(
                *tfc.networks.build("mlp", latent_dim=LATENT), latent_dim=LATENT, num_classes=4
            ),
            r"takes two inputs, \[latents, labels\].*num_classes=4 and a generator of one",
        ),
        (
            lambda: make_gan(lambda: picked(5)),
            r"one logit per class, output shape \(None, 4\).*\(None, 5\).*Dense\(4\)",
        ),
        (lambda: make_gan().game(a_batch()[0]), r"pairs \(samples, labels\).*samples alone"),
        (
            lambda: make_gan().game((a_batch()[0], np.eye(6, 4))),
            r"shape \(batch,\).*\(6, 4\).*tf.argmax",
        ),
        (lambda: make_gan().generate(2, labels=4), r"from 0 to 3. Received: labels=array\(4\)"),
        (lambda: make_gan().generate(2, labels=[0, 1, 2]), r"n=2 classes.*labels=array"),
        (lambda: make_gan().generate(2, labels=0.5), r"from 0 to 3"),
        (
            lambda: tfc.GAN(*tfc.networks.build("mlp", latent_dim=3), latent_dim=3).generate(
                2, labels=0
            ),
            "for a conditional GAN",
        ),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()

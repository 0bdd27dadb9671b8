"""The residual networks: sizes, equations by NumPy, initial weights, training, saving, errors."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

import tf_consensus as tfc
from tf_consensus import networks
from tf_consensus.models.adjoint import AdjointNetwork
from tf_consensus.networks.resnet import resnet

L = keras.layers

# Trainable parameters of the published networks.
COUNTS = {
    "resnet": (5_613_347, 7_449_633),
    "resnet_cf": (2_208_067, 1_979_073),
    "residual_celeba_hq": (18_810_036, 16_705_201),
    "residual_lsun": (52_154_052, 47_944_385),
    "residual_imagenet": (100_535_747, 108_260_776),
}
SIZES = {"residual_celeba_hq": 1024, "residual_lsun": 256, "residual_imagenet": 128}
TINY = {"image_size": 16, "channels": 2, "filters": 4, "latent_dim": 3, "seed": 0}
POSTER = TINY | {"max_filters": 8}
SMALL = {
    "resnet": TINY,
    "resnet_cf": TINY,
    "residual": POSTER,
    "residual_celeba_hq": POSTER,
    "residual_lsun": POSTER,
    "residual_imagenet": POSTER | {"num_classes": 5},
    "without labels": POSTER | {"blocks": 3, "embedding_dim": 2},
}
KINDS = ["resnet_cf", "residual", "residual_imagenet", "without labels"]


def small(name, **settings):
    known = name if name in networks.names() else "residual"
    return networks.build(known, **SMALL[name] | settings)


def inputs_of(generator, batch=3, seed=0):
    rng = np.random.default_rng(seed)
    latents = rng.normal(size=(batch, 3)).astype("float32")
    labelled = len(generator.inputs) == 2
    return [latents, rng.integers(0, 5, batch).astype("int32")] if labelled else latents


# ---- sizes


@pytest.fixture(scope="module")
def published():
    """All published networks, their variables without values, which would take gigabytes."""
    with keras.StatelessScope(initialize_variables=False):
        pairs = {name: networks.build(name) for name in COUNTS}
    yield pairs
    keras.backend.clear_session()


@pytest.mark.parametrize("name", COUNTS)
def test_published_sizes(published, name):
    models = generator, discriminator = published[name]
    counts = [sum(int(np.prod(v.shape)) for v in model.trainable_variables) for model in models]
    side = SIZES.get(name, 64)
    conditional = name == "residual_imagenet"
    latents = (None, 64 if name == "resnet" else 256)
    assert tuple(counts) == COUNTS[name]
    assert not any(model.non_trainable_variables for model in models)
    assert generator.input_shape == ([latents, (None,)] if conditional else latents)
    assert generator.output_shape == discriminator.input_shape == (None, side, side, 3)
    assert discriminator.output_shape == (None, 1000 if conditional else 1)


def sums(model):
    """Side and width of every residual block's result."""
    shapes = [layer.output.shape for layer in model.layers if isinstance(layer, L.Add)]
    return [(shape[1], shape[3]) for shape in shapes]


@pytest.mark.parametrize(
    ("blocks", "generator_blocks", "discriminator_blocks"),
    [
        (1, [(4, 20), (8, 10), (16, 5), (32, 5)], [(32, 5), (16, 10), (8, 20), (4, 21)]),
        (
            2,
            [(4, 21)] * 2 + [(8, 20)] * 2 + [(16, 10)] * 2 + [(32, 5)] * 2,
            [(32, 5), (32, 10), (16, 10), (16, 20), (8, 20), (8, 21), (4, 21), (4, 21)],
        ),
    ],
)
def test_where_the_width_changes(blocks, generator_blocks, discriminator_blocks):
    models = networks.build("residual", image_size=32, filters=5, max_filters=21, blocks=blocks)
    assert list(map(sums, models)) == [generator_blocks, discriminator_blocks]


@pytest.mark.parametrize(("start_size", "image_size"), [(1, 4), (3, 12), (8, 8)])
def test_other_start_sizes(start_size, image_size):
    models = small("residual", start_size=start_size, image_size=image_size)
    assert models[0].output_shape == models[1].input_shape == (None, image_size, image_size, 2)
    assert sums(models[1])[-1][0] == sums(models[0])[0][0] == start_size


# ---- the equations, by NumPy

TOLERANCE = 1e-5  # the slope 0.2 and the factor 0.1 go through single precision in every dtype


class ByNumPy:
    """The published equations in float64, on a model's kernels in the order of their creation."""

    def __init__(self, model):
        kinds = L.Dense, L.Embedding, (L.Conv2D, L.Conv2DTranspose)
        self.dense, self.embedding, self.convolutions = (self._weights(model, k) for k in kinds)

    @staticmethod
    def _weights(model, kind):
        # The two kinds of convolutions are counted apart, and used apart by the networks.
        layers = [layer for layer in model.layers if isinstance(layer, kind)]

        def created(layer):
            number = re.search(r"_(\d+)$", layer.name)
            return isinstance(layer, L.Conv2DTranspose), int(number[1]) if number else 0

        layers = sorted(layers, key=created)
        return [[w.astype("float64") for w in layer.get_weights()] for layer in layers]

    def take_dense(self, x):
        kernel, bias = self.dense.pop(0)
        return x @ kernel + bias

    def convolve(self, x, before, after, stride=1):
        kernel, *bias = self.convolutions.pop(0)
        x = np.pad(x, [(0, 0), (before, after), (before, after), (0, 0)])
        windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
        return np.einsum("bhwcij,ijco->bhwo", windows, kernel) + (bias[0] if bias else 0)

    def transpose(self, x):
        """The transpose of the padded 5×5 convolution of stride 2."""
        kernel, bias = next(w for w in self.convolutions if w[0].shape[0] == 5)
        self.convolutions = [w for w in self.convolutions if w[0] is not kernel]
        n, side, _, _ = x.shape
        y = np.zeros((n, 2 * side + 3, 2 * side + 3, kernel.shape[2]))
        for i, j in np.ndindex(5, 5):
            part = np.einsum("bhwc,oc->bhwo", x, kernel[i, j])
            y[:, i : i + 2 * side : 2, j : j + 2 * side : 2] += part
        return y[:, 1 : 2 * side + 1, 1 : 2 * side + 1] + bias

    def block(self, x):
        change = self.convolve(leaky(x), 1, 1)
        hidden = change.shape[-1]
        change = self.convolve(leaky(change), 1, 1)
        width = change.shape[-1]
        if width != x.shape[-1]:
            assert len(self.convolutions[0]) == 1, "a shortcut has no bias"
            assert hidden == min(width, x.shape[-1])
            x = self.convolve(x, 0, 0)
        return x + 0.1 * change


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def pool(x):
    """Means over 3×3 pixels around every second one, 0 beyond the border."""
    x = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    return sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2].mean((-1, -2))


def randomize(models):
    """Weights and biases such that every term counts."""
    rng = np.random.default_rng(1)
    for model in models:
        model.set_weights([rng.normal(size=w.shape) / 2 for w in model.get_weights()])


def residual_generator(model, inputs, blocks, levels):
    net = ByNumPy(model)
    z, labels = inputs if isinstance(inputs, list) else (inputs, np.zeros(len(inputs), int))
    embedded = net.embedding[0][0][labels]
    embedded /= np.linalg.norm(embedded, axis=1, keepdims=True)
    x = net.take_dense(np.concatenate([z, embedded], axis=1)).reshape(len(z), 4, 4, -1)
    for level in range(levels + 1):
        if level:
            x = x.repeat(2, axis=1).repeat(2, axis=2)
        for _ in range(blocks):
            x = net.block(x)
    image = np.tanh(net.convolve(leaky(x), 1, 1))
    assert not net.convolutions
    return image


def residual_discriminator(model, image, blocks, levels):
    net = ByNumPy(model)
    x = net.convolve(image, 1, 1)
    for level in range(levels + 1):
        x = pool(x) if level else x
        for _ in range(blocks):
            x = net.block(x)
    assert not net.convolutions
    return net.take_dense(leaky(x).reshape(len(x), -1))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("residual", 1),
        ("residual_celeba_hq", 1),
        ("residual_imagenet", 2),
        ("without labels", 3),
    ],
)
def test_the_posters_networks_equal_the_equations(name, blocks):
    models = generator, discriminator = small(name)
    randomize(models)
    inputs = inputs_of(generator)
    image = np.random.default_rng(2).normal(size=(3, 16, 16, 2))
    expected = residual_generator(generator, inputs, blocks, levels=2)
    np.testing.assert_allclose(generator(inputs), expected, atol=TOLERANCE)
    expected = residual_discriminator(discriminator, image, blocks, levels=2)
    np.testing.assert_allclose(discriminator(image), expected, rtol=TOLERANCE)


def resnet_generator(model, z):
    net = ByNumPy(model)
    x = net.take_dense(z).reshape(len(z), 1, 1, -1)
    for _ in range(3):
        x = net.block(net.transpose(leaky(x)))
    image = np.tanh(net.transpose(leaky(x)))
    assert not net.convolutions
    return image


def resnet_discriminator(model, image):
    net = ByNumPy(model)
    x = net.block(net.convolve(image, 1, 2, stride=2))
    for _ in range(3):
        x = net.block(net.convolve(leaky(x), 1, 2, stride=2))
    assert not net.convolutions
    return net.take_dense(leaky(x).reshape(len(x), -1))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["resnet", "resnet_cf"])
def test_the_first_papers_networks_equal_the_equations(name):
    models = generator, discriminator = small(name)
    randomize(models)
    z = inputs_of(generator)
    image = np.random.default_rng(2).normal(size=(3, 16, 16, 2))
    np.testing.assert_allclose(generator(z), resnet_generator(generator, z), atol=TOLERANCE)
    expected = resnet_discriminator(discriminator, image)
    np.testing.assert_allclose(discriminator(image), expected, rtol=TOLERANCE)


def test_labels_matter_by_their_embeddings_direction_alone():
    generator, _ = small("residual_imagenet")
    z = np.ones((5, 3), "float32")
    images = generator([z, np.arange(5)])
    assert len({image.numpy().tobytes() for image in images}) == 5
    embedding = next(layer for layer in generator.layers if isinstance(layer, L.Embedding))
    embedding.set_weights([3 * w for w in embedding.get_weights()])
    np.testing.assert_allclose(generator([z, np.arange(5)]), images, atol=1e-6)


# ---- initial weights


@pytest.mark.parametrize("name", KINDS)
def test_the_seed_determines_the_weights(name):
    def weights(seed):
        return [w for model in small(name, seed=seed) for w in model.get_weights()]

    first, again, other, free = (weights(seed) for seed in (1, 1, 2, None))
    assert all(map(np.array_equal, first, again))
    for changed in (other, free):
        pairs = zip(first, changed, strict=True)
        assert not any((a == b).all() for a, b in pairs if a.ndim > 1)


def test_initial_distributions():
    generator, discriminator = networks.build(
        "residual", image_size=8, filters=64, num_classes=400, embedding_dim=50, seed=0
    )
    embedding = next(w for w in generator.get_weights() if w.shape == (400, 50))
    assert abs(embedding.mean()) < 0.02
    assert embedding.std() == pytest.approx(1, rel=0.02)
    kernels = [w for w in discriminator.get_weights() if w.shape == (3, 3, 64, 64)]
    assert len({w.tobytes() for w in kernels}) == len(kernels) == 3
    limit = np.sqrt(6 / (9 * 128))
    assert all(0.99 * limit < np.abs(w).max() <= limit for w in kernels)
    models = generator, discriminator
    assert not any(w.any() for m in models for w in m.get_weights() if w.ndim == 1)


# ---- training


@pytest.mark.parametrize("name", SMALL)
def test_the_discriminators_share_their_adjoint_pass(name):
    network = AdjointNetwork.of(small(name)[1])
    assert network is not None
    assert network.piecewise_linear


def make_gan(name):
    generator, discriminator = small(name)
    penalties = [tfc.penalties.R1(10.0)]
    return tfc.GAN(generator, discriminator, latent_dim=3, penalties=penalties, seed=0)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["resnet_cf", "without labels"])
def test_the_field_equals_that_of_nested_tapes(name):
    gan = make_gan(name)
    game = gan.game(tf.constant(np.random.default_rng(0).normal(size=(4, 16, 16, 2))))
    by_tapes = tfc.Game(game.losses, game.players, game.batch)
    for a, b in zip(game.linearize().v, by_tapes.linearize().v, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def embeddings(model):
    return [layer.embeddings for layer in model.layers if isinstance(layer, L.Embedding)]


def assert_moved(models, before):
    after = [model.get_weights() for model in models]
    for old, new in zip(before, after, strict=True):
        assert all(np.isfinite(w).all() for w in new)
        moved = [(a != b).any() for a, b in zip(old, new, strict=True) if a.size > 1]
        assert all(moved)


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("resnet", tfc.SimultaneousOptimizer),
        ("resnet_cf", tfc.ConsensusOptimizer),
        ("residual_celeba_hq", tfc.SimultaneousOptimizer),
        ("residual_lsun", tfc.ConsensusOptimizer),
    ],
)
def test_one_training_step(name, optimizer):
    gan = make_gan(name)
    models = gan.generator, gan.discriminator
    before = [model.get_weights() for model in models]
    gan.compile(optimizer=optimizer("rmsprop", learning_rate=1e-4), jit_compile=False)
    images = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 2)).astype("float32")
    logs = gan.train_on_batch(images, return_dict=True)
    assert np.isfinite(list(logs.values())).all()
    assert_moved(models, before)


def test_one_step_of_the_conditional_game():
    models = generator, discriminator = small("residual_imagenet", image_size=8)
    before = [model.get_weights() for model in models]
    z, labels = inputs_of(generator, batch=5)
    labels[:] = np.arange(5)
    real = np.random.default_rng(0).uniform(-1, 1, (5, 8, 8, 2)).astype("float32")

    def logits(images):
        return tf.gather(discriminator(images, training=True), labels, batch_dims=1)

    def losses(real, z, labels):
        d_real, d_fake = logits(real), logits(generator([z, labels], training=True))
        penalty = tfc.penalties.R1(10.0)(logits, real, None)
        sp = tf.math.softplus
        value = tf.reduce_mean(sp(-d_real)) + tf.reduce_mean(sp(d_fake)) + penalty
        return tf.reduce_mean(sp(-d_fake)), value

    players = [model.trainable_variables for model in models]
    game = tfc.Game(losses, players, [tf.constant(x) for x in (real, z, labels)])
    stepper = tfc.ConsensusOptimizer("rmsprop", learning_rate=1e-4)
    stepper.build(game.variables)
    linearization = tf.function(lambda: stepper.step(game).losses, autograph=False)()
    assert np.isfinite(linearization).all()
    assert_moved(models, before)


def test_an_embedding_of_size_one_stays_where_it_is():
    """Its direction is its sign, so that its gradient is 0 but for rounding."""
    gan = make_gan("residual_lsun")
    game = gan.game(tf.ones((4, 16, 16, 2)))
    (index,) = [i for i, x in enumerate(game.variables) if x is embeddings(gan.generator)[0]]
    assert abs(float(game.linearize().v[index][0, 0])) < 1e-7


@pytest.mark.parametrize("name", ["resnet", "residual_imagenet", "without labels"])
def test_mixed_bfloat16(name):
    exact = small(name)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = small(name)
    finally:
        keras.config.set_dtype_policy("float32")
    inputs = inputs_of(exact[0])
    images = [generator(inputs) for generator, _ in (exact, mixed)]
    assert images[1].dtype == tf.float32
    assert all(v.dtype == "float32" for model in mixed for v in model.variables)
    np.testing.assert_allclose(tf.cast(images[1], "float32"), images[0], atol=0.02)
    logits = [models[1](images[0]) for models in (exact, mixed)]
    np.testing.assert_allclose(tf.cast(logits[1], "float32"), logits[0], atol=0.03)
    assert AdjointNetwork.of(mixed[1]) is not None


# ---- saving, errors


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
@pytest.mark.parametrize("name", KINDS)
def test_models_save_and_load(name, tmp_path):
    generator, discriminator = small(name)
    inputs = inputs_of(generator)
    batches = {generator: inputs, discriminator: generator(inputs)}
    for model, batch in batches.items():
        path = tmp_path / f"{model.name}.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
        np.testing.assert_array_equal(loaded(batch), model(batch))
        assert loaded.name == model.name in ("generator", "discriminator")


def test_a_gan_of_them_saves_and_loads(tmp_path):
    gan = make_gan("residual_lsun")
    gan.compile(optimizer=tfc.SimultaneousOptimizer("rmsprop", learning_rate=1e-4))
    gan.train_on_batch(np.ones((2, 16, 16, 2), "float32"))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(loaded.generate(3, seed=1), gan.generate(3, seed=1))


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("resnet", {"image_size": 40}, r"divisible by 16, as images are halved 4 .*size=40\. Res"),
        ("resnet_cf", {"image_size": 0}, r"`image_size` must be an integer of at least 1\. Rece"),
        ("resnet", {"filters": 1}, r"`filters` must be an integer of at least 2\. .*filters=1\. "),
        ("resnet", {"channels": 0}, r"`channels` must .* 1\. Received: channels=0\. Pass a whole"),
        ("resnet", {"latent_dim": 1.0}, r"`latent_dim` must .*Received: latent_dim=1\.0\. Pass"),
        ("resnet", {"seed": "a"}, r"`seed` must be an integer\. Received: seed='a'\. Pass"),
        ("resnet", {"blocks": 2}, r"settings of 'resnet' must fit.*'blocks'.*It takes \(image_"),
        ("residual", {}, r"settings of 'residual' must fit .*missing .*'image_size'.*Received: s"),
        (
            "residual",
            {"image_size": 12},
            r"must be start_size · 2\^k, here 4, 8, 16, …\. Received: image_size=12, start_size=4\."
            r" Resize or pad the images, for example to 8, or pass another `start_size`\.",
        ),
        ("residual", {"image_size": 2}, r"here 4, 8, 16, …\. Received: image_size=2, start_size=4"),
        ("residual_lsun", {"start_size": 3}, r"here 3, 6, 12, .*image_size=256, start_size=3\. R"),
        ("residual_lsun", {"start_size": 0}, r"`start_size` must be .*Received: start_size=0\. P"),
        ("residual_lsun", {"image_size": 8.0}, r"`image_size` must .*image_size=8\.0\. Pass a"),
        (
            "residual_lsun",
            {"max_filters": 32},
            r"`max_filters` must not be below `filters`, .*Received: max_filters=32, filters=64\. "
            r"Pass a larger `max_filters`\.",
        ),
        ("residual_lsun", {"max_filters": 0}, r"`max_filters` must be an integer of at least 1\. "),
        ("residual_lsun", {"filters": 0}, r"`filters` must be .* 1\. Received: filters=0\. Pass"),
        ("residual_lsun", {"channels": -1}, r"`channels` must .*Received: channels=-1\. Pass a w"),
        ("residual_lsun", {"latent_dim": 0}, r"`latent_dim` must .*Received: latent_dim=0\. Pa"),
        ("residual_lsun", {"num_classes": 0}, r"`num_classes` must .*Received: num_classes=0\. P"),
        ("residual_lsun", {"embedding_dim": 0}, r"`embedding_dim` must .*: embedding_dim=0\. Pa"),
        ("residual_lsun", {"blocks": 0}, r"`blocks` must .*Received: blocks=0\. Pass a whole nu"),
        ("residual_lsun", {"seed": 0.5}, r"`seed` must be an integer\. Received: seed=0\.5\. Pa"),
    ],
)
def test_bad_settings_raise(name, settings, message):
    with pytest.raises(ValueError, match=message):
        networks.build(name, **settings)


def test_unknown_names_raise():
    with pytest.raises(ValueError, match=r"residual networks\. Received: name='dcgan4'\. Choose o"):
        resnet("dcgan4")

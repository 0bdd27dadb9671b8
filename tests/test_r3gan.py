"""R3GAN's networks: sizes, equations by NumPy, initial weights, training, saving, errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view
from oracles import flat

import tf_consensus as tfc
from tf_consensus import networks
from tf_consensus.models.adjoint import AdjointNetwork
from tf_consensus.networks import layers as network_layers
from tf_consensus.networks.layers import GroupedConv2D
from tf_consensus.networks.r3gan_layers import ImageRange, LearnedBasis

L = keras.layers

# Table 9 of the paper, in millions: generator and discriminator.
PUBLISHED = {
    "r3gan": (20.73, 20.68),
    "r3gan_cifar10": (20.78, 21.28),
    "r3gan_ffhq_256": (23.06, 23.01),
    "r3gan_ffhq_64": (22.43, 22.38),
    "r3gan_imagenet_32": (82.91, 86.55),
    "r3gan_imagenet_64": (103.57, 107.21),
}
# The same to the last one, by hand from the widths, groups and blocks of the table.
COUNTS = {
    "r3gan": (20_732_160, 20_683_776),
    "r3gan_cifar10": (20_781_952, 21_280_512),
    "r3gan_ffhq_256": (23_057_952, 23_009_568),
    "r3gan_ffhq_64": (22_429_824, 22_381_440),
    "r3gan_imagenet_32": (82_914_304, 86_548_992),
    "r3gan_imagenet_64": (103_570_432, 107_205_120),
}
SIZES = {"r3gan_ffhq_64": 64, "r3gan_ffhq_256": 256, "r3gan_imagenet_64": 64}
CLASSES = {"r3gan_cifar10": 10, "r3gan_imagenet_32": 1000, "r3gan_imagenet_64": 1000}
SMALL = {"image_size": 16, "channels": 2, "filters": 4, "max_filters": 8, "latent_dim": 3}
SMALL |= {"group_size": 4, "seed": 0}
# Two levels of one block: few enough parameters for a dense derivative.
TINY = {"image_size": 2, "start_size": 1, "channels": 1, "filters": 2, "max_filters": 4}
TINY |= {"latent_dim": 2, "group_size": 4, "blocks": 1, "seed": 0}


def small(**settings):
    return networks.build("r3gan", **SMALL | settings)


def randomize(models, scale=0.4):
    """Weights such that every term counts, the zeros of the last convolutions too."""
    rng = np.random.default_rng(1)
    for model in models:
        model.set_weights([scale * rng.normal(size=w.shape) for w in model.get_weights()])


def pixels(batch=4, shape=(16, 16, 2), dtype="float32"):
    return np.random.default_rng(2).uniform(-1, 1, (batch, *shape)).astype(dtype)


# ---- sizes


@pytest.fixture(scope="module")
def published():
    """All published networks, their variables without values, which would take gigabytes."""
    with keras.StatelessScope(initialize_variables=False):
        pairs = {
            name: networks.build(name, **({"image_size": 32} if name == "r3gan" else {}))
            for name in PUBLISHED
        }
    yield pairs
    keras.backend.clear_session()


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes(published, name):
    models = generator, discriminator = published[name]
    counts = tuple(sum(int(np.prod(v.shape)) for v in m.trainable_variables) for m in models)
    assert counts == COUNTS[name]
    assert tuple(round(count / 1e6, 2) for count in counts) == PUBLISHED[name]
    assert not any(model.non_trainable_variables for model in models)
    side, classes = SIZES.get(name, 32), CLASSES.get(name)
    assert generator.input_shape == ([(None, 64), (None,)] if classes else (None, 64))
    assert generator.output_shape == discriminator.input_shape == (None, side, side, 3)
    assert discriminator.output_shape == (None, classes or 1)


def test_groups_of_the_published_networks(published):
    """Groups per resolution as in table 9, the image's resolution first."""
    expected = {
        "r3gan_cifar10": [96] * 4,
        "r3gan_ffhq_256": [12, 24, 48, 96, 96, 96, 96],
        "r3gan_imagenet_64": [96] * 5,
    }
    for name, groups in expected.items():
        for model in published[name]:
            found = [x for x in model.layers if isinstance(x, GroupedConv2D)]
            by_side = {x.output.shape[1]: x.groups for x in found}
            assert [by_side[side] for side in sorted(by_side, reverse=True)] == groups
            assert len(found) == 2 * len(groups)


# ---- the equations, by NumPy

TOLERANCE = 1e-6  # the slope 0.2 goes through single precision in every dtype


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def grouped(x, kernel, bias):
    """A 3×3 convolution, group by group."""
    x = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    size = kernel.shape[2]
    parts = []
    for first in range(0, x.shape[3], size):
        own = sliding_window_view(x[..., first : first + size], (3, 3), axis=(1, 2))
        outputs = kernel[..., first : first + size]
        parts.append(np.einsum("bhwcij,ijco->bhwo", own, outputs))
    return np.concatenate(parts, axis=3) + bias


FILTER = np.convolve([1, 2, 1], [1, 1])  # the reference's: (1, 3, 3, 1)


def downsample(x):
    x = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    windows = sliding_window_view(x, (4, 4), axis=(1, 2))[:, ::2, ::2]
    return np.einsum("bhwcij,i,j->bhwc", windows, FILTER / 8, FILTER / 8)


def upsample(x):
    """The transpose of the downsampling, four times as strong."""
    n, side, _, channels = x.shape
    y = np.zeros((n, 2 * side + 2, 2 * side + 2, channels))
    for i, j in np.ndindex(4, 4):
        weight = 4 * FILTER[i] * FILTER[j] / 64
        y[:, i : i + 2 * side : 2, j : j + 2 * side : 2] += weight * x
    return y[:, 1:-1, 1:-1]


class ByNumPy:
    """The published equations in float64, on a model's weights in the order of their creation."""

    def __init__(self, model):
        self.weights = [w.astype("float64") for w in model.get_weights()]

    def take(self):
        return self.weights.pop(0)

    def pixelwise(self, x):
        return x @ self.take()[0, 0]

    def block(self, x):
        y = leaky(self.pixelwise(x) + self.take())
        y = leaky(grouped(y, self.take(), self.take()))
        return x + self.pixelwise(y)


def expected_images(model, z, labels=None):
    net = ByNumPy(model)
    if labels is not None:
        embeddings = next(w for w in net.weights if w.shape[0] == 5)
        net.weights = [w for w in net.weights if w is not embeddings]
        z = np.concatenate([z, embeddings[labels]], axis=1)
    x = (z @ net.take())[:, None, None, :] * net.take()
    for level, narrower in enumerate([False, False, True]):  # widths 8, 8, 4
        x = net.pixelwise(x) if narrower else x
        x = upsample(x) if level else x
        for _ in range(2):
            x = net.block(x)
    images = net.pixelwise(x)
    assert not net.weights
    return images


def expected_logits(model, images, conditional=False):
    net = ByNumPy(model)
    x = net.pixelwise(images)
    for level, wider in enumerate([False, True, False]):  # widths 4, 8, 8
        x = downsample(x) if level else x
        x = net.pixelwise(x) if wider else x
        for _ in range(2):
            x = net.block(x)
    x = np.einsum("bijc,ijc->bc", x, net.take()[..., 0]) @ net.take()
    x = x @ net.take() if conditional else x
    assert not net.weights
    return x


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("classes", [None, 5])
def test_the_networks_equal_the_equations(classes):
    models = generator, discriminator = small(num_classes=classes)
    randomize(models)
    z, labels = np.random.default_rng(0).normal(size=(3, 3)), np.array([4, 0, 2])
    inputs = z if classes is None else [z, labels]
    wanted = expected_images(generator, z, None if classes is None else labels)
    found = generator(inputs, training=True)
    np.testing.assert_allclose(found, wanted, rtol=TOLERANCE, atol=TOLERANCE)
    np.testing.assert_array_equal(generator(inputs), np.clip(found, -1, 1))
    assert np.abs(found).max() > 1 > np.abs(found).min()
    images = pixels(dtype="float64")
    wanted = expected_logits(discriminator, images, bool(classes))
    np.testing.assert_allclose(discriminator(images), wanted, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("accelerated", [False, True])
def test_a_grouped_convolution_is_that_of_keras(accelerated, monkeypatch):
    monkeypatch.setattr(network_layers, "_accelerated", lambda: accelerated)
    ours, theirs = (kind(6, 3, padding="same", groups=3) for kind in (GroupedConv2D, L.Conv2D))
    x = pixels(2, (5, 5, 9))
    theirs(x)
    ours(x)
    ours.set_weights([w + 0.1 for w in theirs.get_weights()])
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-5)


def test_groups_at_once_have_the_derivatives_of_groups_apart(monkeypatch):
    """At once is what runs on GPUs and TPUs; XLA can compile it for a CPU."""
    layer, x = GroupedConv2D(6, 3, padding="same", groups=3), tf.constant(pixels(2, (5, 5, 9)))
    layer(x)

    @tf.function(autograph=False, jit_compile=True)
    def derivatives():
        sources = [x, layer.kernel.value]
        with tf.GradientTape() as outer:
            outer.watch(sources)
            with tf.GradientTape() as inner:
                inner.watch(sources)
                loss = tf.reduce_sum(tf.sin(layer(x)))
            first = inner.gradient(loss, sources)
            square = sum(tf.reduce_sum(g**2) for g in first)
        return first + outer.gradient(square, sources)

    apart = derivatives.get_concrete_function()()
    monkeypatch.setattr(network_layers, "_accelerated", lambda: True)
    at_once = tf.function(derivatives.python_function, autograph=False, jit_compile=True)()
    for a, b in zip(apart, at_once, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(a).max())


# ---- initial weights


def test_residual_branches_start_at_zero_and_the_rest_is_linear():
    generator, discriminator = small()
    rng = np.random.default_rng(0)
    (z, other), (x, y) = rng.normal(size=(2, 3, 3)), (pixels(), pixels()[::-1])

    def images(latents):
        return generator(latents, training=True).numpy()

    np.testing.assert_allclose(images(z + 2 * other), images(z) + 2 * images(other), atol=1e-5)
    logits = discriminator(x).numpy() + 2 * discriminator(y).numpy()
    np.testing.assert_allclose(discriminator(x + 2 * y), logits, atol=1e-5)


def test_standard_deviations_of_the_initial_weights():
    settings = {"filters": 128, "max_filters": 128, "latent_dim": 100, "group_size": 32}
    generator, discriminator = small(**settings, num_classes=400, channels=100)
    gain = np.sqrt(2 / 1.04) * 6**-0.25  # three levels of two blocks
    for model in (generator, discriminator):
        kernels = [x.kernel.numpy() for x in model.layers if isinstance(x, L.Conv2D)]
        grouped = [k for k in kernels if k.shape == (3, 3, 32, 256)]
        first = [k for k in kernels if k.shape == (1, 1, 128, 256)]
        last = [k for k in kernels if k.shape == (1, 1, 256, 128)]
        assert [len(found) for found in (grouped, first, last)] == [6, 6, 6]
        np.testing.assert_allclose([k.std() for k in grouped], gain / np.sqrt(9 * 32), rtol=0.02)
        np.testing.assert_allclose([k.std() for k in first], gain / np.sqrt(128), rtol=0.02)
        assert not np.any(last)
        assert len({k.tobytes() for k in kernels}) == len(kernels) - 5  # five more of zeros
        biases = [w for w in model.get_weights() if w.ndim == 1]
        assert len(biases) == 12
        assert not np.any(biases)

    def std(model, shape):
        return next(w for w in model.get_weights() if w.shape == shape).std()

    expected = {(400, 100): 1 / 20, (200, 128): 200**-0.5, (4, 4, 128): 1.0, (1, 1, 128, 100): 1}
    expected[(1, 1, 128, 100)] = 128**-0.5
    for shape, value in expected.items():
        assert std(generator, shape) == pytest.approx(value, rel=0.06), shape
    expected = {(1, 1, 100, 128): 0.1, (4, 4, 128, 1): 0.25, (128, 128): 128**-0.5}
    expected[(128, 400)] = (128 * 400) ** -0.5
    for shape, value in expected.items():
        assert std(discriminator, shape) == pytest.approx(value, rel=0.06), shape


def test_first_maps_keep_the_variance_and_a_branch_divides_it_by_the_number_of_blocks():
    """What enters the last convolution of a block, of mean square 1/L times that of its input."""
    settings = {"filters": 256, "max_filters": 256, "latent_dim": 64, "group_size": 64}
    generator, _ = small(**settings, image_size=8)
    basis = next(x for x in generator.layers if isinstance(x, LearnedBasis))
    activations = [x for x in generator.layers if isinstance(x, L.LeakyReLU)]
    seen = keras.Model(generator.input, [basis.output, activations[1].output])
    first, inner = seen(np.random.default_rng(0).normal(size=(200, 64)))
    assert np.square(first).mean() == pytest.approx(1.0, rel=0.1)
    centre = np.square(inner[:, 1:3, 1:3]).mean()  # the border sees zeros
    assert centre == pytest.approx(np.square(first).mean() / 4, rel=0.1)


def test_the_seed_determines_the_weights():
    def weights(seed):
        return [w for model in small(seed=seed, num_classes=3) for w in model.get_weights()]

    first, again, other, free = (weights(seed) for seed in (1, 1, 2, None))
    assert all(map(np.array_equal, first, again))
    for changed in (other, free):
        pairs = [(a, b) for a, b in zip(first, changed, strict=True) if a.any()]
        assert len(pairs) > 20
        assert not any((a == b).all() for a, b in pairs)


# ---- training


PENALTIES = tfc.penalties.R1(0.5), tfc.penalties.R2(0.5)


def make_gan(penalties=PENALTIES):
    pair = networks.build("r3gan", **TINY)
    randomize(pair, 0.9)
    options = {"objective": "relativistic", "penalties": penalties, "seed": 0}
    return tfc.GAN(*pair, latent_dim=2, **options)


@pytest.mark.parametrize("classes", [None, 5])
def test_the_discriminator_shares_its_adjoint_pass(classes):
    network = AdjointNetwork.of(small(num_classes=classes)[1])
    assert network is not None
    assert network.piecewise_linear


@pytest.mark.usefixtures("float64")
def test_the_field_equals_that_of_nested_tapes():
    gan = make_gan()
    game = gan.game(tf.constant(pixels(3, (2, 2, 1), "float64")))
    by_tapes = tfc.Game(game.losses, game.players, game.batch)
    for a, b in zip(game.linearize().v, by_tapes.linearize().v, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)


@pytest.mark.usefixtures("float64")
def test_a_consensus_step_is_that_of_the_dense_jacobian():
    """Columns of v' by central differences, for a parameter of every tensor."""
    gan, rate, gamma, h = make_gan(), 1e-2, 1.0, 1e-6
    game = gan.game(tf.constant(pixels(3, (2, 2, 1), "float64")))

    def field():
        return tf.concat([tf.reshape(t, [-1]) for t in game.linearize().v], 0)

    compute = tf.function(field, autograph=False)
    before = [x.numpy() for x in game.variables]
    v, rng, first = compute().numpy(), np.random.default_rng(0), 0
    expected, places = [], []
    for x, value in zip(game.variables, before, strict=True):
        place, ends = rng.integers(value.size), []
        for shift in (h, -h):
            x.assign(value + shift * np.eye(value.size)[place].reshape(value.shape))
            ends.append(compute().numpy())
        x.assign(value)
        places.append(first + place)
        expected.append(-gamma * v @ (ends[0] - ends[1]) / (2 * h))
        first += value.size
    tfc.ConsensusOptimizer(keras.optimizers.SGD(rate), gamma=gamma).step(game)
    found = ((flat(game.variables) - flat(before)) / rate - v)[places]
    assert np.count_nonzero(found) > 20
    assert np.linalg.norm(found) > 0.1 * np.linalg.norm(v[places])
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(found).max())


def test_xla_trains_as_the_graph_does():
    """One step of each, from equal weights, with R1."""
    changes = []
    for jit in (False, True):
        gan = make_gan(PENALTIES[:1])
        before = flat(gan.get_weights())
        gan.compile(optimizer=tfc.SimultaneousOptimizer("sgd", 1e-2), jit_compile=jit)
        gan.train_on_batch(pixels(shape=(2, 2, 1)))
        changes.append(flat(gan.get_weights()) - before)
    assert np.linalg.norm(changes[0]) > 0
    difference = np.linalg.norm(changes[1] - changes[0]) / np.linalg.norm(changes[0])
    assert difference < 1e-4


@pytest.mark.parametrize("head", ["projection", "auxiliary", "features"])
def test_other_heads(head):
    generator, discriminator = small(num_classes=5, head=head)
    images = generator([np.zeros((2, 3)), np.array([1, 4])])
    found = discriminator([images, tf.constant([1, 4])] if head == "projection" else images)
    shapes = [tuple(x.shape) for x in (found if isinstance(found, list) else [found])]
    assert shapes == [(2, 1), *{"auxiliary": [(2, 5)], "features": [(2, 8)]}.get(head, [])]


def test_shapes_are_static():
    generator, discriminator = small(num_classes=5)
    latents, labels = tf.TensorSpec((7, 3)), tf.TensorSpec((7,), tf.int32)
    made = tf.function(lambda z, y: generator([z, y])).get_concrete_function(latents, labels)
    assert made.output_shapes.as_list() == [7, 16, 16, 2]
    seen = tf.function(discriminator).get_concrete_function(tf.TensorSpec((7, 16, 16, 2)))
    assert seen.output_shapes.as_list() == [7, 5]


def test_mixed_bfloat16():
    exact, mixed = small(), small(dtype="mixed_bfloat16")
    for pair in (exact, mixed):
        randomize(pair, 0.2)
    z = np.random.default_rng(0).normal(size=(3, 3)).astype("float32")
    images = [generator(z) for generator, _ in (exact, mixed)]
    assert images[1].dtype == tf.float32
    assert all(v.dtype == "float32" for model in mixed for v in model.variables)
    np.testing.assert_allclose(images[1], images[0], atol=0.03)
    logits = [discriminator(images[0]) for _, discriminator in (exact, mixed)]
    np.testing.assert_allclose(logits[1], logits[0], atol=0.03)


# ---- saving, errors


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
@pytest.mark.parametrize("classes", [None, 5])
def test_models_save_and_load(classes, tmp_path):
    pair = generator, discriminator = small(num_classes=classes)
    randomize(pair)
    z = np.ones((3, 3), "float32")
    inputs = z if classes is None else [z, np.array([0, 3, 1])]
    for model, batch in ((generator, inputs), (discriminator, pixels())):
        model.save(tmp_path / f"{model.name}.keras")
        loaded = keras.saving.load_model(tmp_path / f"{model.name}.keras")
        np.testing.assert_array_equal(loaded(batch), model(batch))


def test_a_gan_of_them_saves_and_loads(tmp_path):
    gan, batch = make_gan(), pixels(shape=(2, 2, 1))
    gan.compile(optimizer=tfc.SimultaneousOptimizer("rmsprop", learning_rate=1e-4))
    gan.train_on_batch(batch)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(loaded.generate(3, seed=1), gan.generate(3, seed=1))
    for other in (gan, loaded):
        other.train_on_batch(batch)
    np.testing.assert_array_equal(flat(loaded.get_weights()), flat(gan.get_weights()))


def test_layers_of_the_generator_serialize():
    layer = LearnedBasis(3, basis_initializer=keras.initializers.RandomNormal(stddev=0.5, seed=1))
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    x = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(again(x), layer(x))
    assert layer(x).shape == layer.compute_output_shape((2, 4)) == (2, 3, 3, 4)
    assert ImageRange().compute_output_shape((2, 4)) == (2, 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image_size": 24}, r"must be start_size · 2\^k, here 4, 8, 16, …\. Received: image_s"),
        (
            {"max_filters": 3},
            r"`max_filters` must not be below `filters`.*max_filters=3, filters",
        ),
        (
            {"group_size": 3},
            r"`group_size` must divide twice the filters of every level that has as many\. "
            r"Received: group_size=3 for levels of 4, 8, 8 filters\. Pass a `filters` that is a p",
        ),
        ({"group_size": 0}, r"`group_size` must be an integer of at least 1\. Received: group_s"),
        ({"blocks": 0}, r"`blocks` must be an integer of at least 1\. Received: blocks=0\."),
        ({"start_size": 0}, r"`start_size` must be .*Received: start_size=0\."),
        ({"filters": 1.5}, r"`filters` must be .*Received: filters=1\.5\."),
        ({"latent_dim": 0}, r"`latent_dim` must be .*Received: latent_dim=0\."),
        ({"channels": 0}, r"`channels` must be .*Received: channels=0\."),
        (
            {"embedding_dim": 4},
            r"`embedding_dim` is the size of a label's embedding.*classes=N",
        ),
        ({"num_classes": 0}, r"`num_classes` must be .*Received: num_classes=0\."),
        ({"head": "auxiliary"}, r"of a discriminator with classes\. Received: head='auxiliary'"),
        ({"seed": 0.5}, r"`seed` must be an integer\. Received: seed=0\.5\."),
    ],
)
def test_bad_settings_raise(settings, message):
    with pytest.raises(ValueError, match=message):
        small(**settings)


def test_a_level_with_fewer_channels_than_a_group_is_one_group():
    _, discriminator = small(group_size=17)
    groups = [x.groups for x in discriminator.layers if isinstance(x, L.Conv2D)]
    assert groups == [1] * len(groups)


def test_a_basis_needs_a_size():
    with pytest.raises(ValueError, match=r"`size` must be an integer of at least 1\. .*size=0\."):
        LearnedBasis(0)

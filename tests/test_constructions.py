"""One discriminator made in every way that Keras knows: the same field, pullback and penalties."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.models.adjoint import AdjointNetwork
from tf_consensus.penalties import R1, WGANGP, ZeroCenteredInterpolated

L = keras.layers
pytestmark = pytest.mark.usefixtures("float64")


def parts():
    """The layers of one discriminator, always with the same weights."""
    dense = [L.Dense(4, name="a"), L.Dense(4, name="b"), L.Dense(1, name="c")]
    rng = np.random.default_rng(0)
    for layer, shape in zip(dense, ((2, 4), (4, 4), (4, 1)), strict=True):
        layer.build((None, shape[0]))
        layer.set_weights([rng.normal(size=shape), rng.normal(size=shape[1])])
    return [dense[0], L.LeakyReLU(0.2, name="s"), dense[1], L.ReLU(name="t"), dense[2]]


def chain(x, layers):
    for layer in layers:
        x = layer(x)
    return x


def from_list():
    return keras.Sequential([keras.Input((2,)), *parts()])


def by_add():
    network = keras.Sequential()
    for layer in [keras.Input((2,)), *parts()]:
        network.add(layer)
    return network


def by_add_without_input():
    network = keras.Sequential()
    for layer in parts():
        network.add(layer)
    network.build((None, 2))
    return network


def built_twice():
    network = from_list()
    network.build((None, 2))
    return network


def grown():
    """Layers taken off and put on again."""
    network = keras.Sequential([keras.Input((2,)), *parts()])
    last = network.layers[-1]
    network.pop()
    network.add(last)
    return network


def functional():
    inputs = keras.Input((2,))
    return keras.Model(inputs, chain(inputs, parts()))


def reloaded(make):
    def load(tmp_path):
        network = make()
        network.save(tmp_path / "network.keras")
        return keras.models.load_model(tmp_path / "network.keras")

    return load


def from_config(make):
    network = make()
    copy = type(network).from_config(network.get_config())
    copy.set_weights(network.get_weights())
    return copy


def cloned(make):
    network = make()
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def shared_with_another_model():
    layers = parts()
    other = keras.Input((4,))
    keras.Model(other, layers[2](other))
    inputs = keras.Input((2,))
    return keras.Model(inputs, chain(inputs, layers))


def two_models_of_one_chain():
    layers = parts()
    keras.Sequential([keras.Input((2,)), *layers])
    return keras.Sequential([keras.Input((2,)), *layers])


def called_on_its_input_before():
    layers = parts()
    inputs = keras.Input((2,))
    keras.Model(inputs, layers[0](L.Rescaling(2.0)(inputs)))
    return keras.Model(inputs, chain(inputs, layers))


def part_of_a_larger_model():
    inputs = keras.Input((5,))
    features = L.Dense(2)(inputs)
    return keras.Model(features, chain(features, parts()))


def list_of_one_input():
    inputs = keras.Input((2,))
    return keras.Model([inputs], chain(inputs, parts()))


def nested_sequential():
    layers = parts()
    inputs = keras.Input((2,))
    inner = keras.Sequential([keras.Input((2,)), *layers[:3]])
    return keras.Model(inputs, chain(inner(inputs), layers[3:]))


def nested_functional():
    return built(keras.Sequential([functional()]))


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.chain = parts()

    def call(self, x, training=None):
        return chain(x, self.chain)


class WithBuild(Subclassed):
    def build(self, shape):
        self.built = True


class WithInputShape(Subclassed):
    """Keeps an attribute of a name that functional models have, without the batch's axis."""

    input_shape = (2,)
    inputs = "an attribute of its own"


class SubclassedFunctional(keras.Model):
    def __init__(self):
        inputs = keras.Input((2,))
        super().__init__(inputs, chain(inputs, parts()))


class SubclassedSequential(keras.Sequential):
    pass


def called(network, inputs=None):
    network(tf.zeros((3, 2)) if inputs is None else inputs)
    return network


def built(network):
    network.build((None, 2))
    return network


# Construction, then whether the adjoint pass is shared.
WAYS = {
    "from a list": (from_list, True),
    "by add": (by_add, True),
    "by add without input": (by_add_without_input, True),
    "built twice": (built_twice, True),
    "grown": (grown, True),
    "functional": (functional, True),
    "list of one input": (list_of_one_input, True),
    "sequential, loaded": (reloaded(from_list), True),
    "by add, loaded": (reloaded(by_add), True),
    "functional, loaded": (reloaded(functional), True),
    "sequential from config": (lambda: from_config(from_list), True),
    "functional from config": (lambda: from_config(functional), True),
    "sequential, cloned": (lambda: cloned(from_list), True),
    "functional, cloned": (lambda: cloned(functional), True),
    "shared with another model": (shared_with_another_model, True),
    "two models of one chain": (two_models_of_one_chain, True),
    "called on its input before": (called_on_its_input_before, True),
    "part of a larger model": (part_of_a_larger_model, True),
    "nested sequential": (nested_sequential, False),
    "nested functional": (nested_functional, False),
    "subclassed, called": (lambda: called(Subclassed()), False),
    "subclassed, called symbolically": (lambda: called(Subclassed(), keras.Input((2,))), False),
    "subclassed, built": (lambda: built(WithBuild()), False),
    "subclassed with input_shape": (lambda: called(WithInputShape()), False),
    "subclassed functional": (SubclassedFunctional, False),
    "subclassed sequential": (lambda: SubclassedSequential([keras.Input((2,)), *parts()]), False),
}


def generator():
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((3,)), L.Dense(2, "tanh")])


def make(way, tmp_path):
    construct, shared = WAYS[way]
    takes_path = construct.__code__.co_argcount > 0 if hasattr(construct, "__code__") else False
    network = construct(tmp_path) if takes_path else construct()
    return network, shared


def evaluate(game):
    lin = game.linearize()
    return lin.losses, lin.v, lin.vjp(lin.v)


def assert_equal(found, expected):
    for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10 * (1 + np.abs(b).max()))


REAL = np.random.default_rng(2).normal(size=(5, 2))
PENALTIES = [R1(10.0), WGANGP(), ZeroCenteredInterpolated(2.0, every=2)]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_field_and_pullback_of_nested_tapes(way, tmp_path):
    network, shared = make(way, tmp_path)
    gan = tfc.GAN(generator(), network, latent_dim=3, penalties=PENALTIES, seed=0)
    assert (gan._adjoint is not None) == shared
    game = gan.game(REAL)
    if shared:
        assert gan._adjoint.covers(game.players[1])
    reference = tfc.GAN(generator(), functional(), latent_dim=3, penalties=PENALTIES, seed=0)
    plain = reference.game(REAL)
    expected = evaluate(tfc.Game(plain.losses, plain.players, plain.batch))
    assert_equal(evaluate(game), expected)
    assert_equal(tf.function(lambda: evaluate(game), autograph=False)(), expected)
    assert_equal(R1(3.0)(network, REAL, None), R1(3.0)(reference.discriminator, REAL, None))


@pytest.mark.parametrize("way", ["by add", "built twice", "subclassed, called"])
def test_a_saved_gan_goes_on(way, tmp_path):
    keras.config.set_dtype_policy("float32")
    gans = []
    for _ in range(2):
        gan = tfc.GAN(generator(), make(way, tmp_path)[0], 3, penalties=[R1(1.0)], seed=0)
        gan.compile(optimizer=tfc.ConsensusOptimizer("rmsprop", learning_rate=1e-2, gamma=1.0))
        gans.append(gan)
    # Within the range of the generator, which ends in tanh.
    data = tf.data.Dataset.from_tensors(tf.tanh(tf.constant(REAL, tf.float32))).repeat()
    options = {"verbose": 0, "shuffle": False}
    gans[0].fit(data, steps_per_epoch=4, **options)
    gans[1].fit(data, steps_per_epoch=2, **options)
    gans[1].save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    loaded.fit(data, steps_per_epoch=2, **options)
    for a, b in zip(gans[0].get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_sequential_that_changes_after_the_gan_was_made():
    """Layers put on later, without parameters, are not left out of the adjoint pass."""
    network = from_list()
    gan = tfc.GAN(generator(), network, latent_dim=3, penalties=[R1(2.0)], seed=0)
    network.add(L.Rescaling(3.0))
    game = gan.game(REAL)
    assert not gan._adjoint.covers(game.players[1])
    assert_equal(evaluate(game), evaluate(tfc.Game(game.losses, game.players, game.batch)))


def test_an_activation_that_changes_after_the_gan_was_made():
    inputs = keras.Input((2,))
    activation = L.Activation("relu")
    network = keras.Model(inputs, L.Dense(1)(activation(L.Dense(4)(inputs))))
    gan = tfc.GAN(generator(), network, latent_dim=3, penalties=[R1(2.0)], seed=0)
    activation.activation = keras.activations.tanh
    game = gan.game(REAL)
    assert_equal(evaluate(game), evaluate(tfc.Game(game.losses, game.players, game.batch)))


def test_bilinear_upsampling_is_not_taken_for_piecewise_linear():
    def network(interpolation):
        layers = [L.UpSampling2D(2, interpolation=interpolation), L.Flatten(), L.Dense(1)]
        return keras.Sequential([keras.Input((2, 2, 1)), *layers])

    assert AdjointNetwork.of(network("nearest")) is not None
    assert AdjointNetwork.of(network("bilinear")) is None


# ---- conditional


class Conditioned(keras.Model):
    """[x, labels] to outputs, by a subclass."""

    def __init__(self, units, seed):
        super().__init__()
        weights = keras.initializers.GlorotUniform(seed)
        self.dense = L.Dense(units, kernel_initializer=weights)
        self.embed = L.Embedding(3, units, embeddings_initializer=weights)

    def call(self, inputs, training=None):
        x, labels = inputs
        return self.dense(x) + self.embed(labels)


def conditioned(inputs, units, seed):
    """The same as a functional model."""
    weights = keras.initializers.GlorotUniform(seed)
    x, labels = keras.Input((inputs,)), keras.Input((), dtype="int32")
    dense = L.Dense(units, kernel_initializer=weights)(x)
    embedded = L.Embedding(3, units, embeddings_initializer=weights)(labels)
    return keras.Model([x, labels], L.Add()([dense, embedded]))


def subclassed(inputs, units, seed, container=list):
    network = Conditioned(units, seed)
    network(container([tf.zeros((4, inputs)), tf.zeros((4,), tf.int32)]))
    return network


LABELS = tf.constant([0, 1, 2, 1, 0])


@pytest.mark.parametrize("container", [list, tuple])
def test_subclassed_conditional_networks_train_as_functional_ones(container):
    fields = []
    for pair in (
        (conditioned(3, 2, 1), conditioned(2, 1, 2)),
        (subclassed(3, 2, 1, container), subclassed(2, 1, 2, container)),
    ):
        gan = tfc.GAN(*pair, latent_dim=3, num_classes=3, penalties=[R1(2.0)], seed=0)
        fields.append(evaluate(gan.game((REAL, LABELS))))
    assert_equal(fields[1], fields[0])


def test_a_subclassed_discriminator_of_one_logit_a_class():
    class Classes(keras.Model):
        def __init__(self):
            super().__init__()
            self.chain = [*parts()[:-1], L.Dense(3, kernel_initializer=weights)]

        def call(self, x):
            return chain(x, self.chain)

    weights = keras.initializers.GlorotUniform(5)
    inputs = keras.Input((2,))
    plain = keras.Model(
        inputs, chain(inputs, [*parts()[:-1], L.Dense(3, kernel_initializer=weights)])
    )
    fields = []
    for network in (plain, called(Classes())):
        gan = tfc.GAN(conditioned(3, 2, 1), network, latent_dim=3, num_classes=3, seed=0)
        fields.append(evaluate(gan.game((REAL, LABELS))))
    assert_equal(fields[1], fields[0])


# ---- refusals


class TwoArguments(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = L.Dense(1)

    def call(self, x, labels):
        return self.dense(x)


def test_pairs_that_cannot_train_are_refused():
    x, labels, more = keras.Input((2,)), keras.Input((), dtype="int32"), keras.Input((1,))
    out = L.Dense(1)(x)
    with pytest.raises(ValueError, match=r"no labels for its discriminator.*of 2 inputs. Pass num"):
        tfc.GAN(generator(), keras.Model([x, labels], out), latent_dim=3)
    with pytest.raises(ValueError, match=r"no labels for its discriminator.*of 2 inputs"):
        tfc.GAN(generator(), subclassed(2, 1, 2), latent_dim=3)
    three = keras.Model([x, labels, more], out)
    with pytest.raises(ValueError, match=r"at most two inputs, the second.*of 3 inputs. Build it"):
        tfc.GAN(conditioned(3, 2, 1), three, latent_dim=3, num_classes=3)
    with pytest.raises(ValueError, match=r"one tensor. Received: a list of 2"):
        tfc.GAN(generator(), keras.Model(x, [out, L.Dense(1)(x)]), latent_dim=3)
    network = TwoArguments()
    network(tf.zeros((3, 2)), tf.zeros((3,)))
    with pytest.raises(ValueError, match=r"labels second. Received: a TwoArguments that was not"):
        tfc.GAN(conditioned(3, 2, 1), network, latent_dim=3, num_classes=3)
    with pytest.raises(ValueError, match=r"input must fit the generator's output.*\(3, 5\)"):
        tfc.GAN(generator(), called(Subclassed5(), tf.zeros((3, 5))), latent_dim=3)


class Subclassed5(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = L.Dense(1)

    def call(self, x):
        return self.dense(x)


def test_integers_between_the_networks_are_refused():
    x = keras.Input((2,), dtype="int32")
    tokens = keras.Model(x, L.Dense(1)(L.Flatten()(L.Embedding(5, 2)(x))))
    with pytest.raises(TypeError, match=r"must be of floating type.*first input is of dtype int32"):
        tfc.GAN(generator(), tokens, latent_dim=3)
    latents = keras.Input((3,))
    rounded = L.Lambda(lambda t: tf.cast(t, tf.int32), dtype="int32")(L.Dense(2)(latents))
    with pytest.raises(TypeError, match=r"generator's output is differentiated.*dtype int32"):
        tfc.GAN(keras.Model(latents, rounded), from_list(), latent_dim=3)

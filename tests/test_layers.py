"""The walk over all layers, and the layers' kinds."""

import doctest
import functools

import keras
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.support import layers
from tf_consensus.support.layers import coupling, seed_generators, stateful, stochastic, walk

L = keras.layers


class Holder(L.Layer):
    """A custom layer that holds others in any way."""

    def __init__(self, **held):
        super().__init__()
        for name, value in held.items():
            setattr(self, name, value)

    def build(self, shape):
        pass

    def call(self, x):
        return x


class Coupled(L.Layer):
    couples_examples = True

    def call(self, x):
        return x - tf.reduce_mean(x, axis=0)


class OwnNormalization(L.BatchNormalization):
    """A subclass."""


class Counter(L.Layer):
    def build(self, shape):
        self.count = self.add_weight(shape=(), trainable=False, initializer="zeros")

    def call(self, x):
        self.count.assign_add(1.0)
        return x


class Noisy(L.Layer):
    """Keeps its seeds deep down."""

    def __init__(self):
        super().__init__()
        self.seeds = {"all": [keras.random.SeedGenerator(0), (keras.random.SeedGenerator(1),)]}


class Term:
    """A penalty, or any object, that is no layer."""

    def __init__(self, model):
        self.models = [model]

    def __call__(self, discriminator, real, fake):
        return 0.0


MODULE_LAYER = L.Dense(1, name="of the module")


def holders(x):
    """Ways to hold a layer, each of which a walk must see through."""

    def closure(inputs):
        return x(inputs)

    def default(inputs, layer=x):
        return layer(inputs)

    return {
        "itself": x,
        "attribute": Holder(inner=x),
        "list": Holder(inner=[x]),
        "nested": Holder(inner={"a": [(1, x)], "b": None}),
        "set": Holder(inner={x}),
        "holder of a holder": Holder(inner=Holder(inner=[Holder(inner=x)])),
        "sequential": keras.Sequential([x]),
        "functional": keras.Model(i := keras.Input((4, 3)), Holder(inner=x)(i)),
        "wrapper": L.TimeDistributed(x),
        "lambda layer": L.Lambda(lambda inputs: x(inputs)),
        "closure": closure,
        "default": default,
        "partial": functools.partial(lambda layer, inputs: layer(inputs), x),
        "compiled": tf.function(closure),
        "object": Term(x),
        "method": Term(x).__call__,
        "object of functions": Term(closure),
    }


@pytest.mark.parametrize("way", holders(L.Dense(1)))
def test_a_layer_is_found_however_it_is_held(way):
    x = L.Dense(1)
    assert [y for y in walk(holders(x)[way]) if y is x] == [x]


def test_each_layer_is_named_once_and_in_order():
    shared = L.Dense(2)
    inner = keras.Sequential([keras.Input((2,)), shared])
    inputs = keras.Input((2,))
    model = keras.Model(inputs, L.Dense(1, name="last")(shared(inner(inputs))))
    found = walk(model, model, shared)
    assert len({id(x) for x in found}) == len(found)
    assert [x for x in found if isinstance(x, keras.Model)] == [model, inner]
    assert {x.name for x in found} >= {shared.name, "last"}
    sequential = keras.Sequential([keras.Input((2,)), shared, L.ReLU()])
    kinds = [type(x).__name__ for x in walk(sequential)]
    assert kinds == ["Sequential", "InputLayer", "Dense", "ReLU"]


def test_layers_that_hold_each_other_end_the_walk():
    a, b = Holder(), Holder()
    a.other, b.other = b, a
    assert {id(x) for x in walk(a)} == {id(a), id(b)}


def test_a_global_that_a_function_names():
    def penalty(discriminator, real, fake):
        return MODULE_LAYER(real)

    assert walk(penalty) == [MODULE_LAYER]


def test_what_holds_no_layer():
    assert walk(None, 3, "name", tf.reduce_mean, len, Term(4)) == []


def test_recurrent_cells_and_wrappers():
    cells = [L.GRUCell(2), L.LSTMCell(2)]
    assert set(map(id, cells)) <= set(map(id, walk(L.RNN(L.StackedRNNCells(cells)))))
    both = walk(L.Bidirectional(L.GRU(2)))
    assert sum(isinstance(x, L.GRUCell) for x in both) == 2
    inner = L.Dense(2)
    assert inner in walk(L.SpectralNormalization(inner))


def frozen(layer):
    layer.trainable = False
    return layer


def built(layer, shape=(4, 3)):
    layer.build(shape)
    return layer


# Layer, then whether it couples, draws, assigns.
KINDS = {
    "dense": (lambda: built(L.Dense(2)), ""),
    "frozen dense": (lambda: frozen(built(L.Dense(2))), ""),
    "layer normalization": (lambda: built(L.LayerNormalization()), ""),
    "normalization": (lambda: built(L.Normalization()), ""),
    "batch normalization": (lambda: built(L.BatchNormalization()), "coupling stateful"),
    "a subclass of it": (lambda: built(OwnNormalization()), "coupling stateful"),
    "frozen": (lambda: frozen(built(L.BatchNormalization())), ""),
    "declared": (Coupled, "coupling"),
    "mixup": (L.MixUp, "coupling stochastic"),
    "cutmix": (L.CutMix, "coupling stochastic"),
    "spectral": (lambda: built(L.SpectralNormalization(L.Dense(2))), "stateful"),
    "counter": (lambda: built(Counter()), "stateful"),
    "dropout": (lambda: L.Dropout(0.5), "stochastic"),
    "no dropout": (lambda: L.Dropout(0.0), ""),
    "spatial dropout": (lambda: L.SpatialDropout2D(0.5), "stochastic"),
    "alpha dropout": (lambda: L.AlphaDropout(0.5), "stochastic"),
    "gaussian dropout": (lambda: L.GaussianDropout(0.5), "stochastic"),
    "gaussian noise": (lambda: L.GaussianNoise(0.5), "stochastic"),
    "random flip": (L.RandomFlip, "stochastic"),
    "random crop": (lambda: L.RandomCrop(2, 2), "stochastic"),
    "attention": (lambda: L.Attention(dropout=0.5), "stochastic"),
    "seeds deep down": (Noisy, "stochastic"),
    "cell with dropout": (lambda: L.GRUCell(2, dropout=0.1), "stochastic"),
    "cell with recurrent dropout": (lambda: L.LSTMCell(2, recurrent_dropout=0.1), "stochastic"),
    "cell": (lambda: L.LSTMCell(2), ""),
    "recurrent": (lambda: L.SimpleRNN(2), ""),
    "stateful recurrent": (lambda: L.GRU(2, stateful=True), "stateful"),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_layers_also_where_they_are_nested(name):
    make, expected = KINDS[name]
    layer = make()
    kinds = {"coupling": coupling, "stochastic": stochastic, "stateful": stateful}
    for root in (layer, Holder(inner=[layer]), Term(Holder(inner=layer))):
        found = [kind for kind, of in kinds.items() if any(x is layer for x in of(root))]
        assert found == expected.split()


def test_inner_layers_draw_for_themselves():
    attention = L.MultiHeadAttention(2, 2, dropout=0.5)
    attention.build((None, 4, 3), (None, 4, 3))
    assert [type(x) for x in stochastic(attention)] == [L.Dropout]
    layer = L.GRU(2, dropout=0.5)
    assert layer.cell in stochastic(layer)
    assert seed_generators(L.Dropout(0.5))
    assert len(seed_generators(Noisy())) == 2
    assert seed_generators(Holder(inner=L.Dropout(0.5))) == []


# ---- the checks see nested layers


def nested_pair(inner, policy=None):
    """A generator, and a discriminator one of whose layers is nested in a custom one."""
    generator = keras.Sequential([keras.Input((3,)), L.Dense(2)])
    inputs = keras.Input((2,))
    outputs = L.Dense(1)(Calling(inner, dtype=policy)(inputs))
    return generator, keras.Model(inputs, outputs)


class Calling(L.Layer):
    """Calls a layer that it keeps in a dict."""

    def __init__(self, inner, **options):
        super().__init__(**options)
        self.held = {"inner": [inner]}

    def build(self, shape):
        self.held["inner"][0].build(shape)

    def call(self, x, training=None):
        return self.held["inner"][0](x, training=training)


def test_nested_float16_is_refused():
    pair = nested_pair(L.Dense(2, dtype="mixed_float16", name="half"))
    with pytest.raises(ValueError, match=r"float16 would underflow.*layer 'half' of the discrim"):
        tfc.GAN(*pair, latent_dim=3)


def test_nested_batch_normalization_is_named():
    pair = nested_pair(L.BatchNormalization(name="inside"))
    with pytest.warns(UserWarning, match=r"batch normalization \(inside\)"):
        gan = tfc.GAN(*pair, latent_dim=3, penalties=["r1"])
    game = gan.game(tf.zeros((4, 2)))
    assert game.couplings() == ["inside"]
    assert gan.game(tf.zeros((4, 2)), training=False).couplings() == []


def test_a_declared_layer_is_named():
    with pytest.warns(UserWarning, match=r"such as batch normalization \(mine\) make every logit"):
        tfc.penalties.R1()(nested_pair(Coupled(name="mine"))[1], tf.zeros((4, 2)), None)


def test_nested_biases_of_bfloat16_are_named():
    pair = nested_pair(L.Dense(2, dtype="mixed_bfloat16", name="inside"))
    gan = tfc.GAN(*pair, latent_dim=3)
    with pytest.warns(UserWarning, match="bfloat16 biases.*layers inside"):
        gan.compile(optimizer=tfc.SimultaneousOptimizer("sgd"))


def test_layers_that_penalties_hold_couple():
    model = keras.Sequential([keras.Input((2,)), L.BatchNormalization(name="of the penalty")])

    def penalty(discriminator, real, fake):
        return tf.reduce_mean(model(real, training=True) ** 2)

    for term in (penalty, Term(model)):
        gan = tfc.GAN(*nested_pair(L.Dense(2)), latent_dim=3, penalties=[term])
        assert gan.game(tf.zeros((4, 2))).couplings() == ["of the penalty"]


def test_docstring_examples():
    assert doctest.testmod(layers, extraglobs={"keras": keras}).failed == 0

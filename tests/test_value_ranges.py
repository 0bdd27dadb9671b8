"""What is said of how networks end is true of them, and right uses are met with silence."""

import re
import warnings

import keras
import numpy as np
import pytest
from bad_calls.things import POINTS, gan, labelled, net

import tf_consensus as tfc
from tf_consensus.models.value_ranges import end_of

L = keras.layers
TANH, UNIT = (-1.0, 1.0), (0.0, 1.0)


class Subclassed(keras.Model):
    """A network whose last created layer is not its end."""

    def __init__(self, size, end=None, created="sigmoid"):
        super().__init__()
        self.first, self.last = L.Dense(4, "tanh"), L.Dense(size, end)
        self.gate = L.Dense(4, created)

    def call(self, x):
        return self.last(self.first(x) * self.gate(x))


class Thrice(keras.Sequential):
    def call(self, *args, **options):
        return 3.0 * super().call(*args, **options)


class Scaled(L.Dense):
    def call(self, x):
        return 3.0 * super().call(x)


def tanh(x):
    return 3.0 * keras.ops.tanh(x)


def sequential(*layers, shape=(3,)):
    return keras.Sequential([keras.Input(shape), *layers])


def functional(end, shape=(3,)):
    inputs = keras.Input(shape)
    return keras.Model(inputs, end(inputs))


def built(model, size=3):
    model(np.zeros((1, size), "float32"))
    return model


def behind(layer, shape=(4, 4, 2)):
    return lambda: sequential(L.Dense(32, "tanh"), L.Reshape(shape), layer)


def merged(x):
    return L.Add()([L.Dense(2, "tanh")(x), L.Dense(2, "tanh")(x)])


def early(x):
    """The layer that makes the output is made before the others."""
    last = L.Dense(2, "tanh")
    return last(L.Dense(4, "sigmoid")(x))


BOUNDED = {
    "dense": (lambda: sequential(L.Dense(2, "tanh")), TANH),
    "activation": (lambda: sequential(L.Dense(2), L.Activation("sigmoid")), UNIT),
    "hard": (lambda: sequential(L.Dense(2, "hard_sigmoid")), UNIT),
    "softmax": (lambda: sequential(L.Dense(2), L.Softmax()), UNIT),
    "relu": (lambda: sequential(L.Dense(2), L.ReLU()), (0.0, np.inf)),
    "a layer for activation": (lambda: sequential(L.Dense(2, L.ReLU())), (0.0, np.inf)),
    "reshape": (behind(L.Flatten()), TANH),
    "permute": (behind(L.Permute((3, 1, 2))), TANH),
    "crop": (behind(L.Cropping2D(1)), TANH),
    "crop 1": (behind(L.Cropping1D(1), (16, 2)), TANH),
    "crop 3": (behind(L.Cropping3D(0), (2, 2, 4, 2)), TANH),
    "linear": (behind(L.Activation("linear", dtype="float32")), TANH),
    "identity": (behind(L.Identity()), TANH),
    "average": (behind(L.AveragePooling2D(2)), TANH),
    "max": (behind(L.MaxPooling2D(2)), TANH),
    "global average": (behind(L.GlobalAveragePooling2D()), TANH),
    "global max": (behind(L.GlobalMaxPooling2D()), TANH),
    "upsampling": (behind(L.UpSampling2D()), TANH),
    "bilinear": (behind(L.UpSampling2D(interpolation="bilinear")), TANH),
    "repeat": (lambda: sequential(L.Dense(2, "tanh"), L.RepeatVector(3)), TANH),
    "padding": (behind(L.ZeroPadding2D()), TANH),
    "dropout": (behind(L.Dropout(0.5)), TANH),
    "wrapped": (lambda: sequential(L.SpectralNormalization(L.Dense(2, "tanh"))), TANH),
    "several": (
        lambda: sequential(L.Dense(8, "sigmoid"), L.Reshape((4, 2)), L.GlobalMaxPooling1D()),
        UNIT,
    ),
    "nested": (lambda: sequential(sequential(L.Dense(4, "tanh")), L.Reshape((2, 2))), TANH),
    "nested keeps": (
        lambda: sequential(
            L.Dense(4, "tanh"), functional(lambda x: L.Reshape((2, 2))(x), (4,)), L.Flatten()
        ),
        TANH,
    ),
    "early": (lambda: functional(early), TANH),
    "operation": (lambda: functional(lambda x: keras.ops.sigmoid(L.Dense(2)(x))), UNIT),
    "operations": (
        lambda: functional(
            lambda x: keras.ops.reshape(keras.ops.cast(early(x), "float32"), (-1, 2, 1))[:, :1]
        ),
        TANH,
    ),
    "functional": (lambda: functional(lambda x: L.Reshape((2, 1))(early(x))), TANH),
}
UNKNOWN = {
    "linear": lambda: sequential(L.Dense(2)),
    "tanh before the end": lambda: sequential(L.Dense(2, "tanh"), L.Dense(2)),
    "rescaled": behind(L.Rescaling(127.5, 127.5)),
    "normalized": behind(L.BatchNormalization()),
    "noise": behind(L.GaussianNoise(1.0)),
    "bicubic": behind(L.UpSampling2D(interpolation="bicubic")),
    "leaky": lambda: sequential(L.Dense(2), L.ReLU(negative_slope=0.2)),
    "lambda": lambda: sequential(L.Dense(2, "tanh"), L.Lambda(lambda x: 3 * x)),
    "a function of one's own": lambda: sequential(L.Dense(2, tanh)),
    "a layer of one's own": lambda: sequential(Scaled(2, "tanh")),
    "a model of one's own": lambda: built(Thrice([keras.Input((3,)), L.Dense(2, "tanh")])),
    "subclassed": lambda: built(Subclassed(2)),
    "subclassed inside": lambda: sequential(built(Subclassed(2)), L.Flatten()),
    "merged": lambda: functional(merged),
    "multiplied": lambda: functional(lambda x: 3.0 * early(x)),
}


@pytest.mark.parametrize(("make", "ends"), BOUNDED.values(), ids=BOUNDED)
def test_the_range_of_a_networks_outputs(make, ends):
    network = make()
    assert end_of(network)[2:] == ends
    latents = 100 * np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    outputs = network(latents).numpy()
    assert ends[0] <= outputs.min() <= outputs.max() <= ends[1]


@pytest.mark.parametrize("make", UNKNOWN.values(), ids=UNKNOWN)
def test_nothing_is_said_of_what_is_not_known(make):
    assert end_of(make()) is None


def said(model, *data, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(*data, verbose=0, batch_size=256, **options)
    return [str(w.message) for w in caught if issubclass(w.category, UserWarning)]


def of(generator, discriminator=None, **options):
    model = tfc.GAN(generator, discriminator or net(2, 1), latent_dim=3, seed=0, **options)
    model.compile("sgd")
    return model


SPREAD = np.random.default_rng(0).uniform(-1, 1, (256, 2)).astype("float32")
BYTES = np.linspace(0, 255, 512).reshape(256, 2).astype("uint8")
PLAIN = [np.random.default_rng(0).normal(size=(256, 2)).astype("float32")]
RIGHT = {
    "tanh": (lambda: gan(last="tanh"), [SPREAD]),
    "tanh, a part of the range": (lambda: gan(last="tanh"), [POINTS / 2 + 0.45]),
    "sigmoid": (lambda: gan(last="sigmoid"), [(SPREAD + 1) / 2]),
    "sigmoid, bits": (lambda: gan(last="sigmoid"), [BYTES % 2]),
    "relu, bytes": (lambda: gan(last="relu"), [BYTES]),
    "linear, standardized": (gan, PLAIN),
    "linear, bytes": (gan, [BYTES]),
    "labels": (labelled, [SPREAD, np.arange(256) % 3]),
    "least squares": (lambda: gan(end="sigmoid", objective="least_squares"), PLAIN),
    "subclassed": (lambda: of(built(Subclassed(2)), built(Subclassed(1), 2)), PLAIN),
    "rescaling, bytes": (
        lambda: of(sequential(L.Dense(2, "tanh"), L.Rescaling(127.5, 127.5))),
        [BYTES],
    ),
    "rescaling before, bytes": (
        lambda: of(net(3, 2), sequential(L.Rescaling(1 / 255), L.Dense(1), shape=(2,))),
        [BYTES],
    ),
    **{
        name: (lambda name=name: gan(objective=name), PLAIN)
        for name in ("standard", "wgan", "hinge", "least_squares", "js")
    },
}


@pytest.mark.parametrize(("make", "data"), RIGHT.values(), ids=RIGHT)
def test_right_uses_are_met_with_silence(make, data):
    assert said(make(), *data) == []


def pooled(x):
    return L.GlobalAveragePooling1D()(L.Conv1D(1, 1, activation="sigmoid")(L.Reshape((2, 1))(x)))


WRONG = {
    "bytes, tanh": (lambda: gan(last="tanh"), [BYTES], r"from 0 to 255.*x / 127.5 - 1 for bytes"),
    "bytes, sigmoid": (lambda: gan(last="sigmoid"), [BYTES], "x / 255 for bytes, or"),
    "behind a reshape": (
        lambda: of(sequential(L.Dense(2, "tanh"), L.Reshape((2,)))),
        [255.0 * (SPREAD + 1) / 2],
        r"'dense\w*' \(tanh\)",
    ),
    "probabilities flattened": (
        lambda: of(net(3, 2), sequential(L.Dense(1, "sigmoid"), L.Flatten(), shape=(2,))),
        PLAIN,
        r"takes logits.*\(sigmoid\)",
    ),
    "probabilities pooled": (
        lambda: of(net(3, 2), functional(pooled, (2,))),
        PLAIN,
        r"takes logits.*\(sigmoid\)",
    ),
}


@pytest.mark.parametrize(("make", "data", "message"), WRONG.values(), ids=WRONG)
def test_mistakes_behind_layers_that_keep_the_range_are_said(make, data, message):
    found = said(make(), *data, epochs=2)
    assert len(found) == 1
    assert re.search(message, found[0])

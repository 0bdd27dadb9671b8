"""Runs for the tests of the advisor: small GANs that fail in one way each, and healthy ones."""

import keras
import numpy as np
import tensorflow as tf

import tf_consensus as tfc

L = keras.layers
SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam
R1 = tfc.penalties.R1


def dense(inputs, outputs, last=None, width=8, **options):
    """A network of one hidden layer."""
    hidden = L.Dense(width, "relu", **options)
    return keras.Sequential([keras.Input((inputs,)), hidden, L.Dense(outputs, last)])


def point(bias="ones"):
    """A generator of little more than its bias, and a linear discriminator."""
    generator = keras.Sequential([keras.Input((1,)), L.Dense(2, bias_initializer=bias)])
    return generator, keras.Sequential([keras.Input((2,)), L.Dense(1, use_bias=False)])


class Squashed(keras.Model):
    """A discriminator whose sigmoid no layer tells of."""

    def __init__(self):
        super().__init__()
        self.inner = dense(2, 1, width=32)
        self(np.zeros((1, 2), "float32"))

    def call(self, x):
        return keras.ops.sigmoid(self.inner(x))


def ring(shift=0.0, scale=1.0, n=64):
    """Eight Gaussians on a circle."""
    data = tfc.data.mixture_of_gaussians(n, stddev=0.05, seed=0)
    return data.map(lambda x: scale * x + shift)


def cloud(scale=0.1, n=64):
    """One Gaussian around 0."""
    data = tf.data.Dataset.random(seed=0)
    return data.map(lambda s: scale * tf.random.stateless_normal((n, 2), [s, s]))


def fit(gan, data, callbacks, optimizer="adam", epochs=5, steps=250, **options):
    """Trains and returns Keras' history."""
    gan.compile(optimizer, **{"steps_per_execution": 25, **options})
    return gan.fit(
        data, epochs=epochs, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=callbacks
    )


def gan(pair, **options):
    """A GAN of the two networks."""
    return tfc.GAN(*pair, latent_dim=pair[0].input_shape[-1], seed=0, **options)


def slow_and_fast():
    """An optimizer by which the discriminator wins."""
    return tfc.AlternatingOptimizer(SGD(1e-5), Adam(1e-2))


def crushed():
    """A generator whose latents come to count for nothing, as its weights are pulled to 0."""
    return dense(4, 2, kernel_regularizer=keras.regularizers.L2(5.0)), dense(2, 1, width=32)


def dead():
    """A discriminator without a live unit."""
    return dense(4, 2), dense(2, 1, bias_initializer=keras.initializers.Constant(-30.0))


def normalized():
    """Networks with batch normalization."""
    layers = [L.Dense(8, use_bias=False), L.BatchNormalization(), L.LeakyReLU(), L.Dense(2)]
    end = [L.Dense(8), L.BatchNormalization(), L.LeakyReLU(), L.Dense(1)]
    pairs = ((4, layers), (2, end))
    return tuple(keras.Sequential([keras.Input((size,)), *own]) for size, own in pairs)


# By symptom and case: networks, options of GAN, data, options of `fit`.
WON = {
    f"discriminator_won {name}": (
        lambda: (dense(4, 2), dense(2, 1, width=32)),
        {"objective": name},
        lambda: ring(shift=5.0),
        lambda: {"optimizer": slow_and_fast()},
    )
    for name in ("standard", "js", "hinge", "least_squares", "relativistic", "tv", "hellinger")
}
SWINGS = {
    f"oscillation {name}": (
        point,
        {"objective": name},
        cloud,
        lambda epochs=epochs: {"optimizer": SGD(1e-2), "epochs": epochs},
    )
    for name, epochs in (("wgan", 7), ("hinge", 20))
}
OTHERS = {
    "collapse": (
        crushed,
        {},
        ring,
        lambda: {
            "optimizer": tfc.AlternatingOptimizer(Adam(2e-3, beta_1=0.5), Adam(2e-3, beta_1=0.5)),
            "epochs": 10,
        },
    ),
    "not_learning dead": (
        dead,
        {},
        lambda: ring(shift=3.0),
        lambda: {"optimizer": Adam(1e-3), "epochs": 6},
    ),
    "not_learning slow": (
        lambda: (dense(4, 2), dense(2, 1)),
        {},
        lambda: ring(shift=3.0),
        lambda: {"optimizer": Adam(1e-8), "epochs": 6},
    ),
    "data_range bytes": (
        lambda: (dense(4, 2, "tanh"), dense(2, 1)),
        {},
        lambda: ring(shift=127.0, scale=100.0),
        lambda: {"epochs": 1},
    ),
    "data_range beyond": (
        lambda: (dense(4, 2, "sigmoid"), dense(2, 1)),
        {},
        lambda: ring(scale=3.0),
        lambda: {"epochs": 1},
    ),
    "probabilities layer": (
        lambda: (dense(4, 2), dense(2, 1, "sigmoid")),
        {},
        ring,
        lambda: {"epochs": 1},
    ),
    "probabilities outputs": (
        lambda: (dense(4, 2), Squashed()),
        {},
        lambda: ring(shift=5.0),
        lambda: {"optimizer": slow_and_fast()},
    ),
    "gamma": (
        lambda: (dense(4, 2), dense(2, 1)),
        {},
        ring,
        lambda: {"optimizer": tfc.ConsensusOptimizer("rmsprop", 1e-4, gamma=1000.0)},
    ),
    "gamma normalized": (
        normalized,
        {},
        ring,
        lambda: {"optimizer": tfc.ConsensusOptimizer("rmsprop", 1e-4, gamma=100.0)},
    ),
    "gamma smoothing": (
        lambda: (dense(4, 2), dense(2, 1)),
        {},
        ring,
        lambda: {"optimizer": tfc.SmoothingOptimizer("rmsprop", 1e-4, gamma=3000.0)},
    ),
    "learning_rate above": (
        point,
        {"objective": "wgan", "penalties": [R1(5.0)]},
        cloud,
        lambda: {"optimizer": SGD(0.42), "steps": 100, "epochs": 4},
    ),
    "learning_rate none": (
        point,
        {"objective": "wgan"},
        cloud,
        lambda: {"optimizer": SGD(1e-2), "steps": 100, "epochs": 4},
    ),
}
FAILING = WON | SWINGS | OTHERS
# By hand, as they show what others do.
SLOW = (
    *(f"discriminator_won {x}" for x in ("hinge", "least_squares", "relativistic", "hellinger")),
    "oscillation hinge",
    "gamma smoothing",
    "not_learning slow",
)


def train(name, callbacks):
    """Trains a failing run."""
    pair, options, data, of_fit = FAILING[name]
    keras.utils.set_random_seed(0)
    model = gan(pair(), **options)
    return fit(model, data(), callbacks, **of_fit())

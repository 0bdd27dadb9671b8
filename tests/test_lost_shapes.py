"""A dense layer on sequences: every optimizer takes gradients that lost their static shapes."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc

NAMES = sorted(x for x in tfc.__all__ if x.endswith("Optimizer") and x != "GameOptimizer")


def make(name):
    """A GAN of sequences with dense layers on each time."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    z, x = keras.Input((3,)), keras.Input((4, 1))
    generator = keras.Model(z, layers.Dense(1)(layers.Dense(2, "tanh")(layers.RepeatVector(4)(z))))
    discriminator = keras.Model(x, layers.Dense(1)(layers.Flatten()(layers.Dense(2, "tanh")(x))))
    objective = "js" if name == "ZeroSumConsensusOptimizer" else "standard"
    gan = tfc.GAN(generator, discriminator, objective=objective, seed=0)
    kind = getattr(tfc, name)
    inner = [x for x in inspect.signature(kind).parameters if x.endswith("_optimizer")]
    gan.compile(kind(**{x: keras.optimizers.SGD(0.01) for x in inner}))
    return gan


def marked(name):
    """The optimizer that the shapes stopped is always tried, the others in a full run."""
    always = name == "AlternatingConsensusOptimizer"
    return pytest.param(name, marks=[] if always else pytest.mark.full)


@pytest.mark.parametrize("name", list(map(marked, NAMES)))
def test_batches_of_unknown_size_train_as_those_of_known_size(name):
    data = np.random.default_rng(0).normal(size=(8, 4, 1)).astype("float32")
    made = []
    for known in (False, True):
        gan = make(name)
        batches = tf.data.Dataset.from_tensor_slices(data).batch(4, drop_remainder=known)
        gan.fit(batches, shuffle=False, verbose=0)
        made.append([keras.ops.convert_to_numpy(x) for x in gan.trainable_variables])
    for x, y in zip(*made, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-7)

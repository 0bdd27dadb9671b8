"""The count of steps moves after the batch is read: a stream that begins at it loses nothing."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_gan import mlp

import tf_consensus as tfc
from tf_consensus import optimizers
from tf_consensus.data.stream import BLOCK, resumable

STEPS = 4
OPTIMIZERS = {
    "AdaptiveCompetitiveOptimizer": lambda: tfc.AdaptiveCompetitiveOptimizer(
        "sgd", max_iterations=2
    ),
    "AlternatingConsensusOptimizer": lambda: tfc.AlternatingConsensusOptimizer("sgd", "sgd", 1.0),
    "AlternatingMomentumOptimizer": lambda: tfc.AlternatingMomentumOptimizer("sgd", "sgd"),
    "AlternatingOptimizer": lambda: tfc.AlternatingOptimizer("sgd", "sgd"),
    "ClippedOptimizer": lambda: tfc.ClippedOptimizer("sgd"),
    "CompetitiveOptimizer": lambda: tfc.CompetitiveOptimizer("sgd", max_iterations=2),
    "ConsensusOptimizer": lambda: tfc.ConsensusOptimizer("sgd", gamma=1.0),
    "CrossTermOptimizer": lambda: tfc.CrossTermOptimizer("sgd", gamma=1.0),
    "ExtragradientOptimizer": lambda: tfc.ExtragradientOptimizer("sgd"),
    "ExtrapolatedAlternatingOptimizer": lambda: tfc.ExtrapolatedAlternatingOptimizer("sgd", "sgd"),
    "ImplicitOptimizer": lambda: tfc.ImplicitOptimizer("sgd", products=2),
    "LookaheadOptimizer": lambda: tfc.LookaheadOptimizer("sgd", sync_period=2),
    "LookaheadOptimizer of AlternatingOptimizer": lambda: tfc.LookaheadOptimizer(
        tfc.AlternatingOptimizer("sgd", "sgd"), sync_period=2
    ),
    "MomentumOptimizer": lambda: tfc.MomentumOptimizer("sgd"),
    "OptimisticOptimizer": lambda: tfc.OptimisticOptimizer("sgd"),
    "PastExtragradientOptimizer": lambda: tfc.PastExtragradientOptimizer("sgd"),
    "ScaledConsensusOptimizer": lambda: tfc.ScaledConsensusOptimizer("sgd"),
    "RungeKuttaOptimizer": lambda: tfc.RungeKuttaOptimizer("sgd"),
    "SimultaneousOptimizer": lambda: tfc.SimultaneousOptimizer("sgd"),
    "SmoothingOptimizer": lambda: tfc.SmoothingOptimizer("sgd", gamma=1.0),
    "SymplecticOptimizer": lambda: tfc.SymplecticOptimizer("sgd"),
    "ZeroSumConsensusOptimizer": lambda: tfc.ZeroSumConsensusOptimizer("sgd", gamma=1.0),
    "plain": lambda: keras.optimizers.SGD(),
}
# Those with a counter of their own.
COUNTING = [
    "AdaptiveCompetitiveOptimizer",
    "AlternatingConsensusOptimizer",
    "AlternatingOptimizer",
    "ExtragradientOptimizer",
    "ExtrapolatedAlternatingOptimizer",
    "LookaheadOptimizer of AlternatingOptimizer",
    "OptimisticOptimizer",
    "PastExtragradientOptimizer",
    "RungeKuttaOptimizer",
]


class Slow:
    """An optimizer's count that takes long to read, as on a busy machine."""

    def __init__(self, variable):
        self.variable, self.dtype, self.shape = variable, variable.dtype, variable.shape

    def numpy(self):
        time.sleep(0.1)
        return self.variable.numpy()


class Recording(tfc.GAN):
    """Keeps the first number of each step's batch."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        once = tf.VariableAggregation.ONLY_FIRST_REPLICA
        self.seen = tf.Variable(tf.fill([STEPS], -1.0), trainable=False, aggregation=once)

    def game(self, real, training=True):
        at = tf.reshape(tf.cast(tf.convert_to_tensor(self.noise_counter), tf.int32), (1, 1))
        self.seen.assign(tf.tensor_scatter_nd_update(self.seen, at, real[:1, 0]))
        return super().game(real, training)


def seen_by(optimizer, **compile_options):
    """The numbers of the batches that a fit of four steps takes, from a new stream."""
    # Zero-sum, as one of the methods asks for.
    networks = mlp(3, 2, 1), mlp(2, 1, 11)
    gan = Recording(*networks, latent_dim=3, seed=5, objective="js")
    gan.compile(optimizer=optimizer(), **compile_options)
    gan.optimizer.build(gan.trainable_variables)

    def make_block(block):
        numbers = block * BLOCK + tf.range(BLOCK, dtype=tf.int64)
        return tf.broadcast_to(tf.cast(numbers, tf.float32)[:, None, None], (BLOCK, 4, 2))

    data = resumable(make_block, Slow(gan.optimizer.iterations))
    gan.fit(data, steps_per_epoch=STEPS, shuffle=False, verbose=0)
    return gan.seen.numpy()


def test_the_table_holds_all_optimizers():
    bases = {"GameOptimizer", "RegularizedOptimizer"}
    known = {name for name in optimizers.__all__ if hasattr(getattr(optimizers, name), "step")}
    assert known - bases <= set(OPTIMIZERS)
    assert "ConsensusOptimizer" in known


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_first_batches_are_those_from_0_on(name):
    np.testing.assert_array_equal(seen_by(OPTIMIZERS[name]), range(STEPS))


@pytest.mark.parametrize("options", [{"steps_per_execution": 2}, {"jit_compile": True}])
@pytest.mark.parametrize("name", COUNTING)
def test_so_they_are_with_several_steps_an_execution_and_xla(name, options):
    np.testing.assert_array_equal(seen_by(OPTIMIZERS[name], **options), range(STEPS))


def test_so_they_are_with_several_fused_steps():
    options = {"steps_per_execution": 2, "jit_compile": True}
    np.testing.assert_array_equal(
        seen_by(OPTIMIZERS["AlternatingOptimizer"], **options), range(STEPS)
    )


@pytest.mark.parametrize("name", COUNTING)
def test_so_they_are_on_replicas(name, two_replicas):
    with two_replicas.scope():
        seen = seen_by(OPTIMIZERS[name])
    np.testing.assert_array_equal(seen, range(STEPS))

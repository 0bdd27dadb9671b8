"""Time of a step with exact batch normalization against TensorFlow's own, whose v' is wrong.

It times dcgan4 in graph mode on one batch. TensorFlow's stands for the layer as Keras ships it: the
variance holds the mean without its derivative. Both are timed in turn, in several rounds; the ratio
is that of the medians.

    python examples/benchmarks/normalization.py
    python examples/benchmarks/normalization.py --filters=16 --rounds=9
"""

import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc

FLAGS = flags.FLAGS
flags.DEFINE_list("filters", ["16", "64"], "Filters of the networks.")
flags.DEFINE_integer("batch_size", 64, "Images in a batch.", 1)
flags.DEFINE_integer("rounds", 5, "Timings of each.", 1)
flags.DEFINE_integer("steps", 3, "Steps per timing.", 1)
METHODS = {"simultaneous": tfc.SimultaneousOptimizer, "consensus": tfc.ConsensusOptimizer}


class StockNormalization(keras.layers.BatchNormalization):
    """Batch normalization with TensorFlow's own `tf.nn.moments`."""

    def _moments(self, inputs, mask):
        mean = tf.reduce_mean(inputs, self._reduction_axes, keepdims=True)
        square = tf.math.squared_difference(inputs, tf.stop_gradient(mean))
        variance = tf.reduce_mean(square, self._reduction_axes, keepdims=True)
        return tuple(tf.squeeze(t, self._reduction_axes) for t in (mean, variance))


def make_step(method, filters, exact):
    """A training step of dcgan4 on one batch, compiled."""
    settings = {"image_size": 32, "filters": filters, "latent_dim": 64, "seed": 0}
    networks = tfc.networks.build("dcgan4", **settings)
    if not exact:
        for layer in (x for network in networks for x in network.layers):
            if type(layer) is keras.layers.BatchNormalization:
                layer.__class__ = StockNormalization
    gan = tfc.GAN(*networks, latent_dim=64, seed=0, allow_cut=not exact)
    gan.compile(METHODS[method](keras.optimizers.RMSprop(1e-4)))
    gan.optimizer.build(gan.trainable_variables)
    shape = (FLAGS.batch_size, 32, 32, 3)
    real = tf.constant(np.random.default_rng(0).uniform(-1, 1, size=shape), tf.float32)
    step = tf.function(gan.train_step, autograph=False)
    float(step(real)["gradient_norm"])
    return lambda: float(step(real)["gradient_norm"])


def seconds(step):
    """Seconds per step."""
    start = time.perf_counter()
    for _ in range(FLAGS.steps):
        step()
    return (time.perf_counter() - start) / FLAGS.steps


def main(argv):
    """Times both and prints one line per method and width."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    print(f"tensorflow {tf.__version__}, keras {keras.__version__}, {os.cpu_count()} cores")
    print(f"{'method':14}{'filters':>8}{'exact ms':>10}{'stock ms':>10}{'exact / stock':>15}")
    for filters in map(int, FLAGS.filters):
        for method in METHODS:
            steps = [make_step(method, filters, exact) for exact in (True, False)]
            rounds = [[seconds(step) for step in steps] for _ in range(FLAGS.rounds)]
            exact, stock = (1e3 * statistics.median(times) for times in zip(*rounds, strict=True))
            print(f"{method:14}{filters:8}{exact:10.1f}{stock:10.1f}{exact / stock:15.3f}")


if __name__ == "__main__":
    app.run(main)

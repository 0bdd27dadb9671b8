"""Updates of this machine's device beside those of another one, and what a step takes.

--save trains each pair of networks and method for three steps and keeps the change of the weights.
--compare does the same and prints how far it is from a kept one. Without either, steps are timed.
A GPU is compared with the CPU so:

    CUDA_VISIBLE_DEVICES=-1 python examples/benchmarks/device.py --save=cpu.npz
    python examples/benchmarks/device.py --compare=cpu.npz
    python examples/benchmarks/device.py --compare=cpu.npz --xla
    python examples/benchmarks/device.py --xla --steps_per_execution=10
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc

FLAGS = flags.FLAGS
flags.DEFINE_string("save", None, "File (.npz) to keep the updates in.")
flags.DEFINE_string("compare", None, "File that --save wrote, to compare the updates with.")
flags.DEFINE_enum("dtype", "float64", ["float32", "float64"], "Numbers of compared updates.")
flags.DEFINE_bool("xla", False, "Whether XLA compiles the step.")
flags.DEFINE_bool("tf32", True, "Whether timed products of float32 take TensorFloat-32.")
flags.DEFINE_list("networks", None, "Networks; none: all.")
flags.DEFINE_list("methods", None, "Methods; none: all.")
flags.DEFINE_integer("steps", 200, "Steps in a timing.", 1)
flags.DEFINE_integer("steps_per_execution", 1, "Steps in one call of the compiled function.", 1)
flags.DEFINE_integer("filters", 64, "Filters of the timed networks.", 1)
flags.DEFINE_integer("batch_size", 64, "Images in a timed batch.", 2)

NETWORKS = ("dcgan4", "dcgan4_nobn", "resnet", "r3gan")
R1 = tfc.penalties.R1
METHODS = {
    "simultaneous": (lambda new: tfc.SimultaneousOptimizer(new()), None),
    "alternating": (lambda new: tfc.AlternatingOptimizer(new(), new()), None),
    "alternating R1": (lambda new: tfc.AlternatingOptimizer(new(), new()), 1.0),
    "consensus": (lambda new: tfc.ConsensusOptimizer(new(), gamma=0.1), None),
    "consensus R1": (lambda new: tfc.ConsensusOptimizer(new(), gamma=0.1), 1.0),
    "alternating consensus": (
        lambda new: tfc.AlternatingConsensusOptimizer(new(), gamma=0.1),
        None,
    ),
}


def compiled(network, method, filters, inner, steps_per_execution=1):
    """A compiled GAN of 32² grey images."""
    sizes = {"max_filters": 2 * filters, "blocks": 1} if network == "r3gan" else {}
    sizes |= {"image_size": 32, "channels": 1, "latent_dim": 16, "filters": filters}
    make, weight = METHODS[method]
    penalties = R1(weight) if weight else ()
    networks = tfc.networks.build(network, seed=0, **sizes)
    gan = tfc.GAN(*networks, latent_dim=16, penalties=penalties, seed=0)
    gan.compile(make(inner), jit_compile=FLAGS.xla, steps_per_execution=steps_per_execution)
    return gan


def images(count, dtype):
    """Noise in [-1, 1]."""
    return np.random.default_rng(0).uniform(-1, 1, (count, 32, 32, 1)).astype(dtype)


def update(network, method):
    """How three steps of 16 images change the weights, as one vector."""
    gan = compiled(
        network, method, 16 if network == "r3gan" else 8, lambda: keras.optimizers.SGD(0.01)
    )
    before = [keras.ops.convert_to_numpy(x) for x in gan.trainable_variables]
    data = tf.data.Dataset.from_tensors(images(16, FLAGS.dtype)).repeat(3)
    gan.fit(data, shuffle=False, verbose=0)
    after = [keras.ops.convert_to_numpy(x) for x in gan.trainable_variables]
    return np.concatenate([np.ravel(y - x) for x, y in zip(before, after, strict=True)])


def milliseconds(network, method):
    """The fastest of three timings of a step, and the seconds until the first ones are done."""
    gan = compiled(network, method, FLAGS.filters, adam, FLAGS.steps_per_execution)
    data = tf.data.Dataset.from_tensors(images(FLAGS.batch_size, "float32")).repeat()

    def seconds(steps):
        begun = time.perf_counter()
        gan.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)
        return time.perf_counter() - begun

    first = seconds(FLAGS.steps_per_execution)
    return min(seconds(FLAGS.steps) for _ in range(3)) / FLAGS.steps * 1e3, first


def adam():
    """The inner optimizer of timed steps."""
    return keras.optimizers.Adam(1e-4, beta_1=0.5)


def main(argv):
    """Prints one line per pair of networks and method."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if FLAGS.save and FLAGS.compare:
        raise app.UsageError("Pass --save or --compare, not both.")
    pairs = [(n, m) for n in FLAGS.networks or NETWORKS for m in FLAGS.methods or METHODS]
    kept, found = np.load(FLAGS.compare) if FLAGS.compare else {}, {}
    # Batch normalization and R1 do not fit: the penalty takes each example's own gradient.
    pairs = [(n, m) for n, m in pairs if n != "dcgan4" or "R1" not in m]
    if FLAGS.save or FLAGS.compare:
        keras.config.set_floatx(FLAGS.dtype)
    tf.config.experimental.enable_tensor_float_32_execution(FLAGS.tf32 and not kept)
    print(f"devices: {', '.join(x.name for x in tf.config.list_logical_devices())}")
    for network, method in pairs:
        name, line = f"{network}, {method}", ""
        if FLAGS.save or FLAGS.compare:
            found[name] = update(network, method)
            norm = np.linalg.norm(found[name])
            line = f"norm {norm:.6g}"
            if name in kept:
                line += f", off by {np.linalg.norm(found[name] - kept[name]) / norm:.1e} of it"
        else:
            line = "{:.2f} ms per step, first call {:.1f} s".format(*milliseconds(network, method))
        print(f"{name}: {line}", flush=True)
        keras.backend.clear_session()
    if FLAGS.save:
        np.savez(FLAGS.save, **found)


if __name__ == "__main__":
    app.run(main)

"""The flags by which the examples train on several devices or machines."""

import pathlib
import sys
import tempfile

import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc

FLAGS = flags.FLAGS
flags.DEFINE_enum(
    "strategy",
    "none",
    tfc.strategies.NAMES,
    "Train on one device, on all GPUs, on the machines of TF_CONFIG, or on a TPU.",
)
flags.DEFINE_string("tpu", None, "Name or address of the TPU; local on the machine that has it.")
flags.DEFINE_integer("replicas", None, "Devices to cut the CPU into, to try --strategy=mirrored.")
flags.DEFINE_float(
    "worker_timeout", 600.0, "Seconds to wait for all machines of --strategy=multi_worker.", 1.0
)


def make_strategy():
    """The strategy that the flags ask for; before TensorFlow computes anything."""
    if FLAGS.strategy != "none":
        tf.get_logger().setLevel("WARNING")  # else it tells of every exchange
    try:
        return tfc.strategies.make(FLAGS.strategy, FLAGS.tpu, FLAGS.replicas, FLAGS.worker_timeout)
    except ValueError as error:
        raise app.UsageError(f"--strategy: {error}") from error
    except TimeoutError as error:
        sys.exit(f"--worker_timeout: {error}")


def own_folder(strategy, output):
    """Where this process writes: `output` if it is the chief, else where nobody looks."""
    if tfc.strategies.is_chief(strategy):
        return output
    return pathlib.Path(tempfile.mkdtemp(prefix="tf_consensus_"))

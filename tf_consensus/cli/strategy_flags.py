"""The flags by which a run trains on several devices or machines."""

import pathlib
import sys
import tempfile
from typing import TYPE_CHECKING

from absl import app, flags

from tf_consensus.cli.catalogue import STRATEGIES

if TYPE_CHECKING:
    import tensorflow as tf


def define(flag_values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the flags."""
    flags.DEFINE_enum(
        "strategy",
        "none",
        list(STRATEGIES),
        "Train on one device, on all GPUs, on the machines of TF_CONFIG, or on a TPU.",
        flag_values,
    )
    flags.DEFINE_string(
        "tpu",
        None,
        "Name or address of the TPU; local on the machine that has it.",
        flag_values,
    )
    flags.DEFINE_integer(
        "replicas",
        None,
        "Devices to cut the CPU into, to try --strategy=mirrored.",
        flag_values=flag_values,
    )
    flags.DEFINE_float(
        "worker_timeout",
        600.0,
        "Seconds to wait for all machines of --strategy=multi_worker.",
        1.0,
        flag_values=flag_values,
    )


def make_strategy(flag_values: flags.FlagValues = flags.FLAGS) -> "tf.distribute.Strategy":
    """The strategy that the flags ask for; call it before TensorFlow computes anything."""
    import tensorflow as tf

    from tf_consensus.execution import strategies

    name = flag_values.strategy
    if name != "none":
        tf.get_logger().setLevel("WARNING")  # else it logs every exchange
    try:
        return strategies.make(
            name, flag_values.tpu, flag_values.replicas, flag_values.worker_timeout
        )
    except ValueError as error:
        raise app.UsageError(f"--strategy: {error}") from error
    except TimeoutError as error:
        sys.exit(f"--worker_timeout: {error}")


def own_folder(strategy: "tf.distribute.Strategy", output: pathlib.Path) -> pathlib.Path:
    """Where this process writes: `output` if it is the chief, else a new temporary folder."""
    from tf_consensus.execution import strategies

    if strategies.is_chief(strategy):
        return output
    return pathlib.Path(tempfile.mkdtemp(prefix="tf_consensus_"))

"""Strategies of `tf.distribute` by name, with what is wrong said before training starts."""

import os
import socket
from typing import Any

import tensorflow as tf

from tf_consensus.execution import rendezvous, tf_config
from tf_consensus.support.checks import check_count, check_float, nearest

NAMES = ("none", "mirrored", "multi_worker", "tpu")
"""The names that `make` takes."""


def make(
    name: str, tpu: str | None = None, replicas: int | None = None, timeout: float = 600.0
) -> tf.distribute.Strategy:
    """The strategy of that name; to be called before TensorFlow computes anything.

    Args:
        name: "none", one device; "mirrored", the GPUs of this machine; "multi_worker", the machines
            that the environment variable TF_CONFIG names, each of which runs the same program;
            "tpu", a TPU.
        tpu: name or address of the TPU, "local" on the machine that has it.
        replicas: number of equal devices to cut the CPU into, to try "mirrored" without GPUs;
            `None` takes the GPUs, or one CPU.
        timeout: seconds that "multi_worker" waits until all machines are there; every 30 seconds
            it prints which are missing.

    Returns:
        The strategy; build and compile models in its `scope()`.

    Raises:
        ValueError: if the name is unknown, TF_CONFIG is missing or malformed, an option does not go
            with the name, or there is no such TPU.
        TimeoutError: if a machine is missing after `timeout` seconds.

    Example:
        >>> make("none").num_replicas_in_sync
        1
    """
    _check_options(name, tpu, replicas)
    if name == "mirrored":
        return _mirrored(replicas)
    if name == "multi_worker":
        cluster = tf_config.parse(os.environ.get("TF_CONFIG"))
        rendezvous.wait_for_all(cluster, check_float("timeout", timeout, zero=False))
        return tf.distribute.MultiWorkerMirroredStrategy()
    return _of_tpu(tpu) if name == "tpu" else tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one of all machines' that writes files.

    Args:
        strategy: a strategy of `tf.distribute`, such as `make` returns.

    Raises:
        TypeError: if `strategy` is none of `tf.distribute`.
    """
    if not hasattr(strategy, "cluster_resolver"):
        raise TypeError(
            f"`strategy` must be a strategy of tf.distribute. Received: {strategy!r}. Pass for "
            "example `tf.distribute.get_strategy()`."
        )
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    if resolver.task_type == "worker":
        return resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs
    return resolver.task_type == "chief"


def _check_options(name: Any, tpu: Any, replicas: Any) -> None:
    if not isinstance(name, str) or name not in NAMES:
        raise ValueError(
            f"A strategy is one of {', '.join(NAMES)}. Received: {name!r}. "
            f"{nearest(name, NAMES)}Choose one of them."
        )
    if tpu is not None and (name != "tpu" or not isinstance(tpu, str)):
        raise ValueError(
            "`tpu` names a TPU, for strategy 'tpu'. Received: "
            f"tpu={tpu!r} with strategy={name!r}. Pass a name or an address, and strategy 'tpu'."
        )
    if replicas is not None and name != "mirrored":
        raise ValueError(
            "`replicas` counts the devices that the CPU is cut into, for strategy 'mirrored'. "
            f"Received: replicas={replicas!r} with strategy={name!r}. Leave it out."
        )
    if replicas is not None:
        check_count("replicas", replicas, "Pass the devices to cut the CPU into, for example 2.")


def _mirrored(replicas: int | None) -> tf.distribute.Strategy:
    if replicas is None:
        return tf.distribute.MirroredStrategy()
    (cpu,) = tf.config.list_physical_devices("CPU")
    devices = [tf.config.LogicalDeviceConfiguration()] * replicas
    tf.config.set_logical_device_configuration(cpu, devices)
    return tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(replicas)])


def _of_tpu(tpu: str | None) -> tf.distribute.Strategy:
    try:
        _reach(tpu)
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=tpu)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, RuntimeError, OSError, tf.errors.OpError) as error:
        raise ValueError(
            f"There must be a TPU of that name. Received: tpu={tpu!r} ({_reason(error)}). Give "
            "'local' on the machine that has it, or the TPU's name or grpc:// address, and install "
            "tensorflow-tpu."
        ) from error
    return tf.distribute.TPUStrategy(resolver)


def _reason(error: Exception) -> str:
    """The line of an error that says what went wrong, after where in the graph it did."""
    around = ("Graph execution error", "Detected at node", "<stack traces", "\t")
    lines = [line for line in str(error).split("\n") if line and not line.startswith(around)]
    return lines[0] if lines else type(error).__name__


def _reach(tpu: str | None) -> None:
    """Raises `OSError` if nothing listens at an address, where TensorFlow would wait for ever."""
    if tpu and tpu.startswith("grpc://"):
        host, _, port = tpu.removeprefix("grpc://").partition(":")
        socket.create_connection((host, int(port or 8470)), timeout=10).close()

"""Whether a backup and a model belong together, and all machines to one backup."""

import json
import zlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.callbacks import backup_files
from tf_consensus.callbacks.backup_files import BackupError, Record


def check_same_run(model: keras.Model, settings: Any) -> None:
    """Raise unless all machines train with one set of settings.

    Raises:
        BackupError: If they do not.
    """
    text = json.dumps(settings, sort_keys=True).encode()
    if not _equal_on_all(model, zlib.crc32(text)):
        raise BackupError(
            "All machines must train with the same settings. Received: this one's differ from "
            "those of others. Start all of them by the same command."
        )


def check_same_step(model: keras.Model) -> None:
    """Raise unless all machines are at one step, having read one backup.

    Raises:
        BackupError: If they are not.
    """
    step = int(model.optimizer.iterations.numpy())
    if not _equal_on_all(model, step):
        raise BackupError(
            "All machines must go on from one backup. Received: this one is at step "
            f"{step}, the others are not. Pass a `backup_dir` that all of them see."
        )


def weight_sums(model: keras.Model) -> np.ndarray:
    """The sum of each trained variable's magnitudes: changes where weights do."""
    arrays = map(keras.ops.convert_to_numpy, model.trainable_variables)
    return np.array([np.abs(x.astype(np.float64)).sum() for x in arrays])


def _equal_on_all(model, number):
    """Whether a whole number is the same on all machines, as far as sums of powers tell."""
    strategy = model.distribute_strategy
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return True
    powers = [float(number), float(number) ** 2]
    values = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(powers, tf.float64)
    )
    totals = strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None)
    return np.allclose(totals, np.multiply(powers, strategy.num_replicas_in_sync), 1e-12, 0)


def other_variables(record: Record, model: keras.Model) -> str:
    """What differs between the variables of a backup and the model's; empty if nothing does."""
    before, now = record.variables, backup_files.describe_variables(model)
    if len(before) != len(now):
        return f"{len(now)} variables (before: {len(before)})"
    if len(record.seeds) != (seeds := len(backup_files.seed_states(model))):
        return f"{seeds} layers that draw random numbers (before: {len(record.seeds)})"
    variables = [*model.weights, *model.optimizer.variables]
    for variable, old, new in zip(variables, before, now, strict=True):
        if old != new:
            return f"{variable.path} of shape {new[0]}, {new[1]} (before: {old[0]}, {old[1]})"
    return ""

"""Whether a backup and a model belong together, and all machines to one backup."""

import keras
import tensorflow as tf

from tf_consensus.callbacks import backup_files
from tf_consensus.callbacks.backup_files import BackupError, Record


def check_same_step(model: keras.Model) -> None:
    """Raise unless all machines are at one step, having read one backup.

    Raises:
        BackupError: If they are not.
    """
    strategy = model.distribute_strategy
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    step = int(model.optimizer.iterations.numpy())
    steps = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(step, tf.int64)
    )
    total = int(strategy.reduce(tf.distribute.ReduceOp.SUM, steps, axis=None))
    if total != step * strategy.num_replicas_in_sync:
        raise BackupError(
            "All machines must go on from one backup. Received: this one is at step "
            f"{step}, the others are not. Pass a `backup_dir` that all of them see."
        )


def other_variables(record: Record, model: keras.Model) -> str:
    """What differs between the variables of a backup and the model's; empty if nothing does."""
    before, now = record.variables, backup_files.describe_variables(model)
    if len(before) != len(now):
        return f"{len(now)} variables after {len(before)}"
    if len(record.seeds) != (seeds := len(backup_files.seed_states(model))):
        return f"{seeds} layers that draw random numbers after {len(record.seeds)}"
    variables = [*model.weights, *model.optimizer.variables]
    for variable, old, new in zip(variables, before, now, strict=True):
        if old != new:
            return f"{variable.path} of shape {new[0]}, {new[1]} after {old[0]}, {old[1]}"
    return ""

"""Checks that a backup and a model belong together, and that all machines use one backup."""

import json
import zlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.callbacks.backup_record import (
    BackupError,
    Record,
    describe_variables,
    seed_states,
)
from tf_consensus.callbacks.runs_of_this_process import Start


def prepare_model(model: keras.Model) -> None:
    """Have the optimizer of a model make its variables.

    Raises:
        ValueError: If the model is not compiled or not built.
    """
    if model.optimizer is None or not model.built:
        raise ValueError(
            "A backup needs a model that is compiled with an optimizer and built. Received: "
            f"{model!r}. Call compile, and the model on a batch, before fit."
        )
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def check_start(start: Start, record: Record) -> None:
    """Raise unless a run began where the backup's run began, or where the backup is.

    Raises:
        BackupError: If it began elsewhere.
    """
    if start.ended or start.step not in (record.started, record.step):
        raise BackupError(
            "Each `fit` needs a `backup_dir` of its own. Received: "
            f"{start.folder}, which holds the backup of a run that began at step "
            f"{record.started}, for a model at step {start.step}. Pass another path, or call "
            "`delete()` after you have saved the model of the earlier run."
        )


def progress(record: Record, steps: int | None) -> tuple[int, int]:
    """Finished epochs, and steps taken in the next, for epochs of this many steps.

    Raises:
        BackupError: If the steps taken are not a whole number of epochs of a changed length.
    """
    if steps == record.steps_per_epoch:
        return record.epoch, record.begun
    taken = record.step - record.first_step
    if steps is None or record.steps_per_epoch is None or taken % steps:
        raise BackupError(
            "A run goes on with epochs of the length it was started with, or of one that the "
            f"steps taken are a multiple of. Received: {steps} steps per epoch (before: "
            f"{record.steps_per_epoch}), at step {taken}. Repeat the first number."
        )
    return taken // steps, 0


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
    """The sum of each trained variable's magnitudes, which changes if the weights do."""
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
    before, now = record.variables, describe_variables(model)
    if len(before) != len(now):
        return f"{len(now)} variables (before: {len(before)})"
    if len(record.seeds) != (seeds := len(seed_states(model))):
        return f"{seeds} layers that draw random numbers (before: {len(record.seeds)})"
    variables = [*model.weights, *model.optimizer.variables]
    for variable, old, new in zip(variables, before, now, strict=True):
        if old != new:
            return f"{variable.path} of shape {new[0]}, {new[1]} (before: {old[0]}, {old[1]})"
    return ""

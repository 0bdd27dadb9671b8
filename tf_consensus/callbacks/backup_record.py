"""What a backup holds beside weights, optimizer and counters."""

from typing import Any, NamedTuple

import keras

from tf_consensus.callbacks.log_rows import Row
from tf_consensus.support.layers import seed_generators, walk


class BackupError(ValueError):
    """Backups that cannot be used: damaged, of another run, or in a place that is not a folder."""


class Record(NamedTuple):
    """What a backup holds beside weights, optimizer and counters.

    Attributes:
        step: Value of `optimizer.iterations`.
        started: Its value before the first step of the run.
        first_step: The step at which epoch 0 began, or would have begun.
        epoch: Number of finished epochs.
        begun: Steps taken in the epoch after them.
        steps_per_epoch: Steps of an epoch; None if `fit` could not tell.
        history: Logs of the finished epochs: numbers by name, with the epoch's number as "epoch".
        settings: What the run was started with, as JSON holds it.
        variables: Shape and type of every weight and optimizer variable, in order.
        seeds: States of the layers' random seeds, which Keras does not save.
    """

    step: int
    started: int
    first_step: int
    epoch: int
    begun: int
    steps_per_epoch: int | None
    history: list[Row]
    settings: Any
    variables: list[list]
    seeds: list[list[int]]


def describe_variables(model: keras.Model) -> list[list]:
    """Shape and type of each variable that a backup holds, as `Record.variables`."""
    return [
        [list(x.shape), keras.backend.standardize_dtype(x.dtype)]
        for x in [*model.weights, *model.optimizer.variables]
    ]


def seeds_of(model: keras.Model) -> list[keras.random.SeedGenerator]:
    """The random seeds of all layers."""
    return [generator for layer in walk(model) for generator in seed_generators(layer)]


def seed_states(model: keras.Model) -> list[list[int]]:
    """The states of all random seeds of the layers, as `Record.seeds`."""
    return [x.state.numpy().tolist() for x in seeds_of(model)]

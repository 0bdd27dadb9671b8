"""Checks of what a game is made of."""

import math
import numbers
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.games.autodiff import tf_variables
from tf_consensus.support.checks import shown
from tf_consensus.support.row_draws import Rows


def check_batch(batch: Any) -> None:
    """Raises `TypeError` unless the batch is a list of the arguments of the losses."""
    if not isinstance(batch, list | tuple):
        raise TypeError(
            "`batch` must be a tuple of the arguments of `losses`. Received: a "
            f"{type(batch).__name__}. For a single argument pass (batch,)."
        )


def check_weight(weight: Any) -> None:
    """Raises `ValueError` unless it is a finite number of at least 0, a tensor or `None`."""
    if weight is None or tf.is_tensor(weight):
        return
    number = isinstance(weight, numbers.Real) and not isinstance(weight, bool)
    if not number or not math.isfinite(weight) or weight < 0:
        raise ValueError(
            "`weight` must be a finite number of at least 0, or a scalar tensor. Received: "
            f"weight={weight!r}. None is 1."
        )


def check_rows(rows: Any) -> Rows | None:
    """The rows, of three numbers or scalar tensors; `None` is all examples.

    Raises:
        TypeError: if they are anything else.
    """
    if rows is None or isinstance(rows, Rows):
        return rows
    raise TypeError(
        "`rows` must be a Rows(first, own, total), or None for all examples. Received: "
        f"rows={rows!r}. Import it from tf_consensus.support.row_draws."
    )


def check_equal_rows(tensors: Sequence[tf.Tensor]) -> int | None:
    """The number of rows that the tensors of a batch have, `None` where none is known.

    Args:
        tensors: (batch, …) each.

    Raises:
        ValueError: if they have different numbers of rows.
    """
    known = {t.shape[0] for t in tensors} - {None}
    if len(known) > 1:
        raise ValueError(
            "All tensors of a batch that is cut must hold the same number of examples. Received: "
            f"tensors of {sorted(known)} examples. Put scalars and constants of `losses` into its "
            "closure."
        )
    return min(known, default=None)


def check_players(players: Any) -> list[list[Any]]:
    """The players, a list of one list of variables per player.

    Raises:
        TypeError: if they are not lists, or hold anything but variables of floating type.
        ValueError: if there is no player, one has no variables, or a variable is given twice.
    """
    if not isinstance(players, list | tuple):
        raise TypeError(
            "`players` must be a list of one list of variables per player. Received: a "
            f"{type(players).__name__}. Write [[x], [y]]."
        )
    if not all(isinstance(player, list | tuple) for player in players):
        raise TypeError(
            "Each player is a list of variables. Received: players of types "
            f"{[type(player).__name__ for player in players]}. "
            "Write [[x], [y]], or [generator.trainable_variables, …] for Keras models."
        )
    players = [list(player) for player in players]
    if not players or not all(players):
        raise ValueError(
            "A game needs at least one player and every player at least one variable. "
            f"Received: players with {[len(p) for p in players]} variables. A Keras model has its "
            "variables only once it is built: call it on a batch first."
        )
    _refuse_shared(players)
    return players


def _refuse_shared(players: Sequence[Sequence[Any]]) -> None:
    owner: dict[int, tuple[int, tf.Variable]] = {}
    for index, player in enumerate(players):
        for x in player:
            _check_variable(x, index)
            # The tf.Variable underneath counts: it may be listed beside its keras.Variable. It is
            # kept alive with its id: under autocasting `value` is a new tensor each time.
            (value,) = tf_variables([x])
            if id(value) in owner:
                raise ValueError(
                    "The players' variables must be disjoint, each listed once. Received: "
                    f"variable '{x.name}' in player {owner[id(value)][0]} and in player {index}. "
                    "Give every player its own variables."
                )
            owner[id(value)] = index, value


def _check_variable(x: Any, index: int) -> None:
    if not isinstance(x, keras.Variable | tf.Variable):
        raise TypeError(
            "A player is a list of keras.Variable or tf.Variable. "
            f"Received: {type(x).__name__} in player {index}. "
            "Wrap constants in tf.Variable."
        )
    if not tf.as_dtype(x.dtype).is_floating:
        raise TypeError(
            "A player moves along its gradient, so its variables must be of floating type. "
            f"Received: variable '{x.name}' of dtype {tf.as_dtype(x.dtype).name} in player "
            f"{index}. Make it float32, or pass it in `batch`."
        )


def check_losses(losses: Any, number: int) -> list[tf.Tensor]:
    """The losses as tensors, each a scalar.

    Raises:
        TypeError: if they are not one per player, or one is a number and not a tensor.
        ValueError: if one is not a floating-point scalar, or, when executing eagerly, not finite.
    """
    if not isinstance(losses, list | tuple) or len(losses) != number:
        got = f"{len(losses)} losses" if isinstance(losses, list | tuple) else type(losses).__name__
        raise TypeError(
            f"`losses` must return a list or tuple of one scalar per player, here {number}. "
            f"Received: {got}. For a single player return a tuple of one."
        )
    for index, loss in enumerate(losses):
        if loss is None:
            raise TypeError(
                f"Each loss must be a scalar. Received: None for loss {index}. Return its value."
            )
        if isinstance(loss, numbers.Number | np.ndarray):
            raise TypeError(
                "Each loss must be a tensor, made from the variables by TensorFlow's operations: "
                f"a number has no gradient, and trains nothing. Received: {shown(loss)} for loss "
                f"{index}. Leave out float(...) and .numpy(); for a player that is to stay still, "
                "return tf.constant(0.0)."
            )
    losses = [tf.convert_to_tensor(loss) for loss in losses]
    for index, loss in enumerate(losses):
        if loss.shape.rank != 0 or not loss.dtype.is_floating:
            raise ValueError(
                "Each loss must be a floating-point scalar, a tensor of rank 0. Received: loss "
                f"{index} of shape {loss.shape} and dtype {loss.dtype.name}. "
                "Reduce it over the batch, e.g. with tf.reduce_mean; cast integers."
            )
        if tf.executing_eagerly() and not bool(tf.math.is_finite(loss)):
            raise ValueError(
                f"Each loss must be finite. Received: loss {index} = {float(loss)}. "
                "The run has diverged: lower the learning rate, or check the batch for NaN."
            )
    return losses

"""A game's field and its products as functions of flat vectors."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.autodiff import tf_variables
from tf_consensus.games.game import Game


def at_batch(game: Game, batch: Any) -> Game:
    """The same players and losses on another batch."""
    return Game(game.losses, game.players, batch)


def sizes(game: Game) -> list[int]:
    """Number of parameters of each player."""
    return [sum(int(np.prod(x.shape)) for x in player) for player in game.players]


def dtype(game: Game) -> tf.DType:
    """The dtype of flat vectors: float64 if any parameter is, float32 otherwise."""
    dtypes = {tf.as_dtype(x.dtype) for x in game.variables}
    return tf.float64 if tf.float64 in dtypes else tf.float32


def cut(u: np.ndarray, like: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The vector u of n entries as tensors of the shapes and dtypes of `like`."""
    parts = np.split(u.ravel(), np.cumsum([int(np.prod(x.shape)) for x in like])[:-1])
    return [
        tf.cast(tf.reshape(tf.constant(p), x.shape), x.dtype)
        for p, x in zip(parts, like, strict=True)
    ]


def join(tensors: Sequence[tf.Tensor], dtype: tf.DType) -> np.ndarray:
    """The list of tensors as one vector of shape (n,)."""
    return np.concatenate([np.asarray(t).ravel() for t in tensors], dtype=dtype.as_numpy_dtype)


def player_vjp(game: Game, player: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """The pullback u ↦ (∂vᵢ/∂x)ᵀu of one player's part of the field, to all n parameters.

    The other players' parts, which `vjp` would differentiate only to multiply them by zero, are
    left out: that nearly halves the cost of a row of v'.
    """
    values = tf_variables(game.variables)
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(values)
        _, v = game.player_gradient(player)

    def pullback(u):
        unconnected = tf.UnconnectedGradients.ZERO
        pulled = tape.gradient(v, values, vectors.unflatten(u, v), unconnected)
        return vectors.flatten([tf.cast(tf.convert_to_tensor(p), u.dtype) for p in pulled])

    return pullback

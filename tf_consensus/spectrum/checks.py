"""Checks of the arguments of the spectrum's functions."""

import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.support.checks import check_count, check_number

_GAMMA = "Pass 0 for the plain field."


def check_gamma(gamma: float) -> float:
    """Returns γ as a float.

    Raises:
        ValueError: if it is negative or not finite.
    """
    return check_number("gamma", gamma, "a finite number ≥ 0", lambda x: x >= 0, _GAMMA)


def check_a_game(game: object) -> None:
    """Raises `TypeError` if it is not a `Game`."""
    if not isinstance(game, Game):
        raise TypeError(
            "The derivative v' is that of a game. Received: a "
            f"{type(game).__name__}. For a GAN pass gan.game(batch, training=False)."
        )


def check_memory(n: int, dtype: tf.DType, memory_limit: float) -> None:
    """Raises `MemoryError` if a matrix (n, n) takes more bytes than the limit."""
    if n * n * dtype.size > memory_limit:
        raise MemoryError(
            f"The dense Jacobian of {n:,} parameters takes {n * n * dtype.size / 2**30:,.1f} GiB. "
            f"Received: memory_limit={memory_limit / 2**30:,.1f} GiB. Raise it, or work without "
            "the matrix: `linear_operator`, `extreme_eigenvalues`, `numerical_range`."
        )


def check_memory_limit(limit: float) -> float:
    """The number of bytes, at least 0."""
    rule = "a number of bytes of at least 0"
    return check_number("memory_limit", limit, rule, lambda x: x >= 0, "The default is 4 GiB.")


def check_block_size(block_size: int) -> None:
    """Raises `ValueError` unless it is an integer of at least 1."""
    hint = "The default is 64; less needs less memory."
    check_count("block_size", block_size, hint)


def check_matrix(matrix: np.ndarray) -> np.ndarray:
    """A square matrix of finite numbers, as float64."""
    numbers = matrix.dtype.kind in "iuf"
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] > 0
    if not (numbers and square and np.isfinite(matrix).all()):
        raise ValueError(
            "A Jacobian is a square matrix of finite real numbers. Received: an array of shape "
            f"{matrix.shape} and dtype {matrix.dtype}. Pass what `jacobian(game)` returned."
        )
    return matrix.astype("float64")


def check_batches(batches: Any) -> Iterable[Any]:
    """Raises `TypeError` unless they are an iterable."""
    if not isinstance(batches, Iterable) or isinstance(batches, str):
        raise TypeError(
            "`batches` must be an iterable of tuples of the arguments of `game.losses`. Received: "
            f"batches={batches!r}. For a single batch pass [batch]."
        )
    return batches


def check_batch(batch: Any, game: Game) -> None:
    """Raises unless the batch is the arguments of the losses."""
    if not isinstance(batch, tuple | list):
        raise TypeError(
            "Each of the batches must be a tuple of the arguments of `game.losses`. "
            f"Received: {type(batch).__name__}. For a single argument pass (batch,)."
        )
    try:
        # Losses may have defaults for some of their arguments, as those of a GAN's game have.
        inspect.signature(game.losses).bind(*batch)
    except TypeError as error:
        raise ValueError(
            "Each of the batches must be arguments that `game.losses` takes. Received: "
            f"{len(batch)} arguments ({error}). None takes the game's own batch."
        ) from error


def check_batch_count(count: int) -> None:
    """Raises `ValueError` if there was no batch."""
    if count == 0:
        raise ValueError(
            "The average needs at least one batch. Received: an empty `batches`. "
            "A generator is used up after one pass: pass a list, or None for the game's own batch."
        )

"""A game on some rows of its batch: the first examples, or those after them."""

from typing import Any, TypeAlias, TypeVar

import numpy as np
import tensorflow as tf

from tf_consensus.games.checks import check_equal_rows
from tf_consensus.support.checks import check_count
from tf_consensus.support.row_draws import Rows
from tf_consensus.support.shapes import of_shape

AnyGame = TypeVar("AnyGame", bound=Any)
Count: TypeAlias = int | tf.Tensor


def first_examples(game: AnyGame, n: Count) -> AnyGame:
    """The same game on the first n examples; see `Game.first`.

    Raises:
        ValueError: if the batch has fewer, holds no tensor with examples, or its tensors hold
            different numbers of examples.
    """
    if not tf.is_tensor(n):
        n = check_count("n", n, "Take at least one example.")
    size = number_of_examples(game.batch)
    _check_enough(n, size, "examples. Received: ", 0)
    return _rows(game, 0, n, size)


def later_examples(game: AnyGame, n: Count) -> AnyGame:
    """The same game on all but the first n examples; see `Game.rest`.

    Raises:
        ValueError: as `first_examples`, or if no example is left.
    """
    if not tf.is_tensor(n):
        n = check_count("n", n, "Leave out at least one example.")
    size = number_of_examples(game.batch)
    _check_enough(n, size, "examples less one, so that some are left. Received: ", 1)
    return _rows(game, n, size - n, size)


def number_of_examples(batch: Any) -> Count:
    """How many examples a batch holds; a scalar tensor where a graph does not know it.

    Raises:
        ValueError: if it holds no tensor with examples, or tensors with different numbers of them.
    """
    tensors = [t for t in tf.nest.flatten(batch) if _holds_examples(t)]
    if not tensors:
        raise ValueError(
            "A game's first examples are the first rows of its batch. Received: a batch without a "
            "tensor of rank 1 or more. Hand the data over in Game(losses, players, batch)."
        )
    known = check_equal_rows(tensors)
    return tf.shape(tensors[0])[0] if known is None else known


def _rows(game: AnyGame, start: Count, own: Count, size: Count) -> AnyGame:
    """The game on `own` examples from number `start` on, of `size`."""
    known = None if tf.is_tensor(own) else own

    def cut(t: Any) -> Any:
        if not _holds_examples(t):
            return t
        # The row count of a batch of unknown size is looked at when the graph runs.
        return of_shape(t[start : start + own], (known, *t.shape[1:]))

    first, total = (0, size) if game.rows is None else game.rows[::2]
    batch = tf.nest.map_structure(cut, game.batch)
    return game.variant(batch=batch, rows=Rows(first + start, own, total))


def _holds_examples(t: Any) -> bool:
    return (tf.is_tensor(t) or isinstance(t, np.ndarray)) and len(t.shape) > 0


def _check_enough(n: Count, size: Count, what: str, left: int) -> None:
    if not tf.is_tensor(n) and not tf.is_tensor(size) and n > size - left:
        raise ValueError(
            f"`n` must be an integer from 1 to the batch's {size} {what}n={n}. Take fewer, or make "
            "the batches larger."
        )

"""A game on the first examples of its batch."""

from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from tf_consensus.games.checks import check_equal_rows
from tf_consensus.support.checks import check_count
from tf_consensus.support.row_draws import Rows

AnyGame = TypeVar("AnyGame", bound=Any)


def first_examples(game: AnyGame, n: int) -> AnyGame:
    """The same game on the first n examples; see `Game.first`.

    Raises:
        ValueError: if the batch has fewer, holds no tensor with examples, or tensors of several
            numbers of them.
    """
    n = check_count("n", n, "Take at least one example.")
    size = _size(game.batch, n)

    def cut(t: Any) -> Any:
        if not _holds_examples(t):
            return t
        return tf.ensure_shape(t[:n], (n, *t.shape[1:]))

    first, total = (0, size) if game.rows is None else game.rows[::2]
    batch = tf.nest.map_structure(cut, game.batch)
    return game.variant(batch=batch, rows=Rows(first, n, total))


def _holds_examples(t: Any) -> bool:
    return (tf.is_tensor(t) or isinstance(t, np.ndarray)) and len(t.shape) > 0


def _size(batch: Any, n: int) -> int | tf.Tensor:
    """The number of examples, of which there must be n; a scalar tensor where a graph lacks it."""
    tensors = [t for t in tf.nest.flatten(batch) if _holds_examples(t)]
    if not tensors:
        raise ValueError(
            "A game's first examples are the first rows of its batch. Received: a batch without a "
            "tensor of rank 1 or more. Hand the data over in Game(losses, players, batch)."
        )
    known = check_equal_rows(tensors)
    if known is not None and n > known:
        raise ValueError(
            f"`n` must be an integer from 1 to the batch's {known} examples. Received: "
            f"n={n}. Take fewer, or make the batches larger."
        )
    # The row count of a batch of unknown size is looked at when the graph runs, by `ensure_shape`.
    return tf.shape(tensors[0])[0] if known is None else known

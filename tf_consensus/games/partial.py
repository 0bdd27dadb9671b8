"""A game's field on the whole batch, with the pullback through some of its examples."""

import math
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.games.microbatches import warn_of_coupling
from tf_consensus.games.sub_batch import Count, number_of_examples
from tf_consensus.support.evaluation import LayerState


def linearize_partly(game: Game, fraction: float, player: int | None = None) -> Linearization:
    """The field v of the whole batch, and the pullback through its first n examples.

    Of B examples, n = ⌈f·B⌉, but at most B - 1; of a single example, n = 1. With A the first n
    examples and B the others,

        v = (n/B)·v_A + (1 - n/B)·v_B,

    so that no example is evaluated twice. The losses must be means over the examples. The pullback
    v_A'ᵀu has the expectation of the whole batch's, v'ᵀu. The layers' state, such as moving
    averages, moves to the mean of where A and B would move it, weighted by their sizes.

    Args:
        game: the game on the whole batch; on replicas each cuts its own examples.
        fraction: f in (0, 1]; 1 is exactly `game.linearize()`.
        player: the player whose part of v comes from the whole batch, counted from 0. The others'
            parts come from A alone, and B is evaluated for this player only. `None` is all players.

    Returns:
        The linearization; its `rest` is v_B, NaN where B turns out to be empty in a graph.

    Warns:
        UserWarning: if something couples the examples of a batch, which then sees two batches.
    """
    if fraction == 1.0:
        return game.linearize()
    warn_of_coupling(game, f"fraction={fraction} its first examples and the others are")
    size = number_of_examples(game.batch)
    n = _examples(size, fraction)
    if isinstance(size, int) and n == size:
        return game.linearize()
    share = n / size
    first = game.first(n).variant(state=game.state.fork())
    rest = game.rest(n).variant(state=LayerState(repeats=True))
    a = first.linearize()
    other_losses, other = _rest_field(rest, a, player)
    _join(game, first, rest, share)
    losses, v = (
        [_mean(x, y, share) for x, y in zip(*pair, strict=True)]
        for pair in ((a.losses, other_losses), (a.v, other))
    )
    return a._replace(losses=losses, v=v, rest=[_of_some(t, share) for t in other])


def _rest_field(
    rest: Game, a: Linearization, player: int | None
) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """Losses and field of the other examples; where `player` is given, A's field for the others."""
    if player is None:
        b = rest.linearize(second_order=False)
        return b.losses, b.v
    losses, v = rest.player_gradient(player)
    parts = a.by_player(a.v)
    parts[player] = v
    return losses, [t for part in parts for t in part]


def _examples(size: Count, fraction: float) -> Count:
    """The number n of examples in A; 1 if there is one example."""
    few = 1e-9  # what rounding may add to f·B
    if isinstance(size, int):
        return max(1, min(math.ceil(fraction * size - few), size - 1))
    share = tf.math.ceil(fraction * tf.cast(size, tf.float64) - few)
    return tf.maximum(1, tf.minimum(tf.cast(share, size.dtype), size - 1))


def _join(game: Game, first: Game, rest: Game, share: Any) -> None:
    """Moves the state of the layers of `game` to the weighted mean of both parts."""
    moves, others = first.state.moves or [], rest.state.moves or []
    joined = [
        (x, _mean(value, other, share) if keras.backend.is_float_dtype(x.dtype) else value)
        for (x, value), (_, other) in zip(moves, others, strict=True)
    ]
    game.state.join(joined)


def _of_some(t: tf.Tensor, share: Any) -> tf.Tensor:
    """A mean over the other examples; NaN if there are none, whose gradient would be 0."""
    return tf.where(share < 1, t, math.nan) if tf.is_tensor(share) else t


def _mean(a: tf.Tensor, b: tf.Tensor, share: Any) -> tf.Tensor:
    if not tf.is_tensor(share):
        share = tf.constant(share, a.dtype)
        return share * a + (1 - share) * b
    share = tf.cast(share, a.dtype)
    # With one example, b is NaN.
    return tf.where(share < 1, share * a + (1 - share) * b, a)

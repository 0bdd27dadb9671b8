"""A game evaluated part by part of its batch, in the memory of one part."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.games.checks import check_equal_rows
from tf_consensus.games.delegating import DelegatingGame
from tf_consensus.games.game import Game
from tf_consensus.games.sub_batch import Count
from tf_consensus.support.checks import check_count
from tf_consensus.support.evaluation import LayerState
from tf_consensus.support.row_draws import Rows


class MicrobatchedGame(DelegatingGame):
    """The same game, evaluated on K equal parts of the batch in turn.

    Where the losses are means over the batch, losses, field and products are exactly those of the
    whole batch,

        v = (1/K) Σₖ vₖ,    v'ᵀu = (1/K) Σₖ vₖ'ᵀu,

    with the whole v, not a part's, wherever it is pulled back: ½‖v‖² is not the mean of the
    parts' ½‖vₖ‖². Fields come from one pass over the parts and each pullback from another, so the
    memory is that of one part, and a consensus step takes about 1.35 times as long. Layers that
    draw random numbers draw those of the whole batch. The layers' state, such as moving averages,
    moves to the mean of where each part would move it.

    Args:
        game: the game on the whole batch. Tensors and arrays in its batch are cut along their
            first axis; scalars belong to every part.
        parts: K ≥ 1, which divides the size of the batch.

    Raises:
        ValueError: if `parts` is not a positive integer or does not divide the batch, if the batch
            has no tensor to cut, or if the game is in parts already.

    Warns:
        UserWarning: if something couples the examples of a batch, so that parts do not add up to
            the whole: batch normalization, or an objective of batch means.

    Example:
        >>> x = tf.Variable(1.0)
        >>> game = Game(lambda data: [tf.reduce_mean((data - x) ** 2) / 2], [[x]], [tf.range(4.0)])
        >>> float(MicrobatchedGame(game, 2).linearize().v[0])  # the mean of the data, less x
        0.5
    """

    def __init__(self, game: Game, parts: int) -> None:
        self.parts = check_count("microbatches", parts, "microbatches=1 is the whole batch.")
        if isinstance(game, MicrobatchedGame):
            raise ValueError(
                "A game can only be cut into parts once. Received: microbatches="
                f"{parts} for a game in {game.parts} parts. Set it on one optimizer only."
            )
        super().__init__(game)
        if self.parts > 1:
            warn_of_coupling(game, f"microbatches={self.parts} each part is")
        self._stacked = _stack(self.batch, self.parts)

    @property
    def split(self) -> "MicrobatchedGame":
        """Itself: its linearizations are means over the parts."""
        return self

    def first(self, n: Count) -> "MicrobatchedGame":
        """As `Game.first`, in as many parts: n must be a multiple of their number."""
        return MicrobatchedGame(self.whole.first(n), self.parts)

    def rest(self, n: Count) -> "MicrobatchedGame":
        """As `Game.rest`, in as many parts."""
        return MicrobatchedGame(self.whole.rest(n), self.parts)

    def evaluate(self, function: Callable[..., Any], *tensors: Any) -> Any:
        """The mean over the parts of what `function(part, *tensors)` returns.

        Args:
            function: takes a part and tensors, and returns nested lists of tensors.
            *tensors: what the pass uses from an earlier one. The pass waits for them. Otherwise
                TensorFlow would compute all that does not depend on them at its start, and keep
                it.
        """
        with tf.control_dependencies(tf.nest.flatten(tensors)):
            first = self._part(tf.constant(0), self.state.fork())
        sums = tf.nest.map_structure(tf.convert_to_tensor, function(first, *tensors))
        moves = first.state.moves or []
        averaged = [index for index, (x, _) in enumerate(moves) if _is_float(x)]

        def add(index: tf.Tensor, sums: Any, moved: list[tf.Tensor]) -> tuple[Any, ...]:
            part = self._part(index, LayerState(repeats=True))
            values = function(part, *tensors), [part.state.moves[i][1] for i in averaged]
            return (index + 1, *tf.nest.map_structure(tf.add, (sums, moved), values))

        moved = [moves[i][1] for i in averaged]
        if self.parts > 1:
            _, sums, moved = tf.while_loop(
                lambda index, *_: index < self.parts,
                add,
                (tf.constant(1), sums, moved),
                # Only one part's activations at a time: this is what the parts are for.
                parallel_iterations=1,
                maximum_iterations=self.parts - 1,
            )
        sums, moved = tf.nest.map_structure(lambda t: t / self.parts, (sums, moved))
        for index, value in zip(averaged, moved, strict=True):
            moves[index] = moves[index][0], value
        self.state.join(moves)
        return sums

    def _part(self, index: tf.Tensor, state: LayerState) -> Game:
        batch = tf.nest.map_structure(
            lambda t, stacked: stacked[index] if stacked is not t else t, self.batch, self._stacked
        )
        return self.whole.variant(batch=batch, state=state, rows=self._rows(index))

    def _rows(self, index: tf.Tensor) -> Rows:
        """Which examples of the whole batch part number `index` holds."""
        stacked = next(
            s
            for t, s in zip(*map(tf.nest.flatten, (self.batch, self._stacked)), strict=True)
            if s is not t
        )
        own = stacked.shape[1] or tf.shape(stacked)[1]
        first, total = (0, self.parts * own) if self.rows is None else self.rows[::2]
        return Rows(first + index * own, own, total)


def _is_float(variable: Any) -> bool:
    return "float" in keras.backend.standardize_dtype(variable.dtype)


def batch_size(game: Game) -> int:
    """The number of examples in the game's batch.

    Raises:
        ValueError: if it is not known, or there are no examples.
    """
    sizes = {t.shape[0] for t in tf.nest.flatten(game.batch) if len(getattr(t, "shape", ()))}
    if len(sizes) != 1 or None in sizes:
        raise ValueError(
            "Each example of the batch becomes a part, so their number must be known. Received: "
            f"tensors of {sorted(map(str, sizes))} examples. Batch the data with "
            "drop_remainder=True."
        )
    return sizes.pop()


def _stack(batch: Sequence[Any], parts: int) -> Any:
    """Tensors (n, …) as (parts, n / parts, …), everything else as it is."""
    cut = []

    def stack(t: Any) -> Any:
        t = tf.convert_to_tensor(t) if isinstance(t, np.ndarray) else t
        if not tf.is_tensor(t) or t.shape.rank == 0:
            return t
        size = t.shape[0]
        if size is None:
            message = _UNEQUAL.format("unknown size", parts, "its size")
            equal = tf.debugging.Assert(tf.shape(t)[0] % parts == 0, [message, tf.shape(t)[0]])
            with tf.control_dependencies([equal]):
                t = tf.identity(t)
        elif size % parts:
            raise ValueError(_UNEQUAL.format(f"{size}{_on_replicas()}", parts, size))
        cut.append(t)
        return tf.reshape(t, (parts, -1 if size is None else size // parts, *_rest(t)))

    stacked = tf.nest.map_structure(stack, batch)
    check_equal_rows(cut)
    if not cut:
        raise ValueError(
            "Micro-batches are parts of the game's batch. Received: a batch without a tensor of "
            "rank 1 or more. Hand the data over in Game(losses, players, batch)."
        )
    return stacked


def _on_replicas() -> str:
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    return f" on each of {replicas} replicas" if replicas > 1 else ""


_UNEQUAL = (
    "Micro-batches must be equal parts of the batch. Received: a batch of {} and microbatches={}. "
    "Take a divisor of {}, or change the size of the batches (drop_remainder=True)."
)


def _rest(t: tf.Tensor) -> list[Any]:
    """All sides of a tensor but the first, as tensors where they are not known."""
    dynamic = tf.shape(t)
    return [dynamic[i] if side is None else side for i, side in enumerate(t.shape)][1:]


def warn_of_coupling(game: Game, cut: str) -> None:
    """Warns if something couples the examples of a batch that is to be cut.

    Args:
        game: the game on the whole batch.
        cut: what cuts it, and the parts, with "is" or "are".
    """
    names = game.couplings()
    if names:
        warnings.warn(
            f"{', '.join(names)} couples the examples of a batch: with {cut} treated "
            "separately, which is another method than that of the whole batch. Leave the batch "
            "whole, or remove the coupling.",
            UserWarning,
            stacklevel=4,
        )

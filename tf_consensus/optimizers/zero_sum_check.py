"""Whether a game of two players has the field of a zero-sum game, found where it is evaluated."""

from typing import NoReturn

import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.delegating import DelegatingGame
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization

_TOLERANCES = {tf.float64: 1e-6, tf.float32: 1e-3}  # of the first player's gradient, for rounding
_MESSAGE = (
    "The losses must be those of a zero-sum game, whose sum the first player does not change. "
)
_REMEDY = (
    "Use ConsensusOptimizer, or a zero-sum objective such as `js`, with penalties of the "
    "discriminator only."
)


def zero_sum(game: Game, linearization: Linearization) -> tf.Tensor:
    """Whether ∇_1 (loss_1 + loss_2) = 0, up to rounding: a scalar tensor of bools.

    Then v = S∇loss_2 with S = diag(I, -I), whatever part of loss_2 is the second player's alone.

    Args:
        game: of two players, in parts where there are micro-batches.
        linearization: of the game, for its field.
    """
    own = vectors.norm(linearization.by_player(linearization.v)[0])
    return tf.logical_not(vectors.norm(_gradient_of_sum(game)) > _TOLERANCES[own.dtype] * own)


def _gradient_of_sum(game: Game) -> list[tf.Tensor]:
    if isinstance(game, DelegatingGame):
        return game.evaluate(_gradient_of_sum)

    def losses(*batch: object) -> list[tf.Tensor]:
        return [tf.add_n(list(game.losses(*batch)))] * 2

    # The game has both players, since layers may assign the other one's variables.
    of_sum = Game(
        losses,
        game.players,
        game.batch,
        weight=game.weight,
        allow_cut=True,
        seeds=game.seeds,
        rows=game.rows,
    )
    return of_sum.player_gradient(0)[1]


def refuse(holds: tf.Tensor) -> list[tf.Operation]:
    """Raises where the game is not zero-sum, at once or when the graph runs.

    Returns:
        What must run before anything that relies on it; nothing when executing eagerly.

    Raises:
        ValueError: when executing eagerly.
    """
    if not tf.executing_eagerly():
        return [tf.debugging.Assert(holds, [_MESSAGE + _REMEDY])]
    if not bool(holds):
        _raise()
    return []


def _raise() -> NoReturn:
    raise ValueError(f"{_MESSAGE}Received: losses whose sum it changes. {_REMEDY}")

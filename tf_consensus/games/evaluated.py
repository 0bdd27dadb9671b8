"""How a game's evaluations run: one place for XLA programs and for parts of the batch."""

from tf_consensus.games.compiled import CompiledGame
from tf_consensus.games.game import Game
from tf_consensus.games.microbatches import MicrobatchedGame


def evaluated(game: Game, microbatches: int = 1) -> Game:
    """The same game, compiled where its `jit_compile` says so, and evaluated in so many parts.

    Args:
        game: the game on the whole batch.
        microbatches: number of equal parts; 1 is the whole batch.

    Raises:
        ValueError: if the batch cannot be cut into so many parts.
    """
    game = CompiledGame(game) if game.jit_compile else game
    return MicrobatchedGame(game, microbatches) if microbatches > 1 else game

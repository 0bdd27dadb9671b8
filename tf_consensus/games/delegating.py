"""A game around a game."""

from tf_consensus.games.game import Game


class DelegatingGame(Game):
    """The same game, evaluated in another way.

    Args:
        game: the game; its losses, players, batch, weight, state and contract are this one's.
    """

    def __init__(self, game: Game):
        super().__init__(game.losses, game.players, game.batch, weight=game.weight)
        self.contract, self.state = game.contract, game.state
        self.seeds, self.rows = game.seeds, game.rows
        self.whole = game

    def couplings(self) -> list[str]:
        """As `Game.couplings`."""
        return self.whole.couplings()

    def _roots(self):
        return self.whole._roots()

    def retrace(self):
        """As `Game.retrace`."""
        return self.whole.retrace()

"""Says which derivatives of a GAN are verified before it trains, and on which batch."""

from typing import Any

import keras

from tf_consensus.games.game import Game
from tf_consensus.models.example_batch import made_up, specification
from tf_consensus.models.penalty_terms import differentiate, late_step
from tf_consensus.support.known_layers import unknown


class KnownNetworks(keras.Model):
    """A model whose networks, objective and penalties decide what is verified."""

    def verified_parts(self) -> list[Any]:
        """Networks, objective and penalties."""
        return [self.generator, self.discriminator, self.objective, *self.penalties]

    def differentiates_twice(self) -> bool:
        """Whether there are gradient penalties."""
        return differentiate(self.penalties)

    def holds_unknown(self) -> bool:
        """Whether networks, objective or penalties hold parts not known to be exact."""
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return bool(unknown(networks, (self.objective, *self.penalties)))

    def batch_to_verify(self, iterator: Any) -> tuple[Any, Any]:
        """The data's type, from which a batch is made up, so that the data keep all of theirs."""
        return specification(iterator)

    def example_game(self, example: Any) -> Game:
        """The game at a step at which every lazy penalty counts, past the start of schedules."""
        return self.game_at(made_up(self, example), draw=0, step=late_step(self.penalties))

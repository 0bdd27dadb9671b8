"""What a game says about the parts that its losses are made of."""

from collections.abc import Sequence
from typing import Any

from tf_consensus.support import layers
from tf_consensus.support.known_layers import unknown_layers


class GameParts:
    """The layers that a game's losses hold, and what they do.

    Attributes:
        losses: function of a batch.
    """

    losses: Any

    @property
    def differentiates_samples(self) -> bool:
        """Whether the losses hold derivatives, so that the field itself is a second one."""
        return False

    def couplings(self) -> list[str]:
        """Names of what makes an example's loss depend on the others of the batch in training.

        Like `stochastic` and `stateful` it finds the layers that the losses hold, at any depth.
        """
        return [layer.name for layer in layers.coupling(*self.roots())]

    def stochastic(self) -> list[str]:
        """Names of the layers that draw random numbers in training."""
        return [layer.name for layer in layers.stochastic(*self.roots())]

    def stateful(self) -> list[str]:
        """Names of the layers that assign variables in training."""
        return [layer.name for layer in layers.stateful(*self.roots())]

    def player_name(self, index: int) -> str:
        """What a player is called in messages."""
        return f"player {index}"

    def unknown_parts(self) -> list[str]:
        """What in the losses is not known to be differentiated exactly, in words."""
        return unknown_layers(self.losses)

    def rebuilt(self, dtype: str | None) -> Any:
        """The same game on variables of its own in another precision, where it can be made so.

        Args:
            dtype: floating type of variables and batch; `None` keeps them as they are.

        Returns:
            The game; `None` for a game of functions, whose variables are the caller's.
        """
        del dtype
        return None

    def by_tapes(self) -> Any:
        """The same game, with its field taken by tapes only."""
        return self

    def roots(self) -> Sequence[Any]:
        """What holds the layers."""
        return [self.losses]

"""The base of optimizers that evaluate the losses at several points of one update."""

from collections.abc import Iterable, Sequence
from typing import Any

from tf_consensus.optimizers.game_optimizer import GameOptimizer


class ReevaluatingOptimizer(GameOptimizer):
    """Base class: one update evaluates the losses at more than the current parameters.

    All evaluations of one update see the same batch. They need a game, so a subclass defines
    `update(game)`, and `apply` is refused. The rounds are counted here, since one may take several
    steps of the inner optimizer.

    Attributes:
        several_evaluations: the first words of that refusal: what evaluates the losses, and where.
    """

    several_evaluations = "This update evaluates the losses at several points"

    counts_rounds = True

    def apply(self, grads: Iterable[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Not possible: gradients handed over once cannot be taken again at another point.

        Raises:
            RuntimeError: always, with the remedy.
        """
        del trainable_variables
        raise RuntimeError(
            f"{self.several_evaluations}, so gradients handed to `apply` are not enough. "
            f"Received: {len(list(grads))} gradients. "
            "Train a `tf_consensus.GAN`, or call `optimizer.step(game)`."
        )

"""Step sizes that a method needs itself: its own number, or the inner optimizers' rates."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.support.checks import check_number


def check_step_size(step_size: Any) -> float | None:
    """The step size as a float, or `None` for that of the inner optimizer.

    Raises:
        ValueError: if it is neither `None` nor a positive finite number.
    """
    if step_size is None:
        return None
    hint = "None takes the inner optimizer's."
    return check_number("step_size", step_size, "a positive finite number", lambda x: x > 0, hint)


def rescaled(
    linearization: Linearization, p: Sequence[tf.Tensor], rates: Sequence[Any]
) -> list[tf.Tensor]:
    """Each player's part of p times its rate.

    Args:
        linearization: the one of the game, which knows the players' parts.
        p: list that matches the field.
        rates: one for all players, or one per player.
    """
    if len(rates) == 1:
        return vectors.scale(p, rates[0])
    pairs = zip(linearization.by_player(p), rates, strict=True)
    return [t for part, rate in pairs for t in vectors.scale(part, rate)]

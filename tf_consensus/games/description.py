"""One-line descriptions of a game and a linearization, in a graph too."""

import math
import numbers
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from tf_consensus.games.game import Game
    from tf_consensus.games.linearization import Linearization


def describe_game(game: "Game") -> str:
    """The players, with their parameters and variables: `Game(2 players: 3 + 5 parameters in …)`.

    Args:
        game: the game; parts of it may be missing, as when it is refused.
    """
    name, players = type(game).__name__, vars(game).get("players", [])
    if not players:
        return f"{name}(no players)"
    parameters = " + ".join(_parameters(player) for player in players)
    variables = " + ".join(str(len(player)) for player in players)
    return (
        f"{name}({_count(len(players), 'player')}: {parameters} parameters in {variables} variables"
        f"{_parts(game)})"
    )


def _parts(game: "Game") -> str:
    parts = vars(game).get("parts")
    return f", in {parts} parts of the batch" if parts is not None else ""


def _parameters(player: Sequence[Any]) -> str:
    sizes = [tf.TensorShape(x.shape).num_elements() for x in player]
    return "?" if None in sizes else str(sum(sizes))


def describe_linearization(linearization: "Linearization") -> str:
    """The losses and the length of the field: `Linearization(losses=[…], ‖v‖=…)`.

    Symbolic tensors have no values yet; the description says so.

    Args:
        linearization: the linearization, whatever it holds.
    """
    name = type(linearization).__name__
    losses, v = linearization.losses, linearization.v
    return f"{name}(losses={_losses(losses)}, {_length(v)}{_players(linearization)})"


def _players(linearization: "Linearization") -> str:
    sizes = linearization.player_sizes
    if not isinstance(sizes, list | tuple):
        return ""
    parts = f", {linearization.parts} parts" if linearization.parts > 1 else ""
    return f", {_count(len(sizes), 'player')}{parts}"


def _losses(losses: Any) -> str:
    if not isinstance(losses, list | tuple):
        return f"a {type(losses).__name__}"
    return f"[{', '.join(map(_scalar, losses))}]"


def _scalar(loss: Any) -> str:
    value = _value(loss)
    return "symbolic" if value is None or value.size != 1 else f"{float(value.ravel()[0]):.6g}"


def _length(v: Any) -> str:
    if not isinstance(v, Sequence):
        return f"v of type {type(v).__name__}"
    values = [_value(t) for t in v]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return f"v symbolic in {_count(len(v), 'tensor')}"
    return f"‖v‖={math.sqrt(sum(float((value**2).sum()) for value in known)):.6g}"


def _value(t: Any) -> np.ndarray | None:
    """The value as an array of float64; `None` where there is none, or it is not a number."""
    if tf.is_tensor(t):
        if not hasattr(t, "numpy"):
            return None
        t = t.numpy()
    if isinstance(t, numbers.Real):
        return np.float64(t).reshape(1)
    known = isinstance(t, np.ndarray | np.generic)
    # Types that NumPy itself does not know, such as bfloat16, are of kind V.
    return t.astype("float64") if known and t.dtype.kind in "biufV" else None


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"

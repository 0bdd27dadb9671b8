"""The players of a model: their parts, and the variables that they move."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import keras

Part: TypeAlias = keras.Layer | keras.Variable


def check_parts(players: Any) -> dict[str, list[Part]]:
    """The players by name, each a list of built layers and variables.

    Args:
        players: dict from a player's name to a layer, a model, a variable, or a list of these.

    Raises:
        TypeError: if it is not a dict of these.
        ValueError: if there is no player, a name is not an identifier, a layer is not built, or two
            players share a variable.
    """
    if not isinstance(players, Mapping):
        raise TypeError(_RULE.format(f"a {type(players).__name__}"))
    if not players:
        raise ValueError(_RULE.format("no player"))
    parts = {name: _parts_of(name, value) for name, value in players.items()}
    _refuse_shared(parts)
    return parts


def _parts_of(name: Any, value: Any) -> list[Part]:
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(_RULE.format(f"the name {name!r}"))
    parts = list(value) if isinstance(value, list | tuple) else [value]
    wrong = [part for part in parts if not isinstance(part, Part)]
    if wrong or not parts:
        got = f"a {type(wrong[0]).__name__}" if wrong else "nothing"
        raise TypeError(_RULE.format(f"{got} for '{name}'"))
    for part in parts:
        if isinstance(part, keras.Layer) and not part.built:
            raise ValueError(
                "Players are built before the game is, so that its optimizer knows their "
                f"variables. Received: '{part.name}' of player '{name}', which is not built. Call "
                "it once, or give it an Input."
            )
    return parts


def variables_of(parts: Sequence[Part]) -> list[keras.Variable]:
    """The trainable variables of one player, each once."""
    found: dict[int, keras.Variable] = {}
    for part in parts:
        own = part.trainable_variables if isinstance(part, keras.Layer) else [part]
        found |= {id(x): x for x in own if x.trainable}
    return list(found.values())


def layers_of(players: Mapping[str, Sequence[Part]]) -> list[keras.Layer]:
    """The layers among all players' parts."""
    return [part for parts in players.values() for part in parts if isinstance(part, keras.Layer)]


def _refuse_shared(players: Mapping[str, Sequence[Part]]) -> None:
    owners: dict[int, str] = {}
    for name, parts in players.items():
        for x in variables_of(parts):
            if owners.setdefault(id(x), name) != name:
                raise ValueError(
                    "Each variable belongs to one player. Received: variable "
                    f"'{x.path}' of both '{owners[id(x)]}' and '{name}'. Let one of them own it; "
                    "the other's loss may use it all the same."
                )


_RULE = (
    "`players` is a dict from each player's name to its Keras layers and variables. Received: {}. "
    'For example players={{"generator": [generator], "discriminator": [discriminator]}}.'
)

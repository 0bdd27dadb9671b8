"""Blocks of v': some players' parts of the field, along some players' variables."""

import numbers
from collections.abc import Sequence
from typing import Any, TypeVar

import tensorflow as tf

Players = int | Sequence[int] | None
Item = TypeVar("Item")


def check_block(name: str, players: Players, number: int) -> list[int]:
    """The players' numbers in order; `None` is all of them.

    Args:
        name: the argument's name, for messages.
        players: a player's number, counted from 0, a list of them, or `None`.
        number: how many players there are.

    Raises:
        ValueError: if they are not one or more distinct players of the game.
    """
    if players is None:
        return list(range(number))
    chosen: list[Any] = list(players) if isinstance(players, list | tuple | range) else [players]
    known = all(_is_integer(i) and 0 <= i < number for i in chosen)
    if not chosen or not known or len(set(chosen)) < len(chosen):
        raise ValueError(
            f"`{name}` names players by their numbers, each from 0 to {number - 1} and once. "
            f"Received: {name}={players!r}. None is all players; in a GAN, 0 is the generator."
        )
    return sorted(chosen)


def _is_integer(i: Any) -> bool:
    return isinstance(i, numbers.Integral) and not isinstance(i, bool)


def pick(u: Sequence[Item], sizes: Sequence[int], players: Sequence[int]) -> list[Item]:
    """The entries that belong to these players.

    Args:
        u: a list that matches the game's variables.
        sizes: how many of the variables belong to each player.
        players: the players' numbers, in order.
    """
    owners = [i for i, size in enumerate(sizes) for _ in range(size)]
    return [t for t, owner in zip(u, owners, strict=True) if owner in players]


def place(
    part: Sequence[tf.Tensor], like: Sequence[Any], sizes: Sequence[int], players: Sequence[int]
) -> list[tf.Tensor]:
    """The inverse of `pick`: a list that matches `like`, zeros where other players' entries are.

    Args:
        part: the entries of the players' variables.
        like: tensors or variables that give the shapes and dtypes of the zeros.
        sizes: how many of the variables belong to each player.
        players: the players' numbers, in order.
    """
    own = iter(part)
    owners = [i for i, size in enumerate(sizes) for _ in range(size)]
    return [
        next(own) if owner in players else tf.zeros(t.shape, t.dtype)
        for t, owner in zip(like, owners, strict=True)
    ]

"""What `verify` says where derivatives are wrong."""

from collections.abc import Sequence
from typing import NamedTuple

from tf_consensus.games.contract import name_of
from tf_consensus.games.game import Game


class VerificationError(ValueError):
    """TensorFlow's derivatives of a game are not those of the game."""


class Mismatch(NamedTuple):
    """A derivative that differs from its central differences.

    Attributes:
        order: 1 for a player's field itself, 2 for the pullback of the field.
        field: the number of the player whose field it is.
        player: the number of the player whose variables it is with respect to.
        error: the relative error.
        variable: number of the variable that contributes most, among the game's.
        variable_error: the relative error with respect to it alone.
    """

    order: int
    field: int
    player: int
    error: float
    variable: int
    variable_error: float


def describe_mismatch(game: Game, mismatch: Mismatch, precision: str) -> str:
    """The message for a mismatch."""
    field, player = map(game.player_name, (mismatch.field, mismatch.player))
    what = "derivative of the field" if mismatch.order == 2 else "gradient of the loss"
    variable = name_of(game.variables[mismatch.variable])
    received = (
        f"the {what} of {field} with respect to the variables of {player}, relative error "
        f"{mismatch.error:.2g} in {precision}, most of it at variable '{variable}'"
        f"{_layer_of(variable)} (error {mismatch.variable_error:.2g})"
    )
    return _MISMATCH.format(received, _suspects(game))


def describe_impure(game: Game, error: float, operations: Sequence[tuple[str, str]]) -> str:
    """The message for two evaluations that differ."""
    shown = ", ".join(f"'{name}' ({kind})" for name, kind in operations[:3])
    named = f" They hold {shown}." if operations else ""
    return _IMPURE.format(f"{error:.2g}", named + _suspects(game))


def _layer_of(variable: str) -> str:
    layer = variable.rpartition("/")[0]
    return f" of layer '{layer}'" if layer else ""


def _suspects(game: Game) -> str:
    found = game.unknown_parts()
    if not found:
        return " Every layer is a known one: look at the losses themselves."
    return f" Not known to be exact: {'; '.join(found)}."


_MISMATCH = (
    "TensorFlow's derivatives must be those of the losses, as central differences show them. "
    "Received: {}.{} Replace that layer or function by one of keras.layers, correct its "
    "tf.custom_gradient, or leave out tf.stop_gradient and what allow_cut names. To train "
    "with these derivatives all the same, make the model with verify=False."
)
_IMPURE = (
    "The losses must be a function of parameters and batch alone, so two evaluations must agree. "
    "Received: two evaluations at the same point with fields that differ by {} of their length.{} "
    "In a layer, draw with keras.random and a keras.random.SeedGenerator; elsewhere draw the "
    "numbers beforehand and pass them in the batch. To train all the same, make the model with "
    "verify=False."
)
UNDECIDED = (
    "Finite differences cannot decide whether these derivatives are right: {}. {}Give your own "
    "layers a `get_config` that rebuilds them in float64, or set verify=False to skip this."
)

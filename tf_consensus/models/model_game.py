"""The game that a `GameModel` makes from a batch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.models.players import Part, layers_of, variables_of
from tf_consensus.support.layer_losses import untaken_losses

if TYPE_CHECKING:
    from tf_consensus.models.game_model import GameModel


class ModelGame(Game):
    """A model's losses on one batch and the noise that was drawn for it.

    The regularizers of each player's weights are added to its loss.

    Args:
        model: the `GameModel`, whose `losses(data, noise, training)` is called.
        data: the batch.
        noise: what the model's `draw` returned.
        training: how the losses are called.
        **options: weight, allow_cut, seeds, rows and jit_compile, as `Game` takes them.

    Raises:
        ValueError: if a player has nothing to train.
    """

    def __init__(
        self, model: "GameModel", data: Any, noise: Any, training: bool, **options: Any
    ) -> None:
        self._model, self._training = model, training
        self.names = list(model.players)
        variables = [variables_of(parts) for parts in model.players.values()]
        _check_trainable(self.names, variables)
        super().__init__(self._losses, variables, (data, noise), **options)

    def player_name(self, index: int) -> str:
        """The player's name."""
        return f"player '{self.names[index]}'"

    def _losses(self, data: Any, noise: Any) -> list[tf.Tensor]:
        losses = in_order(self._model.losses(data, noise, self._training), self.names)
        if number := untaken_losses():
            raise ValueError(_ADDED.format(number))
        parts = self._model.players.values()
        return [_total(loss, own) for loss, own in zip(losses, parts, strict=True)]

    def roots(self) -> list[Any]:
        """The parts that hold the layers."""
        return [*layers_of(self._model.players), self._model.losses]


def in_order(losses: Any, names: Sequence[str]) -> list[tf.Tensor]:
    """The losses in the players' order.

    Args:
        losses: dict of one scalar per player by name, or a list of them in order.
        names: the players' names.

    Raises:
        TypeError: if it is neither a dict nor a list.
        ValueError: if names are missing or unknown.
    """
    if isinstance(losses, Mapping):
        if set(losses) != set(names):
            raise ValueError(_LOSSES.format(sorted(losses), list(names)))
        return [losses[name] for name in names]
    if not isinstance(losses, list | tuple):
        raise TypeError(_LOSSES.format(f"a {type(losses).__name__}", list(names)))
    if len(losses) != len(names):
        raise ValueError(_LOSSES.format(f"{len(losses)} losses", list(names)))
    return list(losses)


def _total(loss: Any, parts: Sequence[Part]) -> tf.Tensor | None:
    if loss is None:
        return None  # the game refuses it
    loss = tf.convert_to_tensor(loss)
    terms = [x.regularizer(x) for x in variables_of(parts) if x.regularizer is not None]
    return tf.add_n([loss, *(tf.cast(t, loss.dtype) for t in terms)]) if terms else loss


def _check_trainable(names: Sequence[str], variables: Sequence[Sequence[keras.Variable]]) -> None:
    frozen = [name for name, own in zip(names, variables, strict=True) if not own]
    if frozen:
        raise ValueError(
            f"Every player trains. Received: {', '.join(map(repr, frozen))} without trainable "
            "variables. Set `trainable = True` on a layer of it, or leave the player out."
        )


_LOSSES = (
    "`losses` returns one scalar per player, a dict by name or a list in the players' order. "
    "Received: {} for players {}. Return a dict with these names."
)
_ADDED = (
    "A loss that a layer adds in a call (activity_regularizer, add_loss) belongs to a player. "
    "Received: {} that no player took. Right after each call of such a network add "
    "`self.added_losses(network)` to the loss of its player."
)

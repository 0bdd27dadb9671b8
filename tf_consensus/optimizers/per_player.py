"""One inner optimizer per player, for two learning rates (TTUR) or more."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.optimizers.description import describe_all
from tf_consensus.optimizers.own_averages import restrict_averages
from tf_consensus.optimizers.player_rates import PlayerRates
from tf_consensus.optimizers.variable_index import VariableIndex


class OptimizerPerPlayer:
    """Keras optimizers, one per player in the players' order: each moves its own player.

        x_i ← x_i + h_i w_i,    i = 1 … n

    with w one direction, computed for all players at once. Each h_i, and what its optimizer makes
    of w_i (moments, clipping, weight decay, averages), is for player i alone. The object takes the
    place of a single inner optimizer, and reads as a list: `len`, iteration, an index.

    All are built on the variables of all players, as the players are not known when a model is
    loaded; from the first step on each keeps averages (`use_ema`) for its own player only.

    Args:
        optimizers: one Keras optimizer per player; no object twice.

    Raises:
        ValueError: if there is no optimizer, or one of them is given twice.
    """

    def __init__(self, optimizers: Sequence[keras.optimizers.Optimizer]) -> None:
        self._each = list(optimizers)
        if not self._each:
            raise ValueError(
                "A list of inner optimizers has one per player. Received: an empty list. Pass for "
                "example [keras.optimizers.Adam(1e-4), keras.optimizers.Adam(4e-4)]."
            )
        for index, optimizer in enumerate(self._each):
            if any(optimizer is other for other in self._each[:index]):
                many = "both" if len(self._each) == 2 else f"several of {len(self._each)}"
                raise ValueError(
                    "Each player needs an optimizer of its own. Received: one "
                    f"{type(optimizer).__name__} for {many}. Create "
                    f"{'two' if len(self._each) == 2 else 'one each'}."
                )
        self._own: list[VariableIndex] = []  # each player's variables; empty while not known
        # For each optimizer that keeps averages: (variable, average).
        self._averages: list[list[tuple[Any, Any]]] = []
        self._rates = PlayerRates(self._each)

    def __repr__(self) -> str:
        return describe_all(self._each)

    def __len__(self) -> int:
        return len(self._each)

    def __iter__(self) -> Iterator[keras.optimizers.Optimizer]:
        return iter(self._each)

    def __getitem__(self, index: int) -> keras.optimizers.Optimizer:
        return self._each[index]

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """The optimizers, by the name that Keras' callbacks look for.

        Raises:
            ValueError: if they keep averages of weights, and the players are not known yet.
        """
        if any(self._averages) and not self._own:
            raise ValueError(UNKNOWN.format("no step and no list of the players"))
        return list(self._each)

    @property
    def iterations(self) -> keras.Variable:
        """The first optimizer's counter; all count the same steps."""
        return self._each[0].iterations

    @property
    def knows(self) -> bool:
        """Whether the players are known."""
        return bool(self._own)

    def check_players(self, players: Sequence[Any]) -> None:
        """Raises `ValueError` unless there are as many players as optimizers."""
        if len(players) != len(self):
            raise ValueError(
                "A list of inner optimizers has one per player. Received: "
                f"{len(self)} for a game of {len(players)}. Pass {len(players)}, in the order of "
                "the players (the generator's first), or one for all players without a list."
            )

    def know(self, players: Sequence[Sequence[Any]]) -> None:
        """Sets which variables belong to which player.

        Args:
            players: one list of variables per player.
        """
        self.check_players(players)
        self._own = list(map(VariableIndex, players))
        self._keep_own_averages()

    def built(self) -> None:
        """To be called when all are built."""
        self._averages = [restrict_averages(x) if x.use_ema else [] for x in self._each]
        self._keep_own_averages()

    def _keep_own_averages(self) -> None:
        """Lets each optimizer average, overwrite and swap its own player's weights alone."""
        for inner, own, pairs in zip(self._each, self._own, self._averages, strict=False):
            if pairs:
                restrict_averages(inner, [pair for pair in pairs if pair[0] in own])

    def split(
        self, direction: Sequence[tf.Tensor], variables: Sequence[Any]
    ) -> list[tuple[keras.optimizers.Optimizer, list[tf.Tensor], list[Any]]]:
        """One triple per player: its optimizer, its part of the direction, its variables.

        Raises:
            ValueError: if the players are not known.
        """
        if not self.knows:
            raise ValueError(UNKNOWN.format(f"{len(variables)} variables"))
        parts = []
        for inner, own in zip(self._each, self._own, strict=True):
            pairs = zip(direction, variables, strict=True)
            chosen = [(w, x) for w, x in pairs if x in own]
            if chosen:
                parts.append((inner, [w for w, _ in chosen], [x for _, x in chosen]))
        return parts

    def put_averages(self) -> None:
        """Puts the averages of weights in their place, each player's from its own optimizer."""
        for inner, own, pairs in zip(self._each, self._own, self._averages, strict=False):
            # The class's method: an instance's may be switched off during a `fit`.
            kept = [x for x, _ in pairs if x in own]
            type(inner).finalize_variable_values(inner, kept)

    @property
    def learning_rate(self) -> Any:
        """The first player's learning rate; setting a number scales the others' by as much.

        So callbacks that set it, such as `keras.callbacks.LearningRateScheduler` and
        `ReduceLROnPlateau`, keep the ratios, through rates of 0 too. A list sets one rate per
        player.

        Raises:
            ValueError: when set to a number while the first rate is 0 and the ratios are not known.
        """
        return self._each[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self._rates.set(learning_rate)

    @property
    def rate_ratios(self) -> keras.Variable:
        """The ratios of the learning rates while all are 0, to be saved; (players,)."""
        return self._rates.kept


UNKNOWN = (
    "One inner optimizer per player needs each player's variables, which are not known before the "
    "first `step(game)`. Received: {}. First train a `tf_consensus.GAN`, or call "
    "`optimizer.step(game)` with a `tf_consensus.Game`."
)

"""The losses of a game and its gradient vector field, evaluated."""

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.autodiff import dense_gradient, tf_variables
from tf_consensus.games.checks import (
    check_batch,
    check_losses,
    check_players,
    check_rows,
    check_weight,
)
from tf_consensus.games.contract import Contract
from tf_consensus.games.parts import GameParts
from tf_consensus.support.checks import check_bool, check_function
from tf_consensus.support.evaluation import LayerState
from tf_consensus.support.row_draws import Rows

AnyField = TypeVar("AnyField", bound="GradientField")
LossesAndField = tuple[list[tf.Tensor], list[tf.Tensor]]


class GradientField(GameParts):
    """The field v(x) = (-∇ᵢ lossᵢ(x)) of some players' losses; see `Game`, which takes products.

    Every evaluation sees the layers' state and random numbers of the beginning of a step.
    """

    def __init__(
        self,
        losses: Callable[..., Sequence[tf.Tensor]],
        players: Sequence[Sequence[Any]],
        batch: Sequence[Any] = (),
        *,
        weight: Any = None,
        allow_cut: bool | Sequence[str] | Contract = False,
        seeds: Callable[[int], tf.Tensor] | None = None,
        rows: Rows | None = None,
        jit_compile: bool = False,
    ) -> None:
        check_batch(batch)
        check_weight(weight)
        if not callable(losses):
            raise TypeError(
                "`losses` must be a function that returns one scalar per player. "
                f"Received: losses={losses!r}. Pass the function itself, not its value."
            )
        self.losses = losses
        self.players = check_players(players)
        self.batch = tuple(batch)
        self.weight = weight
        self.variables: list[Any] = [x for player in self.players for x in player]
        self.contract = Contract.of(allow_cut)
        self.state = LayerState()
        self.seeds, self.rows = check_function("seeds", seeds), check_rows(rows)
        self.jit_compile = check_bool("jit_compile", jit_compile)

    def variant(self: AnyField, **changes: Any) -> AnyField:
        """The same losses and players, with some attributes changed.

        Args:
            **changes: batch, weight, rows, state or contract.

        Raises:
            TypeError: if another attribute is named.
        """
        if unknown := set(changes) - {"batch", "weight", "rows", "state", "contract"}:
            raise TypeError(
                "A variant has another batch, weight, rows, state or contract. Received: "
                f"{', '.join(sorted(unknown))}. Make another game for other losses or players."
            )
        other = copy.copy(self)
        vars(other).update(changes)
        return other

    def unwatched(self: AnyField) -> AnyField:
        """The same game for a trace that is only inspected: it moves no state, unchecked."""
        return self.variant(state=LayerState(), contract=Contract(allow_cut=True))

    @contextlib.contextmanager
    def one_step(self) -> Iterator[None]:
        """One update: the layers' state, such as moving averages, moves once, at its end.

        Every evaluation in the block sees the state and the random numbers of its beginning.
        """
        self.state.begin()
        yield
        self.state.commit()

    def _weighted_field(self, wanted: Sequence[int]) -> LossesAndField:
        def compute() -> LossesAndField:
            with self.contract.watching(self):
                return self._field(wanted)

        losses, v = self.state.run(compute, self.variables, self.seeds, self.rows)
        if self.differentiates_samples:
            self.contract.check_losses(self, losses)
        else:
            self.contract.check_first_order(self, losses)
        if self.weight is None:
            return losses, v
        return vectors.scale(losses, self.weight), vectors.scale(v, self.weight)

    def retrace(self) -> LossesAndField:
        """Losses and field, evaluated once more; scalars, and tensors of the variables' shapes."""
        return self._weighted_field(range(len(self.players)))

    def _field(self, wanted: Sequence[int]) -> LossesAndField:
        players = {i: tf_variables(self.players[i]) for i in wanted}
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(list(players.values()))
            losses = check_losses(self.losses(*self.batch), len(self.players))
        gradients = [dense_gradient(tape, losses[i], x) for i, x in players.items()]
        return losses, [-g for part in gradients for g in part]

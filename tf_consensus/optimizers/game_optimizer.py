"""The base class of optimizers for games: a step, and what a subclass defines of it."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.contract import check_allow_cut
from tf_consensus.games.evaluated import evaluated
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.constructors import refuse_lost_arguments
from tf_consensus.optimizers.directions import apply_direction, variables_of
from tf_consensus.optimizers.followed_field import FollowsField
from tf_consensus.optimizers.handed_gradients import (
    NO_DIRECTION,
    handed_linearization,
    handed_variables,
    refuse_other_variables,
    refuse_parts,
    refuse_several,
    without_empty,
)
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.optimizers.players_apart import refuse_players_apart
from tf_consensus.optimizers.wrapping import WrappingOptimizer
from tf_consensus.support.checks import check_count


class GameOptimizer(FollowsField, WrappingOptimizer):
    """Base class: an update x ← x + h·w(x) through an inner Keras optimizer.

    A subclass defines `direction(linearization)`, the field w(x). One whose update has a memory
    overrides `move(linearization)`, and one that evaluates the losses again, `update(game)`.
    Everything Keras expects of an optimizer (building, state, saving, schedules, averaging) is
    forwarded to `inner_optimizer`. `docs/own_optimizer.md` shows how to write one.

    There are two ways to use one. `step(game)` takes a `Game` and can do everything.
    `compile(optimizer=...)` of any Keras model goes through `apply(gradients, variables)`, where
    the second-order term is taken from the graph that computed the gradients; it needs graph mode
    or XLA, Keras' default.

    A list of inner optimizers has one per player, the generator's first. One direction is computed
    for all players, and each optimizer steps along its player's part with a rate of its own (TTUR).
    It works in `tf_consensus.GAN` and with `step(game)`, not in the `compile` of other models.

    Args:
        microbatches: number of equal parts in which `step` goes through the batch, to need the
            memory of one part; the update is that of the whole batch (see `MicrobatchedGame`).
        allow_cut: for gradients that are handed to `apply`, as in `Game`: names of operations that
            may lie between the variables and the gradients though no derivative goes through them.

    Raises:
        ValueError: if an option belongs on the inner optimizer, if an inner optimizer cannot be
            used or is given twice, if there are more or fewer learning rates than optimizers, or if
            `microbatches` is not a positive integer.

    Reference:
        Heusel et al., GANs Trained by a Two Time-Scale Update Rule, 2017, for the list.
    """

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        name: str | None = None,
        *,
        microbatches: int = 1,
        allow_cut: bool | Sequence[str] = False,
    ) -> None:
        super().__init__(inner_optimizer, learning_rate, name=name)
        self.allow_cut = check_allow_cut(allow_cut)
        hint = "microbatches=1 is the whole batch."
        self.microbatches = check_count("microbatches", microbatches, hint)

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field w to step along, a list that matches `linearization.v`.

        On replicas of a strategy each returns the direction for its own examples, and their mean is
        taken. A direction that is not linear in v averages v first (`vectors.replica_mean`).
        """
        raise NotImplementedError(NO_DIRECTION.format(type(self).__name__))

    def step(self, game: Game) -> Linearization:
        """One update of all players of `game`, in place.

        Returns:
            The linearization that the update used, taken before it.

        Raises:
            TypeError: if `game` is not a `Game`.
            ValueError: if the batch cannot be cut into `microbatches` equal parts, or there are
                not as many inner optimizers as players.
        """
        self.check_game(game)
        if self._per_player:
            self._per_player.know(game.players)
        with game.one_step():
            game = evaluated(game, self.parts_of(game))
            self.build(game.variables)
            linearization = self.update(game)
            self._count_round(linearization.v)
        return linearization

    def update(self, game: Game) -> Linearization:
        """What `step` does with a game that has been checked: one round of all players.

        A subclass that evaluates the losses more than once overrides it. All evaluations see the
        same batch and random numbers. `apply_direction` moves the variables.

        Args:
            game: the game, in parts where there are micro-batches.

        Returns:
            The linearization before the update.
        """
        linearization = game.linearize(second_order=self.second_order)
        self.move(linearization)
        return linearization

    def move(self, linearization: Linearization) -> None:
        """Moves `linearization.variables`, here along the direction with the inner optimizer."""
        w = self.direction(linearization)
        apply_direction(self.inner_optimizer, w, variables_of(linearization))

    def check_game(self, game: Game) -> None:
        """Raises `TypeError` unless `game` is a `Game`; a subclass checks its players too."""
        if not isinstance(game, Game):
            hint = "For a GAN pass gan.game(batch)."
            hint = hint if hasattr(game, "game") else "Make one with Game(…)."
            text = repr(game) if len(repr(game)) < 60 else f"a {type(game).__name__}"
            raise TypeError(f"An optimizer's `step` takes a game. Received: {text}. {hint}")

    @property
    def _cut(self) -> str | None:
        """The setting that makes `step` go through parts of the batch, in words, or `None`."""
        return f"microbatches={self.microbatches}" if self.microbatches > 1 else None

    def parts_of(self, game: Game) -> int:
        """The number of parts in which `step` goes through the batch of `game`."""
        del game
        return self.microbatches

    @property
    def second_order(self) -> bool:
        """Whether `direction` uses the pullback."""
        return False

    @property
    def all_at_once(self) -> bool:
        """Whether each `apply` must bring the gradients of all variables."""
        return self.second_order

    def apply(self, grads: Iterable[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """One update from gradients that someone else computed, as Keras models do.

        Args:
            grads: gradients of all players' losses, each with respect to its own variables. Under
                a `tf.distribute` strategy, as everywhere in Keras, each replica's share: their sum
                over the replicas is the gradient of the global batch.
            trainable_variables: the variables, in the same order; needed at the first call.

        Raises:
            RuntimeError: if the second-order term is needed and cannot be had from `grads`, if the
                batch was to be cut into micro-batches, or if there is an optimizer per player.
            ValueError: if the variables are not those the optimizer was built with, all of them
                where the update needs them, or not as many as the gradients; or another optimizer
                updates another player of the same game (`refuse_players_apart`).
        """
        grads = list(grads)
        if not grads:
            return
        refuse_several(self._per_player or (), grads)
        variables = self._built_on(grads, trainable_variables)
        if self._per_player:
            self._per_player.know([variables])
        if self._cut is not None:
            refuse_parts(self._cut)
        self._apply(grads, variables)
        self._count_round([g for g in grads if g is not None])

    def _apply(self, grads: Sequence[Any], variables: Sequence[Any]) -> None:
        grads, variables = without_empty(grads, variables)
        refuse_players_apart(self, grads, variables)
        self.move(handed_linearization(grads, variables, self.allow_cut))

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> keras.Variable:
        """As `apply`, from pairs; returns the number of steps taken, as Keras' own does."""
        grads, variables = zip(*grads_and_vars, strict=True)
        self.apply(grads, variables)
        return self.iterations

    def _built_on(self, grads: Sequence[Any], variables: Sequence[Any] | None) -> list[Any]:
        """The variables, those of `build` by default, checked."""
        known = self._index.variables if self.built else None
        variables = handed_variables(grads, variables, known)
        self.build(variables)
        refuse_other_variables(self._index, variables, self.all_at_once)
        return variables

    def _count_round(self, computed: Iterable[Any]) -> None:
        """Counts a round, once the tensors `computed` from its batch are there.

        A stream of data may read the count where it begins, on a thread of its own, and in a graph
        nothing else keeps the count from moving before that.
        """
        if self.counts_rounds:
            with tf.control_dependencies(list(computed)):
                self.iterations.assign_add(1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the inner optimizer serialized.

        Raises:
            TypeError: if a subclass takes arguments that its config would lack.
        """
        refuse_lost_arguments(type(self))
        own = {"microbatches": self.microbatches, "allow_cut": self.allow_cut}
        return {**super().get_config(), **own}

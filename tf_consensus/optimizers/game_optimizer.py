"""The Keras plumbing that every optimizer for games shares."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tf_consensus.games import graph_repair, vectors
from tf_consensus.games.autodiff import explain_recomputation, tf_variables
from tf_consensus.games.contract import check_allow_cut, name_of, refuse_cuts
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.games.microbatches import MicrobatchedGame
from tf_consensus.games.vector_checks import check_vector
from tf_consensus.optimizers.description import describe
from tf_consensus.optimizers.field import Field
from tf_consensus.optimizers.inner import CLIPS, refuse_options, set_rate
from tf_consensus.optimizers.inner_lists import make_inners
from tf_consensus.optimizers.per_player import UNKNOWN, OptimizerPerPlayer
from tf_consensus.optimizers.players_apart import refuse_players_apart
from tf_consensus.support.checks import check_count


def apply_direction(optimizer, direction: Sequence[tf.Tensor], variables) -> None:
    """Moves `variables` along `direction` (ascent) by a step of a plain Keras optimizer.

    Keras descends and sums over the replicas of a strategy: the sign and the number of replicas
    enter here and nowhere else. Of an `OptimizerPerPlayer` each optimizer moves its own player.

    Raises:
        TypeError: if it is no optimizer.
        ValueError: if there is not one tensor a variable, or the players are not known.
    """
    if isinstance(optimizer, OptimizerPerPlayer):
        check_vector("direction", direction, variables)
        with tf.control_dependencies(list(direction)):
            for inner, w, own in optimizer.split(direction, variables):
                apply_direction(inner, w, own)
        return
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            f"`optimizer` must be a Keras optimizer. Received: optimizer={optimizer!r}. For "
            "example keras.optimizers.SGD(0.1)."
        )
    check_vector("direction", direction, variables)
    # In a graph, the order of reading a variable for one player's gradient and updating it for
    # another's can get lost: TensorFlow drops it as implied by the IdentityN of Keras' all-reduce,
    # then drops the IdentityN. All of the direction comes before all of the update.
    with tf.control_dependencies(list(direction)):
        descent = [-w for w in _shares(direction, optimizer)]
        optimizer.apply(descent, list(variables))


def _shares(direction, optimizer):
    """What each replica hands over, such that Keras' sum over them is the mean direction."""
    context = tf.distribute.get_replica_context()
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas == 1:
        return list(direction)
    if not any(getattr(optimizer, key) for key in CLIPS):
        return [w / replicas for w in direction]
    # Keras clips each share before it sums them: one replica hands over the whole, the others 0.
    first = tf.equal(context.replica_id_in_sync_group, 0)
    whole = vectors.replica_mean(direction)
    return [tf.where(first, w, tf.zeros_like(w)) for w in whole]


def check_game(game) -> None:
    """Raises `TypeError` if it is no `Game`."""
    if not isinstance(game, Game):
        hint = "Of a GAN pass gan.game(batch)." if hasattr(game, "game") else "Make one by Game(…)."
        raise TypeError(f"An optimizer's `step` takes a game. Received: {_briefly(game)}. {hint}")


def _briefly(value):
    """The value, or its type where it is written at length."""
    text = repr(value)
    return text if len(text) < 60 else f"a {type(value).__name__}"


def values_of(variables) -> list[tf.Tensor]:
    """The variables' current values, which later assignments leave alone."""
    return [tf.convert_to_tensor(x) for x in variables]


def assign(variables, values) -> None:
    """Gives each of the variables its value."""
    for x, value in zip(variables, values, strict=True):
        x.assign(value)


class GameOptimizer(keras.optimizers.Optimizer):
    """Base class: an update x ← x + h·w(x) through an inner Keras optimizer.

    A subclass defines `direction(linearization)`, the field w(x), or, where the update remembers
    or evaluates more, overrides `_move` or `_step`; everything Keras expects of an optimizer
    (building, state, saving, schedules, averaging) is forwarded to `inner_optimizer`.

    There are two ways to use one. `step(game)` takes a `Game` and can do everything.
    `compile(optimizer=...)` of any Keras model goes through `apply(gradients, variables)`, where
    the second-order term is taken from the graph that computed the gradients; it needs graph mode
    or XLA, Keras' default.

    A list of inner optimizers has one a player, in the players' order, the generator's first: the
    direction is that of all players, each optimizer steps along its player's part of it. So each
    player has a learning rate of its own (TTUR). That needs the players, so it works in
    `tf_consensus.GAN` and with `step(game)`, not in the `compile` of other models.

    Args:
        inner_optimizer: name, config or instance of a Keras optimizer; or a list of one a player.
        learning_rate: float or `keras.optimizers.schedules.LearningRateSchedule`; only if
            `inner_optimizer` is a name, `None` for that optimizer's default; or a list of one a
            player.
        name: name of the optimizer.
        microbatches: number of equal parts that `step` goes through the batch in, to need the
            memory of one; the update is that of the whole batch (see `MicrobatchedGame`).
        allow_cut: of gradients that are handed to `apply`, as `Game`'s: names of operations that
            may lie between the variables and the gradients though no derivative goes through them.

    Raises:
        ValueError: if an option belongs on the inner optimizer, the inner one cannot be used, one
            is there twice, there are not as many learning rates, or `microbatches` is not a
            positive integer.

    Reference:
        Heusel et al., GANs Trained by a Two Time-Scale Update Rule, 2017, for the list.
    """

    def __init__(
        self,
        inner_optimizer="rmsprop",
        learning_rate=None,
        name=None,
        *,
        microbatches: int = 1,
        allow_cut: bool | Sequence[str] = False,
        **kwargs,
    ):
        refuse_options(type(self).__name__, kwargs)
        super().__init__(learning_rate=0.0, name=name)
        self.allow_cut = check_allow_cut(allow_cut)
        hint = "microbatches=1 is the whole batch."
        self.microbatches = check_count("microbatches", microbatches, hint)
        self.inner_optimizer = self._make_inner(inner_optimizer, learning_rate)
        if self._per_player:
            self._listed = list(self._per_player)  # for tf.train.Checkpoint

    def _make_inner(self, optimizer, learning_rate):
        return make_inners(optimizer, learning_rate)

    @property
    def _per_player(self) -> OptimizerPerPlayer | None:
        """The inner optimizers of a list."""
        inner = self.inner_optimizer
        return inner if isinstance(inner, OptimizerPerPlayer) else None

    def __repr__(self):
        return describe(self)

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field w to step along, a list that matches `linearization.v`."""
        raise NotImplementedError

    def step(self, game: Game) -> Linearization:
        """One update of all players of `game`, in place.

        Returns:
            The linearization that the update used, taken before it.

        Raises:
            TypeError: if it is given no game.
            ValueError: if the batch cannot be cut into `microbatches` equal parts, or there are
                not as many inner optimizers as players.
        """
        check_game(game)
        if self._per_player:
            self._per_player.know(game.players)
        with game.one_step():
            return self._step(MicrobatchedGame(game, self._parts(game)) if self._cuts else game)

    @property
    def _cuts(self):
        """Whether `step` goes through the batch in parts."""
        return self.microbatches > 1

    def _parts(self, game):
        del game
        return self.microbatches

    def _step(self, game):
        self.build(game.variables)
        linearization = game.linearize(second_order=self.second_order)
        self._move(linearization, game.variables)
        return linearization

    @property
    def field(self) -> Field | None:
        """The field w of steps x ← x + h·w(x), up to the inner optimizer's scaling.

        `None` where the steps are none of that form, as they have no one h where each player has an
        inner optimizer of its own, or it is not known to be one of `Field`'s.
        """
        return self._field() if len(self.inner_optimizers) == 1 else None

    def _field(self) -> Field | None:
        """The field where there is one inner optimizer."""
        return None

    @property
    def second_order(self) -> bool:
        """Whether `direction` uses the pullback."""
        return False

    @property
    def all_at_once(self) -> bool:
        """Whether each `apply` must bring the gradients of all variables."""
        return self.second_order

    def apply(self, grads, trainable_variables=None):
        """One update from gradients that someone else computed, as Keras models do.

        Args:
            grads: gradients of all players' losses, each with respect to its own variables. Under
                a `tf.distribute` strategy, as everywhere in Keras, each replica's share: their sum
                over the replicas is the gradient of the global batch.
            trainable_variables: the variables, in the same order; needed at the first call.

        Raises:
            RuntimeError: if the second-order term is needed and cannot be had from `grads`, the
                batch was to be cut into micro-batches, or each player has its own inner optimizer.
            ValueError: if the variables are not those the optimizer was built with, all of them
                where the update needs them, or not as many as the gradients; or another optimizer
                updates another player of the same game (`refuse_players_apart`).
        """
        grads = list(grads)
        if not grads:
            return
        if len(self._per_player or ()) > 1:
            raise RuntimeError(
                "A list of inner optimizers, one a player, needs to know which gradients belong to "
                "which player, and a plain list of gradients does not say. Received: "
                f"{len(self._per_player)} inner optimizers, and {len(grads)} gradients through "
                "`apply`. Train a `tf_consensus.GAN`, or call `optimizer.step(game)` with a "
                "`tf_consensus.Game`."
            )
        variables = self._variables_for(grads, trainable_variables)
        if self._per_player:
            self._per_player.know([variables])
        grads, variables = self._filter_empty_gradients(grads, variables)
        if self._cuts:
            raise RuntimeError(
                "Gradients that were handed over are those of the whole batch. Received: "
                f"microbatches={self.microbatches}. Train a `tf_consensus.GAN`, or call "
                "`optimizer.step(game)` with a `tf_consensus.Game`."
            )
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        grads = [tf.convert_to_tensor(g) for g in grads]
        refuse_players_apart(self, grads, variables)
        v = [-replicas * g for g in grads]
        pullback = self._symbolic_pullback(v, grads, variables)
        self._move(Linearization([], v, pullback, player_sizes=None), variables)

    def apply_gradients(self, grads_and_vars):
        """As `apply`, from pairs; returns the number of steps taken, as Keras' own does."""
        grads, variables = zip(*grads_and_vars, strict=True)
        self.apply(grads, variables)
        return self.iterations

    def _count_step(self, computed):
        """Counts a step in `_iterations`, once the tensors `computed` from its batch are there.

        A stream of data may read the count where it begins, on a thread of its own. In a graph
        nothing else would keep the count from moving before the first batch is read.
        """
        with tf.control_dependencies(list(computed)):
            self._iterations.assign_add(1)

    def _move(self, linearization, variables):
        apply_direction(self.inner_optimizer, self.direction(linearization), variables)

    def _variables_for(self, grads, variables):
        if variables is None and not self.built:
            raise ValueError(
                "The first call of `apply` must name the variables. Received: "
                f"{len(grads)} gradients and no variables. "
                "Pass them, or call `optimizer.build(variables)` first."
            )
        variables = list(self._trainable_variables if variables is None else variables)
        if len(grads) != len(variables):
            raise ValueError(
                "`apply` takes one gradient a variable. Received: "
                f"{len(grads)} gradients for {len(variables)} variables. "
                "Hand over None where a variable has no gradient."
            )
        self.build(variables)
        unknown = [x.name for x in variables if not self._knows(x)]
        if unknown:
            raise ValueError(_ONE_CALL.format(f"variables {unknown}, which it was not built with"))
        missing = len(self._trainable_variables) - len(variables)
        if self.all_at_once and missing:
            raise ValueError(
                _ONE_CALL.format(f"{len(variables)} of the variables, {missing} are missing")
            )
        return variables

    def _knows(self, variable):
        return self._var_key(variable) in self._trainable_variables_indices

    def _symbolic_pullback(self, v, gradients, variables):
        """The pullback v'ᵀu from the graph that `v` was computed in."""

        def vjp(u):
            if tf.executing_eagerly():
                raise RuntimeError(_NO_SECOND_ORDER.format("executing eagerly"))
            values = tf_variables(variables)
            if all(t.graph is tf.compat.v1.get_default_graph() for t in v):
                graph_repair.repair(v, gradients)
                named = [(f"'{name_of(x)}'", x) for x in variables]
                refuse_cuts(v, named, self.allow_cut)
            with explain_recomputation():
                pulled = tf.gradients(v, values, grad_ys=list(u))
            if all(p is None for p in pulled):
                raise RuntimeError(
                    _NO_SECOND_ORDER.format("no gradient depends on any variable in this graph")
                )
            return [
                tf.zeros_like(t) if p is None else tf.convert_to_tensor(p)
                for p, t in zip(pulled, v, strict=True)
            ]

        return vjp

    def build(self, variables):
        """Creates the state of the inner optimizer; a second call changes nothing."""
        if self.built:
            return
        variables = list(variables)
        for inner in self.inner_optimizers:
            inner.build(variables)
        if self._per_player:
            self._per_player.built()
        super().build(variables)

    def add_memory(self, name: str) -> list:
        """One variable of the optimizer's own a trainable variable, zero at first; saved with it.

        To be called in `build`. All replicas of a strategy must assign the same values.
        """
        return [
            self.add_variable(
                x.shape, dtype=x.dtype, aggregation="only_first_replica", name=f"{name}_{index}"
            )
            for index, x in enumerate(self._trainable_variables)
        ]

    def memory_of(self, memory: Sequence, variables) -> list:
        """Those of `memory` that belong to `variables`, in their order."""
        return [memory[self._get_variable_index(x)] for x in variables]

    @property
    def inner_optimizers(self) -> list:
        """The wrapped Keras optimizers, one, or one a player."""
        return list(self._per_player or [self.inner_optimizer])

    @property
    def variables(self):
        """The whole state: the wrapper's own variables and the inner optimizers'."""
        return self._variables + [x for inner in self.inner_optimizers for x in inner.variables]

    @property
    def iterations(self):
        """Number of steps taken: the inner optimizer's own counter, the first one's of a list."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self):
        """The inner optimizer's learning rate h; may be set.

        Of a list of inner optimizers it is the first player's. Setting a number scales the other
        players' alike, so that callbacks which set it keep the ratios; a list sets one a player.
        """
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        if isinstance(self.inner_optimizer, GameOptimizer | OptimizerPerPlayer):
            self.inner_optimizer.learning_rate = learning_rate
        else:
            set_rate(self.inner_optimizer, learning_rate)

    @property
    def learning_rates(self) -> tuple:
        """The learning rates of all inner optimizers: one for all players, or one a player."""
        inners = self.inner_optimizers
        nested = [x.learning_rates for x in inners if isinstance(x, GameOptimizer)]
        return nested[0] if nested else tuple(inner.learning_rate for inner in inners)

    def set_weights(self, weights):
        """Restores the whole state, in the order of `variables`."""
        if len(weights) != len(self.variables):
            raise ValueError(
                "`set_weights` takes one array a variable of the optimizer, which must be built. "
                f"Received: {len(weights)} arrays for {len(self.variables)} variables. "
                "Call `optimizer.build(variables)` first."
            )
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    def scale_loss(self, loss):
        """The loss itself: an inner optimizer that scales it is refused."""
        return loss

    @property
    def keeps_averages(self) -> bool:
        """Whether an inner optimizer keeps averages of weights (`use_ema`)."""
        return any(
            inner.keeps_averages if isinstance(inner, GameOptimizer) else inner.use_ema
            for inner in self.inner_optimizers
        )

    def put_averages(self, players: Sequence[Sequence]) -> None:
        """Puts the averages of weights in their place, where they are kept.

        Args:
            players: each player's variables, in the order of `build`.
        """
        if self._per_player:
            if len(players) == len(self._per_player):
                self._per_player.know(players)
            if not self._per_player.knows:
                lists = f"{len(players)} list{'s' * (len(players) > 1)} of variables"
                raise ValueError(UNKNOWN.format(lists))
        variables = [x for player in players for x in player]
        # The class's: during `GAN.fit` the instance's does nothing.
        type(self).finalize_variable_values(self, variables)

    def finalize_variable_values(self, var_list):
        """Lets the inner optimizers put averaged weights in place after training."""
        if self._per_player:
            self._per_player.put_averages()
            return
        for inner in self.inner_optimizers:
            inner.finalize_variable_values(var_list)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Forwarded to the inner optimizers."""
        for inner in self.inner_optimizers:
            inner.exclude_from_weight_decay(var_list=var_list, var_names=var_names)

    def get_config(self):
        """The constructor's arguments, the inner optimizer serialized."""
        inner = self.inner_optimizer
        inner = list(inner) if isinstance(inner, OptimizerPerPlayer) else inner
        inner = keras.saving.serialize_keras_object(inner)
        return {
            "name": self.name,
            "inner_optimizer": inner,
            "microbatches": self.microbatches,
            "allow_cut": self.allow_cut,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The optimizer that `get_config` describes."""
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value, custom_objects)
                for key, value in config.items()
            }
        )


_ONE_CALL = (
    "An optimizer for games updates all players in one call. Received: {}. Hand the gradients of "
    "all players to one `apply_gradients`, or build a new optimizer for new variables."
)

_NO_SECOND_ORDER = (
    "The second-order term v'ᵀv cannot be taken from the gradients that were handed over. "
    "Received: {}. Compile the model with run_eagerly=False and compute the gradients in the same "
    "graph, outside of tf.cond, without loss scaling (mixed_float16; use mixed_bfloat16); or train "
    "a `tf_consensus.GAN`, or call `optimizer.step(game)` with a `tf_consensus.Game`."
)

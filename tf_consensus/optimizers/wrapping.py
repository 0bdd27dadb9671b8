"""A Keras optimizer around others, to which it forwards what Keras asks of it."""

from collections.abc import Sequence
from typing import Any

import keras

from tf_consensus.optimizers.constructors import describe_arguments, refuse_options, refusing
from tf_consensus.optimizers.description import describe
from tf_consensus.optimizers.inner import INNER_OPTIONS, InnerOptimizers, Rates, set_rate
from tf_consensus.optimizers.inner_lists import make_inners
from tf_consensus.optimizers.own_state import OwnState
from tf_consensus.optimizers.per_player import UNKNOWN, OptimizerPerPlayer
from tf_consensus.optimizers.variable_index import VariableIndex


class WrappingOptimizer(OwnState, keras.optimizers.Optimizer):
    """Base class: building, state, saving, schedules and averaging go to `inner_optimizer`.

    Args:
        inner_optimizer: name, config or instance of a Keras optimizer; or a list of one per player.
        learning_rate: float or `keras.optimizers.schedules.LearningRateSchedule`; only if
            `inner_optimizer` is a name, `None` for that optimizer's default; or a list of one per
            player.
        name: name of the optimizer.

    Attributes:
        counts_rounds: whether the optimizer counts its rounds itself, since a round is not one step
            of its inner optimizer.
    """

    counts_rounds: bool = False
    # Where a misplaced argument belongs, for `refuse`.
    _inner_keys: tuple[str, ...] = ("inner_optimizer",)
    _inner_options: tuple[str, ...] = INNER_OPTIONS

    def __init_subclass__(cls, **options: Any):
        super().__init_subclass__(**options)
        describe_arguments(cls)
        if "__init__" in vars(cls):
            # Replaced on purpose, by a function of the same signature.
            cls.__init__ = refusing(cls.__init__)  # type: ignore[method-assign]

    @refusing
    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = self._make_inner(inner_optimizer, learning_rate)
        if self._per_player:
            self._listed = list(self._per_player)  # for tf.train.Checkpoint
            self._rate_ratios = self._per_player.rate_ratios  # Keras makes it part of the state

    @classmethod
    def refuse(cls, options: dict[str, Any]) -> None:
        """Raises if there is an argument that the constructor does not know.

        Raises:
            ValueError: if it is an option of the inner optimizer.
            TypeError: if it is anything else.
        """
        refuse_options(cls.__name__, options, cls._inner_keys, cls._inner_options)

    def _make_inner(
        self, optimizer: InnerOptimizers, learning_rate: Rates
    ) -> keras.optimizers.Optimizer | OptimizerPerPlayer:
        return make_inners(optimizer, learning_rate)

    @property
    def _per_player(self) -> OptimizerPerPlayer | None:
        """The inner optimizers of a list."""
        inner = self.inner_optimizer
        return inner if isinstance(inner, OptimizerPerPlayer) else None

    def __repr__(self) -> str:
        return describe(self)

    def build(self, variables: Sequence[Any]) -> None:
        """Creates the state of the inner optimizer and its own; a second call changes nothing."""
        if self.built:
            return
        variables = list(variables)
        for inner in self.inner_optimizers:
            inner.build(variables)
        if self._per_player:
            self._per_player.built()
        super().build(variables)
        self._index = VariableIndex(variables)
        self.make_state()

    @property
    def inner_optimizers(self) -> list[keras.optimizers.Optimizer]:
        """The wrapped optimizers, one, or one per player."""
        return list(self._per_player or [self.inner_optimizer])

    @property
    def variables(self) -> list[keras.Variable]:
        """The whole state: the wrapper's own variables and the inner optimizers'."""
        return super().variables + [x for inner in self.inner_optimizers for x in inner.variables]

    @property
    def iterations(self) -> keras.Variable:
        """Number of rounds: how often `step` or `apply` has moved all players.

        Where a round is one step of the inner optimizer, its counter is this one.
        """
        return super().iterations if self.counts_rounds else self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's learning rate h; may be set.

        For a list of inner optimizers it is the first player's. Setting a number scales the others'
        by as much, so that callbacks that set it keep the ratios; a list sets one per player.
        """
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        if isinstance(self.inner_optimizer, WrappingOptimizer | OptimizerPerPlayer):
            self.inner_optimizer.learning_rate = learning_rate
        else:
            set_rate(self.inner_optimizer, learning_rate)

    @property
    def learning_rates(self) -> tuple[Any, ...]:
        """The learning rates of all inner optimizers: one for all players, or one per player."""
        inners = self.inner_optimizers
        nested = [x.learning_rates for x in inners if isinstance(x, WrappingOptimizer)]
        return nested[0] if nested else tuple(inner.learning_rate for inner in inners)

    @property
    def keras_optimizers(self) -> list[keras.optimizers.Optimizer]:
        """Keras' own optimizers, which take the steps: one, or one per player."""
        inners = self.inner_optimizers
        nested = [x.keras_optimizers for x in inners if isinstance(x, WrappingOptimizer)]
        return nested[0] if nested else inners

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Restores the whole state, in the order of `variables`."""
        if len(weights) != len(self.variables):
            raise ValueError(
                "`set_weights` takes one array per variable of the optimizer, which must be built. "
                f"Received: {len(weights)} arrays for {len(self.variables)} variables. "
                "Call `optimizer.build(variables)` first."
            )
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    def scale_loss(self, loss: Any) -> Any:
        """The loss itself: an inner optimizer that scales it is refused."""
        return loss

    @property
    def keeps_averages(self) -> bool:
        """Whether an inner optimizer keeps averages of weights (`use_ema`)."""
        return any(optimizer.use_ema for optimizer in self.keras_optimizers)

    def put_averages(self, players: Sequence[Sequence[Any]]) -> None:
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
        # The class's method: during `GAN.fit` the instance's does nothing.
        type(self).finalize_variable_values(self, variables)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Lets the inner optimizers put averaged weights in place after training."""
        if self._per_player:
            self._per_player.put_averages()
            return
        for inner in self.inner_optimizers:
            inner.finalize_variable_values(var_list)

    def exclude_from_weight_decay(
        self, var_list: Sequence[Any] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Forwarded to the inner optimizers."""
        for inner in self.inner_optimizers:
            inner.exclude_from_weight_decay(var_list=var_list, var_names=var_names)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the inner optimizer serialized."""
        inner = self.inner_optimizer
        inner = list(inner) if isinstance(inner, OptimizerPerPlayer) else inner
        return {"name": self.name, "inner_optimizer": keras.saving.serialize_keras_object(inner)}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "WrappingOptimizer":
        """The optimizer that `get_config` describes."""
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value, custom_objects)
                for key, value in config.items()
            }
        )

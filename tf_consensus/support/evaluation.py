"""Evaluations of a game's losses as a function of parameters and batch alone.

Layers such as BatchNormalization, SpectralNormalization and Dropout assign variables in their call:
moving averages, power iterations, seeds. An optimizer may evaluate the losses several times in a
step, and each time they must be the same function. So every evaluation reads the state at the start
of the step, and the state moves once, at the end of the step.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.support.exact_operations import exact_operations
from tf_consensus.support.layers import is_seed
from tf_consensus.support.row_draws import Rows, drawing

_CURRENT = threading.local()


class Evaluation(keras.StatelessScope):
    """The scope of one evaluation: assignments are kept aside, seeds are those of the step.

    Args:
        players: all players' variables. A layer that assigns one of them, as SpectralNormalization
            does its kernel, finds it unchanged; the assignment is in `projections`.
        seeds: function from the number of a layer's seed, counted in the order of first use, to an
            integer tensor (2,); `None` takes the seeds as they are.

    Attributes:
        moves: variables that layers assign, and what they would become.
        projections: the same for the players' variables.
    """

    def __init__(self, players: Sequence[Any], seeds: Callable | None = None) -> None:
        super().__init__(collect_losses=True)
        self._players = {id(x) for x in players}
        self._seeds = seeds
        self._numbers: dict[int, int] = {}
        self._counts: dict[int, int] = {}
        self._graph = _graph()
        self._own: dict[int, tuple] = {}
        self._added: dict[int, Any] = {}
        self.projections: list[tuple] = []

    def aside(self) -> "Evaluation":
        """A scope for points that do not count, in any graph: what it moves is dropped."""
        inner = Evaluation((), self._seeds)
        inner._players, inner._graph = self._players, _graph()
        inner._numbers, inner._counts = self._numbers, self._counts
        return inner

    @property
    def moves(self) -> list[tuple]:
        """Pairs of a variable and its next value."""
        return list(self._own.values())

    def add_loss(self, loss: tf.Tensor) -> None:
        """Keras' hook: a loss of a layer's call, kept when the layer's next call clears it."""
        super().add_loss(loss)
        self._added[id(loss)] = loss

    def take_losses(self, losses: Sequence[tf.Tensor]) -> None:
        """Marks these losses, which layers added, as part of a player's."""
        for loss in losses:
            self._added.pop(id(loss), None)

    @property
    def untaken(self) -> int:
        """The number of losses that layers have added and no player has."""
        return len(self._added)

    def get_current_value(self, variable: keras.Variable) -> tf.Tensor:
        """Keras' hook: what a variable reads as."""
        if is_seed(variable):
            return self._seed(variable)
        value = super().get_current_value(variable)
        return self._outside(variable) if value is None else value

    def add_update(self, update: tuple[keras.Variable, tf.Tensor]) -> None:
        """Keras' hook: what becomes of an assignment."""
        variable, value = update
        if id(variable) in self._players:
            self.projections.append((variable, value))
            return
        self._check_graph(variable)
        if is_seed(variable):
            self._counts[id(variable)] = self._counts.get(id(variable), 0) + 1
            if self._seeds is not None:
                return
            value = self._seed(variable)
        else:
            super().add_update(update)
        self._own[id(variable)] = (variable, value)

    def _seed(self, variable):
        self._check_graph(variable)
        if self._seeds is None:
            start = self._outside(variable)
        else:
            number = self._numbers.setdefault(id(variable), len(self._numbers))
            start = tf.cast(self._seeds(number), variable.dtype)
        return start + tf.constant([0, self._counts.get(id(variable), 0)], start.dtype)

    def _outside(self, variable):
        self.__exit__(None, None, None)
        try:
            return variable.value
        finally:
            self.__enter__()

    def _check_graph(self, variable):
        if _graph() is not self._graph:
            raise NotImplementedError(
                "A layer's state must move where the losses are computed, once per step, and not "
                "inside a function, loop or branch of its own. Received: variable "
                f"'{variable.path}', used inside a tf.function, tf.while_loop or tf.cond of the "
                "losses. Call the network itself, without tf.function; unroll recurrent layers "
                "(unroll=True) whose cells draw or keep state."
            )


class LayerState:
    """What the layers of a game's losses are to assign at the end of a step.

    Args:
        repeats: whether an evaluation is made several times, as those of micro-batches are.

    Attributes:
        evaluations: how often the losses have been evaluated since `begin`.
        moves: pairs of a variable and its next value, by the first evaluation of the step.
    """

    def __init__(self, repeats: bool = False) -> None:
        self._repeats = repeats
        self.moves: Any = None
        self.begin(in_step=False)

    @property
    def repeated(self) -> bool:
        """Whether the next evaluation is to be the same function as another one."""
        return self._repeats or (self.in_step and self.evaluations > 0)

    def fork(self) -> "LayerState":
        """A state in the same step, for the first of several parts of an evaluation."""
        other = LayerState(repeats=True)
        other.in_step, other.evaluations = self.in_step, self.evaluations
        return other

    def join(self, moves: list[tuple]) -> None:
        """Takes what all parts of an evaluation would assign, as one evaluation's."""
        if self.moves is None:
            self.moves = moves
        self.evaluations += 1

    def begin(self, in_step: bool = True) -> None:
        """Starts a step."""
        self.in_step = in_step
        self.evaluations = 0
        self.moves = None

    def commit(self) -> None:
        """Ends a step: assigns."""
        moves, self.moves, self.in_step = self.moves, None, False
        for variable, value in moves or []:
            variable.assign(value)

    def run(
        self,
        compute: Callable,
        players: Sequence[Any],
        seeds: Callable[[int], tf.Tensor] | None,
        rows: Rows | None,
    ) -> Any:
        """What `compute()` returns, evaluated in the scope."""
        result, scope = _evaluate(compute, players, seeds, rows)
        if scope.projections and self.in_step and not self.evaluations:
            for variable, value in scope.projections:
                variable.assign(value)
            result, scope = _evaluate(compute, players, seeds, rows)
        self.join(scope.moves)
        return result


def _evaluate(compute, players, seeds, rows):
    with exact_operations(), drawing(rows), _entered(Evaluation(players, seeds)) as scope:
        return compute(), scope


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """For layers' calls whose moving averages and losses do not count, such as a penalty's own."""
    scope = current()
    with contextlib.nullcontext() if scope is None else _entered(scope.aside()):
        yield


@contextlib.contextmanager
def _entered(scope):
    before = current()
    _CURRENT.scope = scope
    try:
        with scope:
            yield scope
    finally:
        _CURRENT.scope = before


def current() -> Evaluation | None:
    """The evaluation that is going on in this thread."""
    return getattr(_CURRENT, "scope", None)


def _graph():
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()

"""The state that an optimizer for games keeps itself, saved with it."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.optimizers.player_rates import RATIOS
from tf_consensus.optimizers.variable_index import VariableIndex


class OwnState:
    """Part of `WrappingOptimizer`: variables beside those of the inner optimizers."""

    _index: VariableIndex
    add_variable: Callable[..., keras.Variable]  # Keras' own

    def load_own_variables(self, store: Any) -> None:
        """Keras' hook for files, also for those from before `RATIOS` was part of the state."""
        state: Sequence[keras.Variable] = self.variables  # type: ignore[attr-defined]
        added = [x for x in state if x.name == RATIOS]
        others = [x for x in state if x.name != RATIOS]
        if not added or len(store.keys()) != len(others):
            super().load_own_variables(store)  # type: ignore[misc]
            return
        for index, x in enumerate(others):
            x.assign(store[str(index)])
        for x in added:
            x.assign(tf.zeros(x.shape, x.dtype))

    def make_state(self) -> None:
        """Creates a subclass's own state with `add_memory` and `add_scalar`; called once.

        An override calls the base's first.
        """

    def add_memory(self, name: str) -> list[keras.Variable]:
        """One variable of the optimizer's own per trainable variable, zero at first, saved with it.

        Call it in `make_state`. All replicas of a strategy must assign the same values:
        `vectors.replica_mean` of what each has computed.
        """
        return [
            self.add_variable(
                x.shape, dtype=x.dtype, aggregation="only_first_replica", name=f"{name}_{index}"
            )
            for index, x in enumerate(self._index.variables)
        ]

    def memory_of(
        self, memory: Sequence[keras.Variable], variables: Sequence[Any]
    ) -> list[keras.Variable]:
        """Those of `memory` that belong to `variables`, in their order."""
        return [memory[self._index.number(x)] for x in variables]

    def add_scalar(
        self, name: str, initial: float = 0.0, dtype: str | None = None
    ) -> keras.Variable:
        """A scalar variable of the optimizer's own, saved with it.

        Call it in `make_state`. All replicas of a strategy must assign the same value.

        Args:
            name: the variable's name.
            initial: its first value.
            dtype: its type; `None` is `keras.config.floatx()`.
        """
        return self.add_variable(
            (),
            initializer=keras.initializers.Constant(initial),
            dtype=dtype,
            aggregation="only_first_replica",
            name=name,
        )

    def add_numbers(self, name: str, columns: int = 1) -> keras.Variable:
        """Some numbers per trainable variable, zero at first, saved with it; (n, columns).

        Call it in `make_state`, as `add_memory`. The numbers have double precision if any of the
        variables has.
        """
        variables = self._index.variables
        double = any(keras.backend.standardize_dtype(x.dtype) == "float64" for x in variables)
        return self.add_variable(
            (len(variables), columns),
            initializer="zeros",
            dtype="float64" if double else "float32",
            aggregation="only_first_replica",
            name=name,
        )

    def rows_of(self, variables: Sequence[Any]) -> list[int]:
        """Which rows of `add_numbers` belong to `variables`, in their order."""
        return [self._index.number(x) for x in variables]


def put_rows(numbers: keras.Variable, rows: Sequence[int], values: tf.Tensor) -> None:
    """Assigns some rows of `OwnState.add_numbers`; (rows, columns)."""
    where = tf.constant(rows)[:, None]
    numbers.assign(tf.tensor_scatter_nd_update(tf.convert_to_tensor(numbers), where, values))


def take_rows(numbers: keras.Variable, rows: Sequence[int]) -> tf.Tensor:
    """Some rows of `OwnState.add_numbers`."""
    return tf.gather(tf.convert_to_tensor(numbers), rows)

"""What an optimizer for games remembers of its own, saved with it."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from tf_consensus.optimizers.variable_index import VariableIndex


class OwnState:
    """Part of `WrappingOptimizer`: variables beside those of the inner optimizers."""

    _index: VariableIndex
    add_variable: Callable[..., keras.Variable]  # Keras' own

    def make_state(self) -> None:
        """Creates what a subclass remembers, by `add_memory` and `add_scalar`; called once.

        One that overrides it calls the base's first.
        """

    def add_memory(self, name: str) -> list[keras.Variable]:
        """One variable of the optimizer's own per trainable variable, zero at first, saved with it.

        To be called in `make_state`. All replicas of a strategy must assign the same values:
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

        To be called in `make_state`. All replicas of a strategy must assign the same value.

        Args:
            name: of the variable.
            initial: its value at first.
            dtype: its type; `None` is `keras.config.floatx()`.
        """
        return self.add_variable(
            (),
            initializer=keras.initializers.Constant(initial),
            dtype=dtype,
            aggregation="only_first_replica",
            name=name,
        )

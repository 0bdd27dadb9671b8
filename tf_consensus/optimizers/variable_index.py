"""The numbers of an optimizer's variables."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.games.autodiff import tf_variables


class VariableIndex:
    """The variables that an optimizer was built with, and the number of each.

    A `keras.Variable`, the `tf.Variable` under it and, under a `tf.distribute` strategy, a
    replica's own copy of it are the same variable.

    Args:
        variables: `keras.Variable` or `tf.Variable`, each once.

    Attributes:
        variables: these, in order.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self.variables = list(variables)
        self._values = tf_variables(self.variables)  # kept, so that no other gets their ids
        self._numbers = {id(x): number for number, x in enumerate(self._values)}

    def __len__(self) -> int:
        return len(self.variables)

    def __contains__(self, variable: Any) -> bool:
        return self._find(variable) is not None

    def number(self, variable: Any) -> int:
        """The variable's number, counted from 0.

        Raises:
            KeyError: if it is not one of the variables.
        """
        number = self._find(variable)
        if number is None:
            raise KeyError(f"'{variable.name}' is none of the {len(self)} variables.")
        return number

    def _find(self, variable: Any) -> int | None:
        (value,) = tf_variables([variable])
        if id(value) not in self._numbers:
            self._add_copies()
        return self._numbers.get(id(value))

    def _add_copies(self) -> None:
        strategy = tf.distribute.get_strategy()
        for number, value in enumerate(self._values):
            for copy in strategy.experimental_local_results(value):
                self._numbers[id(copy)] = number

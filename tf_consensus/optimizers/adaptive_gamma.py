"""Weights γ of a regularizer that the training itself decides."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.linearization import Linearization
from tf_consensus.support.configurable import Configurable


class AdaptiveGamma(Configurable):
    """Base class: a weight γ that follows the field and its pullback.

    An object holds settings alone; what it remembers are variables of the optimizer that uses it.
    """

    # Whether the weight is that of one step, which does not grow where steps are left out.
    of_one_step = False

    def make_state(
        self, add_variable: Callable[..., keras.Variable], variables: Sequence[Any]
    ) -> Any:
        """The variables that it remembers by.

        Args:
            add_variable: makes a variable of the optimizer from shape, dtype and name.
            variables: those that the optimizer trains.
        """
        raise NotImplementedError

    def weights(
        self,
        state: Any,
        linearization: Linearization,
        pulled: Sequence[tf.Tensor],
        numbers: Sequence[int],
        positions: Sequence[int],
        due: tf.Tensor | bool,
        step_size: Any,
    ) -> list[tf.Tensor]:
        """Takes in a step, and returns γ for each of the variables, a list of scalars.

        Args:
            state: what `make_state` returned.
            linearization: at the current parameters, its `v` the mean over replicas.
            pulled: the pullback g, the mean over replicas, a list that matches `linearization.v`;
                zeros where it is not wanted.
            numbers: which tensors of the field γ is wanted for, counted from 0.
            positions: for each tensor of the field the number of its variable in `make_state`.
            due: whether this step is regularized; otherwise nothing is taken in.
            step_size: the learning rate h.
        """
        raise NotImplementedError

    def current(self, state: Any) -> float:
        """The weight that was used last, the largest of those of all variables; 0 at first."""
        raise NotImplementedError

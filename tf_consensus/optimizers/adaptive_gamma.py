"""Weights γ of a regularizer that the training itself decides."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.own_state import OwnState
from tf_consensus.support.configurable import Configurable


class AdaptiveGamma(Configurable):
    """Base class: a weight γ that follows the field and its pullback.

    An object holds settings alone; what it remembers are variables of the optimizer that uses it.
    """

    # Whether the weight is that of one step, which does not grow where steps are left out.
    of_one_step = False

    def make_state(self, optimizer: OwnState) -> Any:
        """The variables that it remembers by.

        Args:
            optimizer: the one whose γ it is, which owns and saves the variables.
        """
        raise NotImplementedError

    def weights(
        self,
        state: Any,
        linearization: Linearization,
        pulled: Sequence[tf.Tensor],
        numbers: Sequence[int],
        rows: Sequence[int],
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
            rows: for each tensor of the field the number of its variable, as `OwnState.rows_of`.
            due: whether this step is regularized; otherwise nothing is taken in.
            step_size: the learning rate h.
        """
        raise NotImplementedError

    def current(self, state: Any) -> float:
        """The weight that was used last, the largest of those of all variables; 0 at first.

        Args:
            state: what `make_state` returned.
        """
        raise NotImplementedError

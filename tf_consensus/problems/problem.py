"""What the small games share: variables from numbers, and checks of what is handed over."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.support.arrays import check_array, check_finite


class Problem:
    """Base class: a game whose gradient vector field is known in closed form.

    A subclass defines the class attributes below, `losses` in TensorFlow and `vector_field` and
    `jacobian` in NumPy; `game` is the same for all.

    Attributes:
        shapes: the shape of each player's parameters.
        equilibrium: the players' parameters at the equilibrium, one float64 array each.
        constraints: one function per player that maps parameters to admissible ones, or `None`.
    """

    shapes: tuple[tuple[int, ...], ...]
    equilibrium: tuple[np.ndarray, ...]
    constraints: tuple[Callable | None, ...] = ()

    def game(self, *players: Any) -> Game:
        """The game at given parameters.

        Args:
            *players: one number or array per player, of which a float64 `tf.Variable` is made; or a
                variable of any floating dtype, which is used itself.

        Returns:
            A `Game` of one variable per player and an empty batch.

        Raises:
            ValueError: if the number of players or a shape is wrong, or a player whose updates are
                constrained comes as a variable without that constraint.
        """
        self._check_number(players)
        variables = [self._variable(index, x) for index, x in enumerate(players)]

        def losses():
            return self.losses(*map(tf.convert_to_tensor, variables))

        return Game(losses, [[x] for x in variables])

    def losses(self, *players: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """One scalar per player, a differentiable function of the parameters `players`."""
        raise NotImplementedError

    def vector_field(self, *players: Any) -> tuple[np.ndarray, ...]:
        """The field at `players` in closed form, one float64 array per player."""
        raise NotImplementedError

    def jacobian(self, *players: Any) -> np.ndarray:
        """The derivative of `vector_field` at `players` in closed form."""
        raise NotImplementedError

    def _variable(self, index, x):
        constraint = self.constraints[index] if self.constraints else None
        if not isinstance(x, tf.Variable | keras.Variable):
            x = tf.Variable(check_parameters(f"player {index}", x), constraint=constraint)
        elif constraint is not None and x.constraint is None:
            raise ValueError(
                f"The parameters of player {index} are projected after each update, and Keras "
                "optimizers take the projection from the variable. Received: a variable without "
                f"constraint, '{x.name}'. Pass a number, or create the variable with "
                f"constraint=problem.constraints[{index}]."
            )
        if tuple(x.shape) != self.shapes[index]:
            raise ValueError(
                f"Player {index} of this {type(self).__name__} has parameters of shape "
                f"{self.shapes[index]}. Received: shape {tuple(x.shape)}. "
                "Reshape the starting point, or construct the problem for other dimensions."
            )
        return x

    def _check_number(self, players):
        if len(players) != len(self.shapes):
            raise ValueError(
                f"This {type(self).__name__} has {len(self.shapes)} players. Received: parameters "
                f"for {len(players)}. Pass one number, array or variable per player."
            )


def check_parameters(name: str, value: Any) -> np.ndarray:
    """Returns `value` as a float64 array, if it is a finite real number or an array of such.

    Raises:
        ValueError: otherwise.
    """
    hint = "Pass for example 1.0."
    return check_finite(name, check_array(name, value, hint, "iuf"), hint).astype("float64")

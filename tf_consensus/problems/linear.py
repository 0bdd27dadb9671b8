"""Games with a linear gradient vector field v(x) = A (x - x*)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from tf_consensus.problems.problem import Problem, check_parameters


class LinearField(Problem):
    """A game of quadratic losses, given by the matrix A of its field and its equilibrium x*.

    With y = x - x* and A cut into the players' blocks, whose diagonal blocks are symmetric,

        lossᵢ = -½ yᵢᵀ Aᵢᵢ yᵢ - yᵢᵀ Σⱼ≠ᵢ Aᵢⱼ yⱼ,    so that    v(x) = A y,   v' = A.

    A zero-sum game has two players and A₁₂ = -A₂₁ᵀ; loss₁ then also holds ½ y₂ᵀ A₂₂ y₂, which is
    constant for the first player, and loss₂ = -loss₁ exactly.

    Args:
        matrix: array A of shape (n, n).
        equilibrium: one array per player; its shape is that of the player's parameters, at most
            rank 1, and the sizes sum to n.
        zero_sum: whether the losses sum to zero.
    """

    def __init__(
        self, matrix: np.ndarray, equilibrium: Sequence[ArrayLike], zero_sum: bool
    ) -> None:
        self.matrix = np.asarray(matrix, "float64")
        self.equilibrium = tuple(np.asarray(x, "float64") for x in equilibrium)
        self.shapes = tuple(x.shape for x in self.equilibrium)
        self.zero_sum = zero_sum
        self._cuts = np.cumsum([x.size for x in self.equilibrium])[:-1]

    def losses(self, *players: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """One quadratic loss per player."""
        y = [
            tf.reshape(x, [-1]) - tf.cast(centre.ravel(), x.dtype)
            for x, centre in zip(players, self.equilibrium, strict=True)
        ]
        losses = [self._own(i, y) + self._coupled(i, y) for i in range(len(y))]
        if self.zero_sum:
            loss = losses[0] - self._own(1, y)
            return loss, -loss
        return tuple(losses)

    def vector_field(self, *players: Any) -> tuple[np.ndarray, ...]:
        """The field A (x - x*), one array per player.

        Args:
            *players: arrays of shape (…, dimension), or (…) for a player with a single number; the
                leading axes broadcast.

        Returns:
            One float64 array per player, of the broadcast shape.

        Raises:
            ValueError: if the number of players or a shape is wrong, or one is not a number.
        """
        self._check_number(players)
        points = [self._points(index, x) for index, x in enumerate(players)]
        y = [x - centre for x, centre in zip(points, self.equilibrium, strict=True)]
        y = [t if shape else t[..., None] for t, shape in zip(y, self.shapes, strict=True)]
        leading = np.broadcast_shapes(*(t.shape[:-1] for t in y))
        y = np.concatenate([np.broadcast_to(t, leading + t.shape[-1:]) for t in y], axis=-1)
        parts = np.split(y @ self.matrix.T, self._cuts, axis=-1)
        return tuple(v if shape else v[..., 0] for v, shape in zip(parts, self.shapes, strict=True))

    def jacobian(self, *players: Any) -> np.ndarray:
        """The matrix A of shape (n, n), the same at every point; the arguments are ignored."""
        del players
        return self.matrix.copy()

    def _points(self, index, x):
        shape = self.shapes[index]
        x = check_parameters(f"player {index}", x)
        if shape and x.shape[-1:] != shape:
            raise ValueError(
                f"Player {index} of this {type(self).__name__} has parameters of shape {shape}. "
                f"Received: shape {x.shape}. Pass arrays of shape (…, {shape[0]})."
            )
        return x

    def _own(self, i, y):
        return -0.5 * _dot(y[i], self._product(i, i, y))

    def _coupled(self, i, y):
        others = [self._product(i, j, y) for j in range(len(y)) if j != i]
        return -sum((_dot(y[i], u) for u in others), tf.zeros([], y[i].dtype))

    def _product(self, i, j, y):
        rows = np.split(self.matrix, self._cuts, axis=0)[i]
        block = np.split(rows, self._cuts, axis=1)[j]
        return tf.linalg.matvec(tf.cast(block, y[j].dtype), y[j])


def _dot(a, b):
    return tf.reduce_sum(a * b)

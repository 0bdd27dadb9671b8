"""The derivative v' as a linear operator, for games too large for a matrix."""

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.spectrum import flat
from tf_consensus.spectrum.checks import check_a_game, check_gamma
from tf_consensus.spectrum.determinism import check_deterministic

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator


def linear_operator(game: Game, gamma: float = 0.0, jit_compile: bool = False) -> "LinearOperator":
    """The operator v' - γ v'ᵀv' on flat vectors, never formed as a matrix.

        matvec(u) = v'u - γ v'ᵀ(v'u),    rmatvec(u) = v'ᵀ(u - γ v'u)

    v'u is forward over reverse, v'ᵀu is reverse over reverse: each costs a few gradients in time
    and memory. Each is compiled at its first use and reads the variables' values at each use.

    Args:
        game: the game; products are taken on its own batch.
        gamma: γ ≥ 0.
        jit_compile: compile with XLA; good for small dense networks, bad for convolutions on CPU.

    Returns:
        A SciPy `LinearOperator` of shape (n, n), float64 if any variable is, float32 otherwise. It
        takes complex vectors too, part by part.

    Raises:
        ValueError: if γ is negative or not finite, or the losses are not deterministic or not
            finite.

    Example:
        >>> x, y = tf.Variable(1.0), tf.Variable(1.0)
        >>> operator = linear_operator(Game(lambda: (x * y, -x * y), [[x], [y]]))
        >>> operator.matvec(np.array([1.0, 2.0])).tolist()
        [-2.0, 1.0]
        >>> operator.rmatvec(np.array([1.0, 2.0])).tolist()
        [2.0, -1.0]
    """
    from scipy.sparse.linalg import LinearOperator

    check_a_game(game)
    gamma = check_gamma(gamma)
    check_deterministic(game)
    n, dtype = sum(flat.sizes(game)), flat.dtype(game)
    jvp = _compile(lambda game, u: game.jvp(u), game, dtype, jit_compile)
    vjp = _compile(lambda game, u: game.linearize().vjp(u), game, dtype, jit_compile)
    if gamma == 0.0:
        return LinearOperator((n, n), jvp, vjp, dtype=dtype.as_numpy_dtype)

    def matvec(u):
        a_u = jvp(u)
        return a_u - gamma * vjp(a_u)

    def rmatvec(u):
        return vjp(u - gamma * jvp(u))

    return LinearOperator((n, n), matvec, rmatvec, dtype=dtype.as_numpy_dtype)


def as_operator(game: "Game | LinearOperator", jit_compile: bool = False) -> "LinearOperator":
    """A game's operator, compiled now; an operator is returned as it is.

    Raises:
        TypeError: if it is neither.
    """
    from scipy.sparse.linalg import LinearOperator

    if isinstance(game, LinearOperator):
        return game
    return linear_operator(game, jit_compile=jit_compile)


def _compile(product, game, dtype, jit_compile):
    # The batch is an argument: captured, NumPy arrays would become constants of the graph.
    @tf.function(jit_compile=jit_compile)
    def compiled(u, *batch):
        return product(flat.at_batch(game, batch), u)

    def real(u):
        # Cut and joined here, not in the graph, which would hold two more copies of u.
        return flat.join(compiled(flat.cut(u, game.variables), *game.batch), dtype)

    def apply(u):
        u = np.asarray(u)
        return real(u.real) + 1j * real(u.imag) if np.iscomplexobj(u) else real(u)

    return apply

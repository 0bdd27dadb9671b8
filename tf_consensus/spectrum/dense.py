"""The whole matrix v' of a game, and its eigenvalues."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.spectrum import flat
from tf_consensus.spectrum.checks import (
    check_a_game,
    check_batch,
    check_batch_count,
    check_batches,
    check_block_size,
    check_gamma,
    check_matrix,
    check_memory,
    check_memory_limit,
)
from tf_consensus.spectrum.determinism import check_deterministic

MEMORY_LIMIT = 4 * 2**30


def compile_jacobian(
    game: Game,
    block_size: int = 64,
    memory_limit: int = MEMORY_LIMIT,
    jit_compile: bool = False,
) -> Callable[..., np.ndarray]:
    """Compiles the computation of v', to be run at many parameters and batches.

    Rows are pullbacks of unit vectors, row i = v'ᵀeᵢ = ∇vᵢ, `block_size` of them at once, each
    through the part of the field it belongs to.

    Args:
        game: the game.
        block_size: rows computed together. Temporary memory grows with it: every row holds its own
            second-order activations.
        memory_limit: bound in bytes on the memory of the matrix.
        jit_compile: compile with XLA; good for small dense networks, bad for convolutions on CPU.

    Returns:
        A function of `batches`, as in `jacobian`, that evaluates v' at the variables' values at the
        call. It is compiled at its first call and again only for batches of other shapes.

    Raises:
        MemoryError: if the matrix needs more than `memory_limit`.
        ValueError: if `block_size` is not a positive integer.

    Example:
        >>> x, y = tf.Variable(1.0), tf.Variable(1.0)
        >>> measure = compile_jacobian(Game(lambda: (x * y, -x * y), [[x], [y]]))
        >>> measure().tolist()
        [[0.0, -1.0], [1.0, 0.0]]
    """
    check_a_game(game)
    check_block_size(block_size)
    memory_limit = check_memory_limit(memory_limit)
    sizes, dtype = flat.sizes(game), flat.dtype(game)
    n = sum(sizes)
    check_memory(n, dtype, memory_limit)
    players = [
        _compile_rows(game, player, min(block_size, size), dtype, jit_compile)
        for player, size in enumerate(sizes)
    ]

    def measure(batches: Iterable[Any] | None = None) -> np.ndarray:
        total, count = np.zeros((n, n), dtype.as_numpy_dtype), 0
        for batch in [game.batch] if batches is None else check_batches(batches):
            check_batch(batch, game)
            if count == 0:
                check_deterministic(flat.at_batch(game, batch))
            parts = np.split(total, np.cumsum(sizes)[:-1])
            for rows, part in zip(players, parts, strict=True):
                _add_rows(part, rows, block_size, batch)
            count += 1
        check_batch_count(count)
        total /= count
        return total

    return measure


def jacobian(
    game: Game,
    batches: Iterable[Any] | None = None,
    block_size: int = 64,
    memory_limit: int = MEMORY_LIMIT,
    jit_compile: bool = False,
) -> np.ndarray:
    """The derivative v' of the field at the game's current parameters, as a dense matrix.

    Args:
        game: the game.
        batches: iterable of tuples of arguments of `game.losses`; v' is averaged over them, since
            the field of the whole data is the mean of the batches' fields. `None` is the game's own
            batch.
        block_size: as in `compile_jacobian`, which is the form to use for repeated evaluation.
        memory_limit: likewise.
        jit_compile: likewise.

    Returns:
        Array of shape (n, n), row i the gradient of vᵢ, n parameters in the order of
        `game.variables`; float64 if any variable is, float32 otherwise.

    Raises:
        MemoryError: if the matrix needs more than `memory_limit`.
        TypeError: if a batch is not a tuple or list.
        ValueError: if there are no batches, the losses are not deterministic or not finite, or
            `block_size` is not a positive integer.

    Example:
        >>> x = tf.Variable([1.0, 2.0])
        >>> game = Game(lambda t: (t * tf.reduce_sum(x**2),), [[x]], batch=(1.0,))
        >>> jacobian(game, batches=[(1.0,), (2.0,)]).tolist()
        [[-3.0, 0.0], [0.0, -3.0]]

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 2.2.
    """
    return compile_jacobian(game, block_size, memory_limit, jit_compile)(batches)


def eigenvalues(
    game: Game | np.ndarray,
    gamma: float = 0.0,
    batches: Iterable[Any] | None = None,
    block_size: int = 64,
    memory_limit: int = MEMORY_LIMIT,
) -> np.ndarray:
    """The eigenvalues of v' - γ v'ᵀv', all of them.

    At a stationary point of v this is the derivative w' of consensus optimization's field
    w = v - γ v'ᵀv (eq. 16); elsewhere w' has further terms: v times second derivatives of v.

    Args:
        game: the game; or its Jacobian from `jacobian`, so that several γ share one.
        gamma: γ ≥ 0.
        batches: as in `jacobian`; v' is averaged before it is squared.
        block_size: as in `jacobian`.
        memory_limit: as in `jacobian`.

    Returns:
        Complex array of shape (n,), largest real part first.

    Raises:
        ValueError: if γ is negative or not finite, or as in `jacobian`.

    Example:
        >>> matrix = np.array([[0.0, -1.0], [1.0, 0.0]])
        >>> eigenvalues(matrix, gamma=0.5).real.tolist()
        [-0.5, -0.5]

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 5 and figure 3.
    """
    gamma = check_gamma(gamma)
    if isinstance(game, np.ndarray):
        a = check_matrix(game)
    else:
        a = jacobian(game, batches, block_size, memory_limit).astype("float64")
    values = np.linalg.eigvals(a - gamma * a.T @ a if gamma else a).astype("complex128")
    return values[np.argsort(-values.real, kind="stable")]


def _compile_rows(game, player, block_size, dtype, jit_compile):
    # With relaxed shapes, batches of many sizes compile twice, not once per size.
    @tf.function(jit_compile=jit_compile, reduce_retracing=True)
    def rows(start, *batch):
        pullback = flat.player_vjp(flat.at_batch(game, batch), player)
        # Past the end one_hot gives zeros, so the last block has the shape of all others.
        size = flat.sizes(game)[player]
        units = tf.one_hot(start + tf.range(block_size), size, dtype=dtype)
        return tf.vectorized_map(pullback, units)

    return rows


def _add_rows(part, rows, block_size, batch):
    """Adds one player's rows of v' to `part`, in place."""
    for start in range(0, len(part), block_size):
        block = part[start : start + block_size]
        block += rows(tf.constant(start), *batch).numpy()[: len(block)]

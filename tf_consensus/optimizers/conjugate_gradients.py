"""Conjugate gradients on lists of tensors."""

from collections.abc import Callable

import tensorflow as tf

from tf_consensus.games import vectors


def conjugate_gradients(
    product: Callable[[list[tf.Tensor]], list[tf.Tensor]],
    b: vectors.Vector,
    max_iterations: int,
    tolerance: float,
) -> list[tf.Tensor]:
    """Solves M x = b for a symmetric positive definite M, from x = 0.

    A `tf.while_loop` over static shapes, so that it compiles under XLA and may end early.

    Args:
        product: function p ↦ M p of lists that match `b`.
        b: list of tensors.
        max_iterations: the largest number of products.
        tolerance: stops when ‖b - M x‖ ≤ tolerance · ‖b‖, for the residual of the recurrence.

    Returns:
        x, a list that matches `b`.

    Example:
        >>> x = conjugate_gradients(lambda p: [4.0 * p[0]], [tf.constant([2.0])], 5, 1e-6)
        >>> float(x[0][0])
        0.5

    Reference:
        Hestenes, Stiefel, Methods of Conjugate Gradients for Solving Linear Systems, 1952.
    """
    b = list(b)
    square = vectors.dot(b, b)

    def unsolved(
        x: list[tf.Tensor], r: list[tf.Tensor], p: list[tf.Tensor], rr: tf.Tensor
    ) -> tf.Tensor:
        del x, r, p
        return rr > tolerance**2 * square

    def improve(
        x: list[tf.Tensor], r: list[tf.Tensor], p: list[tf.Tensor], rr: tf.Tensor
    ) -> tuple[list[tf.Tensor], list[tf.Tensor], list[tf.Tensor], tf.Tensor]:
        m_p = product(p)
        alpha = rr / vectors.dot(p, m_p)
        x = vectors.add_scaled(x, alpha, p)
        r = vectors.add_scaled(r, -alpha, m_p)
        new_rr = vectors.dot(r, r)
        return x, r, vectors.add_scaled(r, new_rr / rr, p), new_rr

    start = ([tf.zeros_like(t) for t in b], b, b, square)
    x, *_ = tf.while_loop(
        unsolved, improve, start, parallel_iterations=1, maximum_iterations=max_iterations
    )
    return x

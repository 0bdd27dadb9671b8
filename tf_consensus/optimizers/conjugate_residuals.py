"""Generalized conjugate residuals on lists of tensors."""

from collections.abc import Callable

import tensorflow as tf

from tf_consensus.games import vectors


def conjugate_residuals(
    product: Callable[[list[tf.Tensor]], list[tf.Tensor]], b: vectors.Vector, iterations: int
) -> list[tf.Tensor]:
    """Makes ‖b - M x‖ small over x in the span of b, Mb, M²b …, from x = 0.

    M need not be symmetric. Where its symmetric part is definite, x is that of GMRES: the best in
    the span. The loop is unrolled and holds two vectors per iteration.

    Args:
        product: function p ↦ M p of lists that match `b`.
        b: list of tensors.
        iterations: the number of products.

    Returns:
        x, a list that matches `b`.

    Example:
        >>> x = conjugate_residuals(lambda p: [4.0 * p[0]], [tf.constant([2.0])], 1)
        >>> float(x[0][0])
        0.5

    Reference:
        Eisenstat, Elman, Schultz, Variational Iterative Methods for Nonsymmetric Systems of Linear
        Equations, 1983.
    """
    x, r = [tf.zeros_like(t) for t in b], list(b)
    past: list[tuple[list[tf.Tensor], list[tf.Tensor]]] = []
    for _ in range(iterations):
        p, m_p = r, product(r)
        for q, m_q in past:
            beta = _ratio(vectors.dot(m_p, m_q), m_q)
            p, m_p = vectors.add_scaled(p, -beta, q), vectors.add_scaled(m_p, -beta, m_q)
        alpha = _ratio(vectors.dot(r, m_p), m_p)
        x, r = vectors.add_scaled(x, alpha, p), vectors.add_scaled(r, -alpha, m_p)
        past.append((p, m_p))
    return x


def _ratio(product: tf.Tensor, a: vectors.Vector) -> tf.Tensor:
    """The product over ‖a‖²; 0 for a = 0, where the residual cannot be reduced."""
    return tf.math.divide_no_nan(product, vectors.dot(a, a))

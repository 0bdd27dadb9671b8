"""Roots of a quadratic: the two eigenvalues that momentum makes of one."""

import numpy as np
from numpy.typing import ArrayLike


def quadratic_roots(total: ArrayLike, product: ArrayLike) -> np.ndarray:
    """Roots of r² - total·r + product, both arrays of length n; returns length 2n."""
    total, product = np.broadcast_arrays(np.asarray(total, complex), np.asarray(product, complex))
    root = np.sqrt(total**2 - 4 * product)
    # Adding numbers of like direction avoids the cancellation of the textbook formula.
    root = np.where((total.conj() * root).real < 0, -root, root)
    large = (total + root) / 2
    small = np.divide(product, large, out=np.zeros_like(large), where=large != 0)
    return np.concatenate([large, small])

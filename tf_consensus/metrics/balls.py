"""Balls around rows of features that reach to their k-th nearest neighbours."""

import hashlib
from collections.abc import Iterator

import numpy as np
import scipy

# Rows per block of the matrix of distances: 80 MB for 10,000 columns.
_BLOCK = 1000
_EPSILON = np.finfo(float).eps


def squared_radii(centres: np.ndarray, k: int) -> np.ndarray:
    """The squared distance of each row to its k-th nearest neighbour, not counting itself.

    Equal rows are neighbours at distance 0.

    Args:
        centres: (n, d), n above k, float64.
        k: number of the neighbour.

    Returns:
        (n,).
    """
    radii = []
    for rows, block, error in _blocks(centres, centres):
        _make_exact(block, block <= _kth(block, k)[:, None] + 2 * error, error, rows, centres)
        radii.append(_kth(block, k))
    return np.concatenate(radii)


def inside(
    points: np.ndarray, centres: np.ndarray, squared_radii: np.ndarray
) -> Iterator[np.ndarray]:
    """Which points are in which balls, in blocks of rows of the points.

    A ball includes its edge, so one of radius 0 includes what equals its centre.

    Args:
        points: (m, d), float64.
        centres: (n, d), float64.
        squared_radii: (n,).

    Yields:
        Booleans (rows, n), the points' rows in order.
    """
    for rows, block, error in _blocks(points, centres):
        _make_exact(block, np.abs(block - squared_radii) <= error, error, rows, centres)
        yield block <= squared_radii


def _blocks(a, b):
    """Blocks of rows of a, their matrix ‖a_i - b_j‖², and a bound of its rounding errors."""
    centre = b.mean(axis=0)
    # Shorter vectors lose less when their products cancel.
    shifted = b - centre
    squares = np.einsum("ij,ij->i", shifted, shifted)
    digests = _digests(b)
    for start in range(0, len(a), _BLOCK):
        rows = a[start : start + _BLOCK]
        own = rows - centre
        total = np.einsum("ij,ij->i", own, own)[:, None] + squares
        block = total - 2 * (own @ shifted.T)
        equal = _digests(rows)[:, None] == digests
        block[equal] = 0.0
        error = (4 * a.shape[1] + 16) * _EPSILON * total
        error[equal] = 0.0
        yield rows, block, error


def _make_exact(block, chosen, error, rows, centres):
    """Sets the chosen entries that have an error to what the differences of rows give."""
    chosen &= error > 0
    for i in np.flatnonzero(chosen.any(axis=1)):
        near = np.flatnonzero(chosen[i])
        exact = scipy.spatial.distance.cdist(rows[i : i + 1], centres[near], "sqeuclidean")
        block[i, near] = exact[0]


def _digests(rows):
    """A short text per row; without them, a set of one image again and again would take long."""
    return np.array([hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in rows])


def _kth(block, k):
    return np.partition(block, k, axis=1)[:, k]

"""Precision and recall of generated features by nearest neighbours."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.metrics import balls
from tf_consensus.metrics.kernel import check_features
from tf_consensus.support.checks import check_int


class PrecisionRecallResult(NamedTuple):
    """Shares between 0 and 1.

    Attributes:
        precision: share of the generated images that could be real.
        recall: share of the real images that could be generated.
    """

    precision: float
    recall: float


def precision_recall(
    real_features: ArrayLike, fake_features: ArrayLike, k: int = 3
) -> PrecisionRecallResult:
    """Return the share of each set that lies in the region that the other one spans.

    The region of a set is the union of balls around its points. Each ball reaches to the point's
    k-th nearest neighbour in the set, not counting itself, and includes its edge. Precision is the
    share of the generated features in the region of the real ones, recall the share of the real
    features in the region of the generated ones. They are computed in float64, in blocks
    of 1,000 rows; two sets of 6,400 rows of 2,048 features take about 30 seconds on one core.

    Both depend on the sets' sizes; compare only results for sets of equal sizes, preferably of
    10,000 or more.

    Args:
        real_features: (n, d).
        fake_features: (m, d).
        k: number of the neighbour that a ball reaches.

    Returns:
        The two shares.

    Raises:
        ValueError: if the sets do not have shapes (n, d) and (m, d), n and m above k, a feature is
            not finite, or `k` is not a positive integer.

    Example:
        >>> real, fake = [[0.0], [1.0], [2.0], [9.0]], [[0.5], [1.5], [20.0], [21.0]]
        >>> precision_recall(real, fake, k=1)
        PrecisionRecallResult(precision=0.5, recall=0.75)

    Reference:
        Kynkäänniemi et al., Improved Precision and Recall Metric for Assessing Generative Models,
        2019, section 2.
    """
    k = check_int("k", k, minimum=1)
    real, fake = check_features(real_features, fake_features, least=k + 1)
    return PrecisionRecallResult(_share(fake, real, k), _share(real, fake, k))


def _share(points, others, k):
    """The share of the points in the region of the others."""
    blocks = balls.inside(points, others, balls.squared_radii(others, k))
    return float(np.concatenate([block.any(axis=1) for block in blocks]).mean())

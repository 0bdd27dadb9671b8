"""The classifier score: the inception score with any classifier."""

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike

from tf_consensus.support.arrays import check_finite, check_reals
from tf_consensus.support.checks import check_int


class MeanStd(NamedTuple):
    """A result over the parts of a sample.

    Attributes:
        mean: the mean over the parts.
        std: the population standard deviation over the parts.
    """

    mean: float
    std: float


def classifier_score(logits: ArrayLike, splits: int = 10) -> MeanStd:
    """Return exp of the mutual information between an image and its class, over splits.

    With p(y|x) the softmax of the logits of image x and p(y) its mean over a split,
    score = exp E_x KL(p(y|x) ‖ p(y)), between 1 (all images alike) and k (every image certain,
    the k classes equally frequent). Split i of s is the rows i n/s to (i + 1) n/s, each rounded
    down, so the result depends on the rows' order as far as the splits do. It is computed in
    float64. The inception score is this score with the reference network's logits without bias.

    A split's score is biased towards 1 if it has few images for its classes; compare only scores
    of equal numbers of images.

    Args:
        logits: (n, k), k at least 2, each row up to a constant; log-probabilities are logits, so
            -∞ stands for a class of probability 0.
        splits: number s of parts.

    Returns:
        Mean and population standard deviation of the splits' scores.

    Raises:
        ValueError: if `logits` is not an (n, k) array, has NaN or ∞ or rows of -∞ alone, or holds
            probabilities; or `splits` is not an integer from 1 to n.

    Example:
        >>> classifier_score(100.0 * np.eye(4), splits=1)
        MeanStd(mean=4.0, std=0.0)

    Reference:
        Salimans et al., Improved Techniques for Training GANs, 2016, section 4.
    """
    logits = _check_logits(logits)
    splits = check_int("splits", splits, minimum=1)
    n = len(logits)
    if splits > n:
        raise ValueError(
            "Every split needs an image. Received: "
            f"{n} images, splits={splits!r}. Generate more samples, or take fewer splits."
        )
    check_not_probabilities(logits)
    log_p = scipy.special.log_softmax(logits, axis=1)
    parts = [log_p[i * n // splits : (i + 1) * n // splits] for i in range(splits)]
    with np.errstate(invalid="ignore"):
        scores = [_score(part) for part in parts]
    return MeanStd(float(np.mean(scores)), float(np.std(scores)))


def _score(log_p):
    p = np.exp(log_p)
    mean = p.mean(axis=0)
    # p (log p - log mean) is 0 where p is 0; there the logarithms may be infinite.
    terms = np.where(p == 0, 0.0, p * (log_p - np.log(np.where(mean == 0, 1.0, mean))))
    return np.exp(terms.sum(axis=1).mean())


def check_not_probabilities(logits: np.ndarray) -> None:
    """Raises if every row of (n, k) could be probabilities.

    Raises:
        ValueError: if no number is negative and every row sums to 1.
    """
    if (logits >= 0).all() and (np.abs(logits.sum(axis=1) - 1.0) < 1e-5).all():
        shown = np.array2string(np.asarray(logits[0][:4], dtype=float), precision=4)
        raise ValueError(
            "Logits must not be probabilities, unless a Softmax layer or activation gives them. "
            f"Received: logits of shape {logits.shape}, rows from {shown} on that are not negative "
            "and sum to 1. Name the layer before by `logits`, end the model in "
            "keras.layers.Softmax, or take the logarithm."
        )


def _check_logits(logits):
    array = check_reals("logits", logits)
    if array.ndim != 2 or not array.size or array.shape[1] < 2:
        raise ValueError(
            "`logits` must have shape (n, k), one row per image, of k > 1 classes. Received: "
            f"logits of shape {array.shape}. Stack the batches of an extractor."
        )
    # The largest of a row must be finite; all others may belong to impossible classes.
    check_finite(
        "logits",
        np.where(np.isneginf(array), array.max(axis=1, keepdims=True), array),
        "Look at the images that gave them: the generator has diverged.",
        np.finfo(float).max,
    )
    return array

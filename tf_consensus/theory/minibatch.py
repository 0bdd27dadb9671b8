"""Lemma 15: ½‖mean of gradients‖² over a mini-batch is biased, and how to correct it."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.checks import check_count
from tf_consensus.theory._checks import as_array, as_finite, as_matrix


def minibatch_loss(samples: ArrayLike) -> float:
    """Equation 48: L_B = ½‖(1/B) Σ vᵢ‖².

    Args:
        samples: Per-example fields vᵢ(x), shape (B, n).

    Returns:
        L_B.

    Raises:
        ValueError: If the samples are not a (B, n) array.

    Example:
        >>> minibatch_loss([[1.0, 0.0], [3.0, 0.0]])
        2.0

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, equation 48 (supplement).
    """
    mean = _as_samples(samples, at_least=1).mean(axis=0)
    return float(mean @ mean) / 2


def minibatch_bias(covariance: ArrayLike, batch_size: int) -> float:
    """Lemma 15 (equation 49): E[L_B] - L = Var[v₁] / (2B).

    Var is the total variance E‖v₁ - v‖², the trace of the covariance.

    Args:
        covariance: Covariance of one vᵢ, shape (n, n).
        batch_size: B >= 1.

    Returns:
        The bias of L_B, zero or above.

    Raises:
        ValueError: If the diagonal has a negative entry or B is not a whole number above 0.

    Example:
        >>> minibatch_bias([[3.0, 1.0], [1.0, 1.0]], batch_size=4)
        0.5

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, lemma 15 (supplement).
    """
    variances = np.diag(as_matrix(covariance, "covariance"))
    if variances.min() < 0:
        raise ValueError(
            "`covariance` must have a diagonal of 0 or above. "
            f"Received: the variance {variances.min():.6g}. "
            "Pass `numpy.cov(samples, rowvar=False)`."
        )
    batch_size = check_count("batch_size", batch_size, "For example batch_size=64.")
    return float(variances.sum()) / (2 * batch_size)


def debiased_loss(samples: ArrayLike) -> float:
    """Unbiased estimate of L = ½‖v‖²: L_B minus 1/(2B - 2) times the sample variance.

    The sample variance is (1/B) Σ ‖vᵢ - v_B‖², divided by B; the paper does not say. (With the
    division by B - 1 the factor is 1/(2B).) The estimate equals Σ_{i≠j} vᵢ·vⱼ / (2B(B - 1)), so it
    may be negative, as every unbiased estimate of a square may.

    Args:
        samples: Per-example fields vᵢ(x), independent, shape (B, n), B >= 2.

    Returns:
        The estimate.

    Raises:
        ValueError: If there are fewer than two samples.

    Example:
        >>> debiased_loss([[1.0, 0.0], [3.0, 0.0]])
        1.5

    Reference:
        Mescheder et al., The Numerics of GANs, NeurIPS 2017, after lemma 15 (supplement).
    """
    values = _as_samples(samples, at_least=2)
    variance = np.square(values - values.mean(axis=0)).sum() / len(values)
    return minibatch_loss(values) - float(variance) / (2 * len(values) - 2)


def _as_samples(samples, at_least: int) -> np.ndarray:
    values = as_array(samples, "samples")
    if np.iscomplexobj(values):
        raise ValueError(
            "`samples` must be real. Received: samples of dtype "
            f"{values.dtype}. Pass the fields themselves."
        )
    values = as_finite(values.astype(np.float64), "samples")
    if values.ndim != 2 or len(values) < at_least or values.shape[1] == 0:
        raise ValueError(
            f"`samples` must have shape (B, n) with B of {at_least} or more. "
            f"Received: samples of shape {values.shape}. Pass one row per example."
        )
    return values

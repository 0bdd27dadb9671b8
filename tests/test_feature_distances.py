"""The functions behind the metrics of images, against closed forms and loops."""

import math

import numpy as np
import pytest
from scipy import linalg

from tf_consensus import metrics


def batched(array, size):
    return [array[i : i + size] for i in range(0, len(array), size)]


def covariance(seed, d=5, rank=None):
    factor = np.random.default_rng(seed).normal(size=(d, rank or d))
    return factor @ factor.T


def frechet_oracle(mean1, cov1, mean2, cov2):
    root = linalg.sqrtm(cov1 @ cov2)
    return np.sum((mean1 - mean2) ** 2) + np.trace(cov1 + cov2 - 2 * root.real)


# --- Fréchet distance ----------------------------------------------------------------------------


def test_frechet_distance_of_commuting_gaussians_is_that_of_the_deviations():
    a, b = np.array([1.0, 4.0, 9.0]), np.array([4.0, 4.0, 0.25])
    distance = metrics.frechet_distance(np.zeros(3), np.diag(a), [1.0, 2.0, 2.0], np.diag(b))
    assert distance == pytest.approx(9 + np.sum((np.sqrt(a) - np.sqrt(b)) ** 2), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_frechet_distance_of_any_gaussians_is_that_by_the_matrix_root(seed):
    arguments = (np.arange(5.0), covariance(seed), np.ones(5), covariance(seed + 10))
    expected = frechet_oracle(*arguments)
    assert metrics.frechet_distance(*arguments) == pytest.approx(expected, rel=1e-9)
    swapped = metrics.frechet_distance(*arguments[2:], *arguments[:2])
    assert swapped == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_of_singular_covariances():
    # Of one direction each, the root of the product is |<u, w>| u w' / …: trace |<u, w>|.
    u, w = np.random.default_rng(0).normal(size=(2, 40))
    distance = metrics.frechet_distance(np.zeros(40), np.outer(u, u), np.zeros(40), np.outer(w, w))
    assert distance == pytest.approx(u @ u + w @ w - 2 * abs(u @ w), rel=1e-9)
    cov = covariance(3, d=60, rank=7)
    assert metrics.frechet_distance(np.ones(60), cov, np.ones(60), cov) < 1e-9 * np.trace(cov)
    # A generator that always makes the same image.
    collapsed = metrics.frechet_distance(np.ones(60), np.zeros((60, 60)), np.zeros(60), cov)
    assert collapsed == pytest.approx(60 + np.trace(cov), rel=1e-12)


def test_frechet_distance_of_less_images_than_features():
    a, b = np.random.default_rng(5).normal(size=(2, 20, 50))
    # The nuclear norm of the product of the centred rows, in another order than the function's.
    centred = [(x - x.mean(axis=0)) / math.sqrt(19) for x in (a, b)]
    roots = np.linalg.svd(centred[0] @ centred[1].T, compute_uv=False).sum()
    moments = [(x.mean(axis=0), np.cov(x.T)) for x in (a, b)]
    expected = np.sum((moments[0][0] - moments[1][0]) ** 2)
    expected += np.trace(moments[0][1] + moments[1][1]) - 2 * roots
    distance = metrics.frechet_distance(*moments[0], *moments[1])
    assert distance == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0], np.eye(1), [0.0, 0.0], np.eye(2)), r"Means must have .*Received: shapes \(1,\)"),
        (([0.0] * 2, [[1, 1], [0, 1]], [0.0] * 2, np.eye(2)), "`cov1` must be symmetric.*Received"),
        (([0.0] * 2, np.eye(2), [0.0] * 2, -np.eye(2)), "`cov2` must have no negative.*Received"),
    ],
)
def test_bad_gaussians_raise(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.frechet_distance(*arguments)


# --- score ---------------------------------------------------------------------------------------


def test_score_of_certain_even_classes_is_their_number():
    logits = 1e4 * np.eye(7)[np.arange(70) % 7]
    assert metrics.classifier_score(logits) == pytest.approx((7, 0), abs=1e-12)


def test_score_of_images_all_alike_is_one():
    logits = np.tile(np.random.default_rng(0).normal(size=9), (40, 1))
    assert metrics.classifier_score(logits) == pytest.approx((1, 0), abs=1e-12)


def test_score_is_the_mean_over_the_splits_of_the_exponentials():
    logits = 3 * np.random.default_rng(1).normal(size=(23, 4))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    scores = []
    for i in range(3):
        part = p[i * 23 // 3 : (i + 1) * 23 // 3]
        kl = [
            sum(q * math.log(q / m) for q, m in zip(row, part.mean(axis=0), strict=True))
            for row in part
        ]
        scores.append(math.exp(np.mean(kl)))
    mean = np.mean(scores)
    deviation = math.sqrt(np.mean((np.array(scores) - mean) ** 2))
    assert metrics.classifier_score(logits, splits=3) == pytest.approx((mean, deviation), rel=1e-12)
    shifted = logits + np.arange(23.0)[:, None]
    assert metrics.classifier_score(shifted, splits=3) == pytest.approx((mean, deviation), rel=1e-9)


def test_score_of_a_known_posterior():
    # Two classes at p and 1 - p, evenly swapped: log 2 less the entropy of p.
    p = 0.9
    logits = np.log([[p, 1 - p], [1 - p, p]] * 50)
    entropy = -(p * math.log(p) + (1 - p) * math.log(1 - p))
    assert metrics.classifier_score(logits).mean == pytest.approx(math.exp(math.log(2) - entropy))


def test_classes_of_probability_0_are_allowed():
    with np.errstate(divide="ignore"):
        logits = np.log(np.eye(7)[np.arange(70) % 7])
    assert metrics.classifier_score(logits) == pytest.approx((7, 0), abs=1e-12)


@pytest.mark.parametrize(
    ("logits", "splits", "message"),
    [
        ([1.0, 2.0], 1, r"`logits` must have shape \(n, k\).*Received: logits of shape \(2,\)"),
        (np.eye(3), 4, "Every split needs an image. Received: 3 images, splits=4"),
        (np.eye(3), 0, "`splits` must be an integer of at least 1"),
    ],
)
def test_bad_logits_raise(logits, splits, message):
    with pytest.raises(ValueError, match=message):
        metrics.classifier_score(logits, splits)


# --- statistics ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 50])
def test_statistics_are_independent_of_batches_and_order(size):
    rows = 1e3 + np.random.default_rng(0).normal(size=(50, 3))
    forward, backward, halves = (metrics.FeatureStatistics(3) for _ in range(3))
    for batch in batched(rows, size):
        forward.update(batch)
    for batch in batched(rows[::-1], size):
        backward.update(batch)
    halves.update(rows[:20])
    other = metrics.FeatureStatistics(3)
    other.update(rows[20:])
    halves.merge(other)
    for statistics in (forward, backward, halves):
        assert statistics.count == 50
        np.testing.assert_allclose(statistics.mean, rows.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(statistics.cov, np.cov(rows.T), rtol=1e-11)


def test_statistics_of_too_little_or_other_features_raise():
    statistics = metrics.FeatureStatistics(3)
    with pytest.raises(ValueError, match=r"A mean needs at least 1 rows\. Received: 0"):
        _ = statistics.mean
    statistics.update(np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"A covariance needs at least 2 rows\. Received: 1"):
        _ = statistics.cov
    with pytest.raises(ValueError, match=r"must have shape \(n, 3\). Received: .*\(2, 4\)"):
        statistics.update(np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"dimensions are equal\. Received: dim=3 and dim=4"):
        statistics.merge(metrics.FeatureStatistics(4))
    with pytest.raises(ValueError, match="`dim` must be an integer of at least 1"):
        metrics.FeatureStatistics(0)


# --- kernel distance, precision and recall -------------------------------------------------------


def test_kernel_distance_is_that_of_a_double_loop():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(9, 3)), generator.normal(0.5, size=(9, 3))

    def kernel(a, b):
        return (sum(s * t for s, t in zip(a, b, strict=True)) / 3 + 1) ** 3

    pairs = [(i, j) for i in range(9) for j in range(9)]
    expected = sum(kernel(x[i], x[j]) + kernel(y[i], y[j]) for i, j in pairs if i != j) / 72
    expected -= 2 * sum(kernel(x[i], y[j]) for i, j in pairs) / 81
    result = metrics.kernel_distance(x, y, subsets=2)
    assert result == pytest.approx((expected, 0.0), rel=1e-9, abs=1e-9)


def test_kernel_distance_is_unbiased_over_subsets():
    x, y = np.random.default_rng(1).normal(size=(2, 400, 2))
    mean, deviation = metrics.kernel_distance(x, y, subsets=200, subset_size=20)
    assert abs(mean) < 5 * deviation / math.sqrt(200)
    whole = metrics.kernel_distance(x, y, subsets=1).mean
    assert abs(mean - whole) < 5 * deviation / math.sqrt(200)
    shifted = metrics.kernel_distance(x, y + 1, subsets=20, subset_size=20)
    assert shifted.mean > 1


def precision_oracle(real, fake, k):
    def share(points, others):
        radii = [np.sort(np.linalg.norm(others - o, axis=1))[k] for o in others]
        inside = [any(np.linalg.norm(others - p, axis=1) <= radii) for p in points]
        return np.mean(inside)

    return share(fake, real), share(real, fake)


def test_precision_and_recall_are_those_of_a_loop_over_the_balls():
    generator = np.random.default_rng(2)
    real, fake = generator.normal(size=(60, 4)), generator.normal(0.7, 0.6, size=(45, 4))
    for k in (1, 3):
        result = metrics.precision_recall(real, fake, k)
        assert result == pytest.approx(precision_oracle(real, fake, k))
    assert 0 < result.recall < result.precision < 1


def test_precision_and_recall_in_several_blocks(monkeypatch):
    generator = np.random.default_rng(3)
    real, fake = generator.normal(size=(30, 2)), generator.normal(size=(25, 2))
    whole = metrics.precision_recall(real, fake)
    monkeypatch.setattr("tf_consensus.metrics.balls._BLOCK", 7)
    assert metrics.precision_recall(real, fake) == whole


def test_precision_and_recall_of_constructed_sets():
    real = np.random.default_rng(4).normal(size=(50, 3))
    assert metrics.precision_recall(real, real) == (1.0, 1.0)
    assert metrics.precision_recall(real, real + 1000) == (0.0, 0.0)
    one_mode = np.concatenate([real[:1] + 1e-3 * real, np.full((50, 3), 1e9)])
    precision, recall = metrics.precision_recall(real, one_mode)
    assert precision == 0.5
    assert recall <= 0.02


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.kernel_distance(np.eye(2), np.eye(3)), r"Received: shapes \(2, 2\) and"),
        (lambda: metrics.kernel_distance(np.eye(1), np.eye(1)), "n at least 2"),
        (lambda: metrics.kernel_distance(np.eye(2), np.eye(2), 0), "`subsets` must be an integer"),
        (lambda: metrics.kernel_distance(np.eye(2), np.eye(2), 1, 1), "`subset_size` must be"),
        (lambda: metrics.kernel_distance(np.eye(2), np.eye(2), seed=-1), "`seed` must be"),
        (lambda: metrics.precision_recall(np.eye(3), np.eye(3)), "n at least 4"),
        (lambda: metrics.precision_recall(np.eye(3), np.eye(3), 0), "`k` must be an integer"),
    ],
)
def test_bad_features_raise(call, message):
    with pytest.raises(ValueError, match=message):
        call()

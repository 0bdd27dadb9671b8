"""Density, coverage and the balls behind them, against loops over exact distances."""

import doctest
import math
from fractions import Fraction

import numpy as np
import pytest

from tf_consensus import metrics
from tf_consensus.metrics import balls, density


def squared_distance(a, b):
    """Of rows of binary fractions, without rounding."""
    return sum((Fraction(float(s)) - Fraction(float(t))) ** 2 for s, t in zip(a, b, strict=True))


def oracle(real, fake, k):
    """The definition, point by point, in fractions."""
    radii = []
    for i, x in enumerate(real):
        others = sorted(squared_distance(x, y) for j, y in enumerate(real) if j != i)
        radii.append(others[k - 1])
    inside = [[squared_distance(x, y) <= r for y in fake] for x, r in zip(real, radii, strict=True)]
    return (
        sum(map(sum, inside)) / (k * len(fake)),
        sum(map(any, inside)) / len(real),
    )


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("kind", ["normal", "lattice", "duplicates", "far clusters"])
def test_they_are_those_of_a_loop_over_exact_distances(k, kind):
    """A lattice has ties at every radius; duplicates have radius 0."""
    random = np.random.default_rng(k)
    real, fake = random.normal(size=(40, 3)), random.normal(0.5, 0.7, size=(25, 3))
    if kind == "lattice":
        real, fake = (random.integers(0, 3, size=(n, 3)) / 8 + 1e3 for n in (40, 25))
    if kind == "duplicates":
        real = np.repeat(real[:6], 7, axis=0)
        fake[:8] = real[::5][:8]
    if kind == "far clusters":
        real[::2] += 2.0**24
        fake[::3] += 2.0**24
    result = metrics.density_coverage(real, fake, k)
    assert result == oracle(real, fake, k)
    assert 0 < result.coverage <= 1


def precision_oracle(real, fake, k):
    def share(points, others):
        radii = [sorted(squared_distance(x, y) for y in others)[k] for x in others]
        return np.mean(
            [
                any(squared_distance(p, x) <= r for x, r in zip(others, radii, strict=True))
                for p in points
            ]
        )

    return share(fake, real), share(real, fake)


def test_precision_and_recall_include_the_edges_of_their_balls():
    random = np.random.default_rng(0)
    real, fake = (random.integers(0, 4, size=(n, 2)) / 8 + 1e3 for n in (9, 8))
    assert metrics.precision_recall(real, fake, 2) == precision_oracle(real, fake, 2)


def test_the_number_of_rows_in_a_block_does_not_matter(monkeypatch):
    random = np.random.default_rng(3)
    real, fake = random.normal(size=(30, 2)), random.normal(size=(25, 2))
    whole = metrics.density_coverage(real, fake)
    monkeypatch.setattr(balls, "_BLOCK", 7)
    assert metrics.density_coverage(real, fake) == whole


def test_of_constructed_sets():
    real = np.random.default_rng(4).normal(size=(50, 3))
    assert metrics.density_coverage(real, real + 1000) == (0.0, 0.0)
    # Every ball holds its own centre and its k neighbours.
    assert metrics.density_coverage(real, real, 3) == ((3 + 1) / 3, 1.0)
    # One image again and again reaches a few, however many there are.
    collapsed = np.repeat(real[:1], 500, axis=0)
    result = metrics.density_coverage(real, collapsed)
    assert result.coverage < 0.3
    assert result.density == result.coverage * 50 / 5
    # A generated outlier changes recall, whose ball around it is large, but not these.
    outlier = np.concatenate([real[:4], real[:1] + 100])
    assert metrics.precision_recall(real, outlier, 4).recall == 1
    assert metrics.density_coverage(real, outlier).coverage < 0.7
    # A set of one image is a set.
    assert metrics.density_coverage(real, real[:1]).density > 0


def test_their_expectations_for_two_samples_of_one_distribution():
    n, m, k, trials = 60, 90, 5, 40
    random = np.random.default_rng(5)
    results = [
        metrics.density_coverage(random.normal(size=(n, 4)), random.normal(size=(m, 4)))
        for _ in range(trials)
    ]
    expected = 1.0, 1 - math.prod((n - i) / (n + m - i) for i in range(1, k + 1))
    for values, wanted in zip(zip(*results, strict=True), expected, strict=True):
        assert abs(np.mean(values) - wanted) < 4 * np.std(values) / math.sqrt(trials)


def test_float32_features_are_compared_in_float64():
    random = np.random.default_rng(6)
    real, fake = random.normal(size=(2, 30, 5)).astype("float32")
    expected = oracle(real, fake, 5)
    assert metrics.density_coverage(real, fake) == expected
    assert metrics.density_coverage(real.tolist(), fake.astype(float)) == expected
    assert metrics.DensityCoverageResult(*expected).coverage == expected[1]


def test_documented_example():
    results = doctest.testmod(density)
    assert (results.attempted, results.failed) == (2, 0)

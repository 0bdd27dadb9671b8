"""The papers' claims, checked by running what they are about; each with a case where it fails."""

import pathlib

import numpy as np
import pytest

from tf_consensus import theory

ROOT = pathlib.Path(__file__).parent.parent
BILINEAR = np.array([[0.0, 1.0], [-1.0, 0.0]])
SEEDS = range(5)


def random_stable(seed, n=6):
    """Non-normal, eigenvalues with negative real part."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, n))
    return a - (np.linalg.eigvals(a).real.max() + rng.uniform(0.1, 1.0)) * np.eye(n)


def random_semidefinite(rng):
    """Negative semi-definite, invertible, mostly singular in its symmetric part."""
    n = int(rng.integers(2, 11))
    m = rng.normal(size=(n, int(rng.integers(1, n + 1))))
    k = rng.normal(size=(n, n))
    damping, rotation = 10.0 ** rng.uniform(-2, 1, size=2)
    return rotation * (k - k.T) - damping * m @ m.T / n


def spectral_radius(matrix):
    return np.abs(np.linalg.eigvals(matrix)).max()


def bisected_limit(update, high):
    """Largest h with a stable update, stable below it; `high` must be unstable."""
    low = 0.0
    assert spectral_radius(update(high)) > 1
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if spectral_radius(update(middle)) < 1 else (low, middle)
    return low


def growth(step, x, steps=20000):
    """Norm of the last iterate over that of the first; stops once it is clear."""
    start = np.linalg.norm(x)
    for _ in range(steps):
        x = step(x)
        if not 1e-7 * start < np.linalg.norm(x) < 1e4 * start:
            break
    return np.linalg.norm(x) / start


def assert_same_spectrum(found, expected):
    found, expected = np.sort_complex(found), list(expected)
    assert len(found) == len(expected)
    for value in found:  # nearest partner, each used once: sorting splits close pairs
        nearest = int(np.argmin(np.abs(np.array(expected) - value)))
        assert abs(expected.pop(nearest) - value) < 1e-6


# --- Lemma 4, figure 1, proposition 10 ---------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_lemma_4_is_the_bisected_largest_stable_step(seed):
    a = random_stable(seed)
    limit = theory.max_step_size(np.linalg.eigvals(a))
    bisected = bisected_limit(lambda h: np.eye(6) + h * a, high=3 * limit)
    assert limit == pytest.approx(bisected, rel=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_lemma_4_iterates_converge_below_and_diverge_above(seed):
    a = random_stable(seed)
    limit = theory.max_step_size(np.linalg.eigvals(a))
    assert growth(lambda x: x + 0.98 * limit * a @ x, np.ones(6)) < 1e-6
    assert growth(lambda x: x + 1.02 * limit * a @ x, np.ones(6)) > 1e3


@pytest.mark.parametrize("h", [1e-3, 0.1, 1.0])
def test_lemma_4_needs_negative_real_parts(h):
    with pytest.raises(ValueError, match=r"negative real part.*Received: eigenvalue .*gamma > 0"):
        theory.max_step_size([-1.0, 1j, -1j])
    assert spectral_radius(np.eye(2) + h * BILINEAR) > 1


def test_lemma_4_scales_without_overflow():
    assert theory.max_step_size([-1e200]) == pytest.approx(2e-200)
    assert theory.max_step_size([-1e-200]) == pytest.approx(2e200)


def test_euler_eigenvalues_are_those_of_the_update_on_rays_from_one():
    a = random_stable(0)
    values = np.linalg.eigvals(a)
    update = theory.euler_eigenvalues(values, 0.3)
    assert_same_spectrum(update, np.linalg.eigvals(np.eye(6) + 0.3 * a))
    np.testing.assert_allclose(np.angle(update - 1), np.angle(values))


def test_proposition_10_on_a_concave_function():
    m = np.random.default_rng(0).normal(size=(5, 3))
    limit = theory.gradient_ascent_max_step_size(-m.T @ m)

    def ascend(h):  # f(x) = -Σ log cosh(Mx)
        return lambda x: x - h * m.T @ np.tanh(m @ x)

    assert growth(ascend(0.98 * limit), np.full(3, 0.1)) < 1e-6
    assert growth(ascend(1.02 * limit), np.full(3, 1e-6)) > 1e3


def test_proposition_10_needs_a_negative_definite_hessian():
    saddle = np.diag([-1.0, 0.5])
    with pytest.raises(ValueError, match="negative real part"):
        theory.gradient_ascent_max_step_size(saddle)
    assert growth(lambda x: x + 0.01 * saddle @ x, np.ones(2)) > 1e3
    with pytest.raises(ValueError, match=r"symmetric. Received: .* differ by 2"):
        theory.gradient_ascent_max_step_size(BILINEAR)


def test_spectral_radius_is_the_rate_of_convergence():
    a = random_stable(1)
    update = np.eye(6) + 0.5 * theory.max_step_size(np.linalg.eigvals(a)) * a
    power = np.linalg.norm(np.linalg.matrix_power(update, 2000), 2) ** (1 / 2000)
    assert theory.spectral_radius(update) == pytest.approx(power, rel=0.01)

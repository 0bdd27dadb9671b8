"""The papers' claims, checked by running what they are about; each with a case where it fails."""

import doctest
import importlib
import json
import os
import pathlib
import pkgutil
import subprocess
import sys

import numpy as np
import pytest

from tests.in_process import refusal
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


# --- Lemma 7, corollary 8 ----------------------------------------------------------------------


def test_consensus_matrix_descends_on_the_squared_norm():
    """v - γ∇½|v|² of the linear game v = Ax, the gradient by differences; A is not normal."""
    a, x = random_stable(0), np.linspace(-1, 2, 6)

    def loss(x):
        return (a @ x) @ (a @ x) / 2

    gradient = [(loss(x + 1e-5 * e) - loss(x - 1e-5 * e)) / 2e-5 for e in np.eye(6)]
    w = a @ x - 0.3 * np.array(gradient)
    np.testing.assert_allclose(theory.consensus_matrix(a, 0.3) @ x, w, rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.01, 1.0, 30.0])
def test_lemma_7_margin_holds(gamma):
    rng = np.random.default_rng(0)
    for _ in range(100):
        a = random_semidefinite(rng)
        b = theory.consensus_matrix(a, gamma)
        margin = theory.definiteness_margin(a, gamma)
        slack = 1e-10 * np.linalg.norm(b, 2)
        assert margin > 0
        assert np.linalg.eigvalsh((b + b.T) / 2).max() <= -margin + slack
        assert np.linalg.eigvals(b).real.max() <= -margin + slack


def test_lemma_7_margin_is_attained_by_the_bilinear_game():
    b = theory.consensus_matrix(BILINEAR, 0.3)
    assert np.linalg.eigvals(b).real.max() == pytest.approx(
        -theory.definiteness_margin(BILINEAR, 0.3)
    )


@pytest.mark.parametrize(
    ("jacobian", "message"),
    [
        (np.diag([0.5, -1.0]), r"negative semi-definite.*Received: .*eigenvalue 0\.5"),
        (np.diag([0.0, -1.0]), r"invertible.*Received: .*singular value is 0"),
    ],
)
def test_lemma_7_needs_its_hypotheses(jacobian, message):
    with pytest.raises(ValueError, match=message):
        theory.definiteness_margin(jacobian, 0.1)
    b = theory.consensus_matrix(jacobian, 0.1)
    assert np.linalg.eigvalsh((b + b.T) / 2).max() >= 0


def test_semidefiniteness_is_judged_in_the_matrix_precision():
    """A float32 Jacobian of a bilinear game is skew up to its own rounding only."""
    a = BILINEAR.astype(np.float32) + np.float32(1e-7) * np.eye(2, dtype=np.float32)
    assert theory.definiteness_margin(a, 1.0) == pytest.approx(1.0, rel=1e-5)
    with pytest.raises(ValueError, match="negative semi-definite"):
        theory.definiteness_margin(a.astype(np.float64), 1.0)


Q = np.array([[1.0, 0.5], [-0.3, 0.8]])
GAME = np.block([[np.zeros((2, 2)), Q], [-Q.T, np.zeros((2, 2))]])


def nonlinear_game(x):
    """v and v' of f = φᵀQθ - |φ|⁴/4 + |θ|⁴/4; x̄ = 0 is its local Nash equilibrium."""
    phi, theta = x[:2], x[2:]
    v = np.concatenate([Q @ theta - phi @ phi * phi, -Q.T @ phi - theta @ theta * theta])
    jacobian = GAME.copy()
    jacobian[:2, :2] = -(phi @ phi * np.eye(2) + 2 * np.outer(phi, phi))
    jacobian[2:, 2:] = -(theta @ theta * np.eye(2) + 2 * np.outer(theta, theta))
    return v, jacobian


def consensus_step(h, gamma):
    def step(x):
        v, jacobian = nonlinear_game(x)
        return x + h * (v - gamma * jacobian.T @ v)

    return step


@pytest.mark.parametrize("gamma", [0.2, 1.0, 5.0])
def test_corollary_8_on_a_nonlinear_game(gamma):
    limit = theory.consensus_max_step_size(GAME, gamma)
    start = np.array([1.0, -1.0, 0.5, 1.0])
    assert growth(consensus_step(0.95 * limit, gamma), 0.1 * start) < 1e-6
    assert growth(consensus_step(1.05 * limit, gamma), 1e-6 * start) > 1e3


def test_corollary_8_needs_gamma_and_invertibility():
    with pytest.raises(ValueError, match=r"`gamma` must be finite and positive.*Received: gamma=0"):
        theory.consensus_max_step_size(GAME, 0.0)
    assert growth(consensus_step(0.2, 0.0), 1e-6 * np.ones(4)) > 1e3
    constant_game = np.zeros((2, 2))  # every point is an equilibrium, no iterate moves
    with pytest.raises(ValueError, match="invertible"):
        theory.consensus_max_step_size(constant_game, 1.0)
    still = theory.consensus_matrix(constant_game, 1.0)
    assert growth(lambda x: x + 0.1 * still @ x, np.ones(2)) == 1


# --- Lemma 9 -----------------------------------------------------------------------------------


def test_lemma_9_corrected_holds_on_1000_matrices_and_as_printed_does_not():
    rng = np.random.default_rng(0)
    tightness, printed = [], []
    for _ in range(1000):
        a, gamma = random_semidefinite(rng), 10 ** rng.uniform(-2, 2)
        result = theory.quotient_bound(a, gamma)
        tightness.append(result.quotient / result.bound)
        printed.append(result.quotient * (result.c + 2 * result.rho**2 * gamma))
    tightness, printed = np.array(tightness), np.array(printed)
    assert tightness.max() <= 1 + 1e-9
    assert tightness.max() > 0.9  # the bound is not idle
    assert 0.05 < (printed > 1 + 1e-9).mean() < 0.15


@pytest.mark.parametrize("k", [0.1, 1.0, 7.0])
def test_lemma_9_is_attained_by_bilinear_games(k):
    result = theory.quotient_bound(k * BILINEAR, 0.3)
    assert result.quotient == pytest.approx(1 / (0.3 * k))
    assert result.bound == pytest.approx(result.quotient)
    printed = 1 / (2 * k**2 * 0.3)
    assert (printed < result.quotient) == (k > 0.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_definiteness_quotient_is_the_infimum_of_equation_17(seed):
    rng = np.random.default_rng(seed)
    a = random_semidefinite(rng)
    n = len(a)
    a = a - 0.5 * np.eye(n)  # definite: c > 0
    v = rng.normal(size=(n, 20000)) + 1j * rng.normal(size=(n, 20000))

    def form(matrix):
        return np.abs((v.conj() * (matrix @ v)).sum(axis=0))

    c = theory.definiteness_quotient(a)
    assert (form(a + a.T) / form(a - a.T)).min() >= c * (1 - 1e-9)
    # the minimiser is an eigenvector of the pencil, found here by another route
    values, vectors = np.linalg.eig(np.linalg.solve(-(a + a.T), 1j * (a - a.T)))
    v = vectors[:, [np.argmax(np.abs(values))]]
    assert (form(a + a.T) / form(a - a.T))[0] == pytest.approx(c)


def test_definiteness_quotient_extremes():
    assert theory.definiteness_quotient(-np.eye(3)) == np.inf
    assert theory.definiteness_quotient(BILINEAR) == 0
    assert theory.definiteness_quotient([[-1.0, 1.0], [-1.0, 0.0]]) == 0
    assert theory.quotient_bound(-np.eye(3), 1.0)[:2] == (0, 0)
    assert theory.quotient_bound(BILINEAR, 0.0)[:2] == (np.inf, np.inf)


def test_lemma_9_needs_semidefiniteness():
    a = np.array([[1.0, 3.0], [-3.0, -0.5]])
    with pytest.raises(ValueError, match="negative semi-definite"):
        theory.quotient_bound(a, 0.03)
    quotient = theory.imaginary_quotient(np.linalg.eigvals(theory.consensus_matrix(a, 0.03)))
    rho, rotation = np.linalg.svd(a)[1].min(), np.linalg.norm(a - a.T, 2)
    assert quotient > rotation / (2 * rho**2 * 0.03)  # what c >= 0 alone would give


# --- Momentum: lemma 11, corollary 12 ----------------------------------------------------------


@pytest.mark.parametrize("friction", [0.0, 0.7, 5.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_lemma_11_spectrum_is_that_of_the_augmented_matrix(seed, friction):
    a = np.random.default_rng(seed).normal(size=(6, 6))
    found = theory.momentum_eigenvalues(np.linalg.eigvals(a), friction)
    assert_same_spectrum(found, np.linalg.eigvals(theory.momentum_matrix(a, friction)))
    assert_same_spectrum(found * (found + friction), np.repeat(np.linalg.eigvals(a), 2))


def test_lemma_11_keeps_small_eigenvalues():
    """The textbook formula for the roots returns 0 here."""
    assert theory.momentum_eigenvalues([-1e-20], 1.0)[1] == pytest.approx(-1e-20)
    np.testing.assert_array_equal(theory.momentum_eigenvalues([0.0], 0.0), [0, 0])


def momentum_step(v, h, friction):
    def step(state):
        x, m = np.split(state, 2)
        return np.concatenate([x + h * m, m + h * (v(x) - friction * m)])

    return step


@pytest.mark.parametrize("friction", [0.5, 4.0])
def test_corollary_12_by_running_momentum(friction):
    m = np.random.default_rng(1).normal(size=(5, 3))
    values = np.linalg.eigvalsh(-m.T @ m)
    limit = theory.momentum_max_step_size(values, friction)

    def v(x):
        return -m.T @ np.tanh(m @ x)

    assert growth(momentum_step(v, 0.95 * limit, friction), np.full(6, 0.1)) < 1e-6
    assert growth(momentum_step(v, 1.05 * limit, friction), np.full(6, 1e-6)) > 1e3


def test_corollary_12_fails_with_complex_eigenvalues_and_little_friction():
    a = np.array([[-1.0, 3.0], [-3.0, -1.0]])
    values = np.linalg.eigvals(a)
    message = r"must be real. Received: eigenvalue .*`min_friction\(eigenvalues\)`, here 3"
    with pytest.raises(ValueError, match=message):
        theory.momentum_max_step_size(values, 2.0)
    assert growth(momentum_step(lambda x: a @ x, 1e-2, 2.0), np.ones(4)) > 1e3
    assert growth(momentum_step(lambda x: a @ x, 1e-2, 6.0), np.ones(4)) < 1e-6


def test_corollary_12_needs_eigenvalues_below_zero_and_friction():
    with pytest.raises(ValueError, match="negative real part"):
        theory.momentum_max_step_size([0.0], 1.0)
    state = growth(momentum_step(lambda x: 0 * x, 0.1, 1.0), np.ones(2))
    assert state > 0.5  # the eigenvalue 0 keeps x where it is
    with pytest.raises(ValueError, match="`friction` must be finite and positive"):
        theory.momentum_max_step_size([-1.0], 0.0)
    assert growth(momentum_step(lambda x: -x, 0.05, 0.0), np.ones(2)) > 100


@pytest.mark.parametrize("seed", SEEDS)
def test_min_friction_is_the_border_of_stability(seed):
    values = np.linalg.eigvals(random_stable(seed))
    limit = theory.min_friction(values)
    for friction, stable in ((1.001 * limit, True), (0.999 * limit, False)):
        assert (theory.momentum_eigenvalues(values, friction).real.max() < 0) == stable


# --- The lecture's heavy ball ------------------------------------------------------------------


@pytest.mark.parametrize("momentum", [-0.6, 0.0, 0.8, 1.5])
@pytest.mark.parametrize("seed", SEEDS)
def test_heavy_ball_spectrum_is_that_of_equation_12(seed, momentum):
    a = np.random.default_rng(seed).normal(size=(5, 5))
    found = theory.heavy_ball_eigenvalues(np.linalg.eigvals(a), 0.3, momentum)
    assert_same_spectrum(found, np.linalg.eigvals(theory.heavy_ball_matrix(a, 0.3, momentum)))


def test_heavy_ball_matrix_is_the_lecture_recursion_in_its_own_sign():
    loss_field = np.array([[2.0, 1.0], [-1.0, 0.5]])  # the lecture's ∇v, v = ∇loss
    now, before = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    lecture = now - 0.1 * loss_field @ now + 0.7 * (now - before)
    matrix = theory.heavy_ball_matrix(-loss_field, 0.1, 0.7)
    np.testing.assert_allclose(
        matrix @ np.concatenate([now, before]), np.concatenate([lecture, now])
    )


@pytest.mark.parametrize("momentum", [-0.5, 0.0, 0.4])
@pytest.mark.parametrize("seed", SEEDS)
def test_heavy_ball_max_step_is_the_bisected_one(seed, momentum):
    a = random_stable(seed)
    limit = theory.heavy_ball_max_step_size(np.linalg.eigvals(a), momentum)
    bisected = bisected_limit(lambda h: theory.heavy_ball_matrix(a, h, momentum), 3 * limit)
    assert limit == pytest.approx(bisected, rel=1e-6)
    if momentum == 0:
        assert limit == pytest.approx(theory.max_step_size(np.linalg.eigvals(a)))


def test_negative_momentum_pays_on_rotations_and_positive_on_valleys():
    rotation, valley = [-0.1 + 3j, -0.1 - 3j], [-1.0]
    limits = [theory.heavy_ball_max_step_size(rotation, beta) for beta in (-0.5, 0.0, 0.5)]
    assert limits[0] > limits[1] > limits[2]
    limits = [theory.heavy_ball_max_step_size(valley, beta) for beta in (-0.5, 0.0, 0.5)]
    assert limits[0] < limits[1] < limits[2]


def alternating_heavy_ball(h, beta):
    """Played out on the bilinear game: φ maximises φθ, θ minimises it."""

    def step(state):
        phi, theta, old_phi, old_theta = state
        new_phi = phi + h * theta + beta * (phi - old_phi)
        new_theta = theta - h * new_phi + beta * (theta - old_theta)
        return np.array([new_phi, new_theta, phi, theta])

    return step


@pytest.mark.parametrize(("beta", "outcome"), [(-0.5, "in"), (0.0, "round"), (0.3, "out")])
def test_lecture_claim_alternating_needs_negative_momentum(beta, outcome):
    rate = growth(alternating_heavy_ball(0.4, beta), np.ones(4))
    assert {"in": rate < 1e-6, "round": 0.1 < rate < 10, "out": rate > 1e3}[outcome]


@pytest.mark.parametrize("beta", [-0.99, -0.5, -0.1, 0.0, 0.5, 0.99])
@pytest.mark.parametrize("h", [0.01, 0.4, 2.0])
def test_lecture_claim_simultaneous_bilinear_diverges_with_any_momentum(h, beta):
    assert np.abs(theory.heavy_ball_eigenvalues([1j, -1j], h, beta)).max() > 1
    with pytest.raises(ValueError, match="negative real part"):
        theory.heavy_ball_max_step_size([1j, -1j], beta)


@pytest.mark.parametrize("beta", [-0.5, 0.7])
def test_alternating_heavy_ball_matrix_plays_the_same_moves(beta):
    state = np.array([1.0, -0.5, 2.0, 0.25])
    matrix = theory.alternating_heavy_ball_matrix(BILINEAR, 1, 0.4, beta)
    np.testing.assert_allclose(matrix @ state, alternating_heavy_ball(0.4, beta)(state))


# --- Rescaling: proposition 13 -----------------------------------------------------------------


def rescaled_step(v, h, alpha, epsilon):
    def step(state):
        x, beta = state[:-1], state[-1]
        new_x = x + h / np.sqrt(beta + epsilon) * v(x)
        return np.append(new_x, (1 - alpha) * beta + alpha * v(x) @ v(x))

    return step


@pytest.mark.parametrize("alpha", [0.1, 0.9])
def test_proposition_13_by_running_the_rescaled_steps(alpha):
    a, epsilon = random_stable(2), 1e-2
    limit = theory.rescaling_max_step_size(np.linalg.eigvals(a), alpha, epsilon)
    start = np.append(np.full(6, 1e-3), 0.0)
    near = rescaled_step(lambda x: a @ x, 0.95 * limit, alpha, epsilon)
    assert growth(near, start) < 1e-6
    far = rescaled_step(lambda x: a @ x, 1.1 * limit, alpha, epsilon)
    assert growth(far, 1e-3 * start) > 1e3
    matrix = theory.rescaling_matrix(a, np.zeros(6), 0.0, limit, alpha, epsilon)
    assert spectral_radius(matrix) == pytest.approx(1)


def test_equation_41_needs_the_factor_two():
    a, alpha, epsilon, h = random_stable(3), 0.3, 0.2, 0.1
    state = np.append(np.linspace(-1, 1, 6), 0.4)
    step = rescaled_step(lambda x: a @ x, h, alpha, epsilon)
    numeric = np.stack(
        [(step(state + 1e-6 * e) - step(state - 1e-6 * e)) / 2e-6 for e in np.eye(7)], axis=1
    )
    v = a @ state[:6]
    matrix = theory.rescaling_matrix(a, v, 0.4, h, alpha, epsilon)
    np.testing.assert_allclose(matrix, numeric, atol=1e-8)
    assert np.abs(numeric[6, :6] - alpha * v @ a).max() > 0.1  # as printed


def test_proposition_13_needs_alpha_below_one_or_so():
    with pytest.raises(ValueError, match=r"`alpha`.*Received: alpha=2\.5.*`rho`"):
        theory.rescaling_max_step_size([-1.0], 2.5, 1.0)
    assert growth(rescaled_step(lambda x: -x, 0.1, 2.5, 1e9), np.array([0.0, 1.0])) > 1e3
    with pytest.raises(ValueError, match="`v` must have one entry per row"):
        theory.rescaling_matrix(BILINEAR, [0.0], 0.0, 0.1, 0.5, 1.0)


# --- Alternating: proposition 14 ---------------------------------------------------------------


def alternating_step(a, split, h):
    def step(x):
        x = x.copy()
        x[:split] += h * a[:split] @ x
        x[split:] += h * a[split:] @ x
        return x

    return step


@pytest.mark.parametrize("split", [1, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_proposition_14_by_running_alternating_ascent(seed, split):
    a = random_stable(seed)
    safe = theory.alternating_safe_step_size(a, split)
    for fraction in (0.999, 0.5, 0.01):
        assert spectral_radius(theory.alternating_matrix(a, split, fraction * safe)) < 1
    limit = bisected_limit(lambda h: theory.alternating_matrix(a, split, h), high=1e3 * safe)
    assert safe <= limit
    h = max(safe, 0.9 * limit)
    assert growth(alternating_step(a, split, h), np.ones(6)) < 1e-6
    assert growth(alternating_step(a, split, 1.05 * limit), np.ones(6)) > 1e3


@pytest.mark.parametrize("seed", SEEDS)
def test_alternating_safe_step_shrinks_its_own_norm(seed):
    a = random_stable(seed)
    lyapunov = np.kron(np.eye(6), a.T) + np.kron(a.T, np.eye(6))  # AᵀP + PA, P row by row
    p = np.linalg.solve(lyapunov, -np.eye(6).ravel()).reshape(6, 6)
    safe = theory.alternating_safe_step_size(a, 3)
    for h in (0.999 * safe, 0.5 * safe):
        update = theory.alternating_matrix(a, 3, h)
        assert np.linalg.eigvalsh(update.T @ p @ update - p).max() < 0


def test_alternating_safe_step_is_tight_for_players_who_ignore_each_other():
    assert theory.alternating_safe_step_size(np.diag([-1.0, -3.0]), 1) == pytest.approx(2 / 3)
    one_sided = [[-1.0, 5.0], [0.0, -1.0]]  # stable below 2, but far from normal
    assert 0.1 < theory.alternating_safe_step_size(one_sided, 1) < 2


def test_equation_45_is_two_moves_and_either_order_has_the_same_spectrum():
    a, x = random_stable(4), np.arange(6.0)
    matrix = theory.alternating_matrix(a, 2, 0.3)
    np.testing.assert_allclose(matrix @ x, alternating_step(a, 2, 0.3)(x))
    order = [2, 3, 4, 5, 0, 1]
    other = theory.alternating_matrix(a[np.ix_(order, order)], 4, 0.3)
    assert_same_spectrum(np.linalg.eigvals(matrix), np.linalg.eigvals(other))


@pytest.mark.parametrize("h", [0.01, 0.5])
def test_proposition_14_needs_negative_real_parts(h):
    with pytest.raises(ValueError, match="negative real part"):
        theory.alternating_safe_step_size(BILINEAR, 1)
    assert 0.1 < growth(alternating_step(BILINEAR, 1, h), np.ones(2)) < 10  # goes round
    unstable = BILINEAR + 0.1 * np.eye(2)
    assert growth(alternating_step(unstable, 1, h), np.ones(2)) > 1e3


@pytest.mark.parametrize("split", [0, 2, 1.5])
def test_split_must_leave_both_players_parameters(split):
    with pytest.raises(ValueError, match=rf"`split`.*between 1 and 1.*split={split}"):
        theory.alternating_matrix(BILINEAR, split, 0.1)


# --- Mini-batches: lemma 15 --------------------------------------------------------------------

BATCHES, B = 20000, 4
MEAN = np.array([1.0, -0.5, 0.2])
COVARIANCE = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.3], [0.0, -0.3, 0.5]])
TRUE_LOSS = MEAN @ MEAN / 2


def batches(seed=0):
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(MEAN, COVARIANCE, size=(BATCHES, B))


def z_score(estimates, expected):
    """Distance of the Monte Carlo mean from the expected one, in its standard errors."""
    estimates = np.asarray(estimates)
    return (estimates.mean() - expected) / (estimates.std(ddof=1) / np.sqrt(len(estimates)))


def test_lemma_15_bias_against_monte_carlo():
    losses = [theory.minibatch_loss(batch) for batch in batches()]
    bias = theory.minibatch_bias(COVARIANCE, B)
    assert abs(z_score(losses, TRUE_LOSS + bias)) < 4
    assert z_score(losses, TRUE_LOSS) > 40


def test_debiased_loss_is_unbiased_with_the_variance_divided_by_the_batch_size():
    samples = batches()
    debiased = [theory.debiased_loss(batch) for batch in samples]
    assert abs(z_score(debiased, TRUE_LOSS)) < 4
    variance = np.array([np.trace(np.cov(batch, rowvar=False)) for batch in samples])
    naive = np.array([theory.minibatch_loss(batch) for batch in samples])
    other_reading = naive - variance / (2 * B - 2)  # sample variance divided by B - 1
    assert z_score(other_reading, TRUE_LOSS) < -10


def test_debiased_loss_is_the_mean_over_pairs():
    v = batches()[0]
    pairs = sum(v[i] @ v[j] for i in range(B) for j in range(B) if i != j)
    assert theory.debiased_loss(v) == pytest.approx(pairs / (2 * B * (B - 1)))


def test_lemma_15_needs_independent_samples():
    copies = np.repeat(batches()[:, :1], B, axis=1)
    losses = [theory.minibatch_loss(batch) for batch in copies]
    assert z_score(losses, TRUE_LOSS + theory.minibatch_bias(COVARIANCE, B)) > 40
    assert z_score([theory.debiased_loss(batch) for batch in copies], TRUE_LOSS) > 40


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.debiased_loss(np.ones((1, 3))), r"B of 2 or more. Received: .*\(1, 3\)"),
        (lambda: theory.minibatch_loss(np.ones(3)), r"shape \(B, n\) with B of 1 or more"),
        (lambda: theory.minibatch_bias(np.eye(2), 0), r"`batch_size`.*Received: batch_size=0"),
        (lambda: theory.minibatch_bias(-np.eye(2), 4), r"diagonal.*Received: the variance -1"),
    ],
)
def test_minibatch_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- Implicit Euler ----------------------------------------------------------------------------


@pytest.mark.parametrize("h", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_implicit_euler_solves_its_equation_and_is_stable_for_every_step(seed, h):
    a = random_stable(seed)
    update = theory.implicit_euler_matrix(a, h)
    np.testing.assert_allclose(update, np.eye(6) + h * a @ update, atol=1e-9)
    found = theory.implicit_euler_eigenvalues(np.linalg.eigvals(a), h)
    assert_same_spectrum(found, np.linalg.eigvals(update))
    assert np.abs(found).max() < 1


@pytest.mark.parametrize("h", [0.1, 10.0])
def test_implicit_euler_converges_where_explicit_steps_diverge(h):
    implicit = theory.implicit_euler_matrix(BILINEAR, h)
    assert growth(lambda x: implicit @ x, np.ones(2)) < 1e-6
    assert growth(lambda x: x + h * BILINEAR @ x, np.ones(2)) > 1e3


def test_implicit_euler_makes_unstable_points_attract_with_large_steps():
    values = np.array([0.5 + 1j])
    border = 2 * 0.5 / abs(values[0]) ** 2
    assert np.abs(theory.implicit_euler_eigenvalues(values, 0.99 * border)) > 1
    assert np.abs(theory.implicit_euler_eigenvalues(values, 1.01 * border)) < 1


def test_consensus_with_gamma_h_is_implicit_euler_to_third_order_on_bilinear_games():
    def gap(jacobian, h):
        consensus = np.eye(4) + h * theory.consensus_matrix(jacobian, h)
        return np.linalg.norm(consensus - theory.implicit_euler_matrix(jacobian, h))

    assert gap(GAME, 0.02) / gap(GAME, 0.01) == pytest.approx(8, rel=0.05)
    damped = GAME - np.diag([1.0, 0.5, 0.2, 0.1])  # not skew: second order only
    assert gap(damped, 0.02) / gap(damped, 0.01) == pytest.approx(4, rel=0.05)


def test_implicit_euler_needs_an_invertible_step():
    with pytest.raises(ValueError, match=r"1 / step_size.*Received: step_size=0\.5.*eigenvalue 2"):
        theory.implicit_euler_matrix(np.diag([2.0, -1.0]), 0.5)


# --- The optimal γ -----------------------------------------------------------------------------


@pytest.mark.parametrize("h", [0.05, 0.3, 2.0])
def test_optimal_gamma_beats_a_fine_scan(h):
    rng = np.random.default_rng(0)
    for _ in range(5):
        a = random_semidefinite(rng)
        best = theory.optimal_gamma(a, h)
        scan = [
            theory.consensus_spectral_radius(a, h, gamma)
            for gamma in np.concatenate([[0.0], np.geomspace(1e-8, 1e3, 2000)])
        ]
        assert best.spectral_radius <= min(scan) + 1e-9
        assert best.spectral_radius == theory.consensus_spectral_radius(a, h, best.gamma)


@pytest.mark.parametrize(
    "jacobian",
    [
        [[-0.5, 1.1], [-0.2, -0.1]],  # the left minimum is the lower one
        [[-0.3, 0.3], [-0.3, -0.1]],  # the right one
        [[-0.7, -0.6], [0.0, -0.8]],  # γ = 0 is a local minimum, not the lowest
    ],
)
def test_optimal_gamma_is_global_where_there_are_two_minima(jacobian):
    scan = np.concatenate([[0.0], np.geomspace(1e-3, 100, 1000)])
    radii = np.array([theory.consensus_spectral_radius(jacobian, 0.3, gamma) for gamma in scan])
    inner = (radii[1:-1] < radii[:-2]) & (radii[1:-1] < radii[2:])
    assert inner.sum() + (radii[0] < radii[1]) == 2
    assert theory.optimal_gamma(jacobian, 0.3).spectral_radius <= radii.min() + 1e-9


@pytest.mark.parametrize(("a", "b", "h"), [(0.0, 1.0, 0.3), (0.0, 2.0, 0.1), (0.5, 3.0, 0.2)])
def test_optimal_gamma_of_one_pair_has_a_closed_form(a, b, h):
    best = theory.optimal_gamma([[-a, b], [-b, -a]], h)
    assert best.gamma == pytest.approx((1 - h * a) / (h * (a**2 + b**2)), rel=1e-4)
    assert best.spectral_radius == pytest.approx(h * b)


def test_optimal_gamma_where_it_is_zero_or_cannot_help():
    assert theory.optimal_gamma(-np.eye(2), 1.0) == (0.0, 0.0)
    assert theory.optimal_gamma(np.zeros((2, 2)), 1.0) == (0.0, 1.0)
    assert theory.optimal_gamma(-3 * np.eye(2), 1.0) == (0.0, 2.0)  # overshoots, γ adds to it
    assert theory.optimal_gamma(BILINEAR, 2.0).spectral_radius > 1
    assert theory.optimal_gamma(np.diag([0.0, -1.0]), 0.5).spectral_radius == pytest.approx(1)


# --- All of them -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.consensus_matrix(np.ones((2, 3)), 1.0), r"square.*shape \(2, 3\)"),
        (lambda: theory.consensus_matrix(np.ones((0, 0)), 1.0), r"square.*shape \(0, 0\)"),
        (lambda: theory.consensus_matrix([[1j]], 1.0), r"real. Received: .*complex128"),
        (
            lambda: theory.consensus_matrix([[np.nan]], 1.0),
            r"finite. Received: .* of which 1 are NaN",
        ),
        (lambda: theory.consensus_matrix(BILINEAR, -1.0), r"`gamma`.*not negative.*gamma=-1"),
        (lambda: theory.consensus_matrix(BILINEAR, np.nan), r"`gamma`.*gamma=nan"),
        (lambda: theory.max_step_size(BILINEAR), r"vector.*shape \(2, 2\).*numpy.linalg.eigvals"),
        (lambda: theory.max_step_size([]), r"vector with at least one entry"),
        (lambda: theory.max_step_size([np.inf]), r"`eigenvalues` must be finite"),
        (
            lambda: theory.euler_eigenvalues([-1.0], 0.0),
            r"`step_size` must be finite and positive.*=0",
        ),
        (lambda: theory.optimal_gamma(BILINEAR, np.inf), r"`step_size`.*step_size=inf"),
        (lambda: theory.heavy_ball_max_step_size([-1.0], 1.0), r"`momentum`.*momentum=1"),
        (lambda: theory.alternating_heavy_ball_matrix(BILINEAR, 0, 1, 0), r"`split`.*split=0"),
    ],
)
def test_errors_name_the_rule_the_value_and_the_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call()


MODULES = [module.name for module in pkgutil.iter_modules(theory.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name):
    module = importlib.import_module(f"tf_consensus.theory.{name}")
    assert doctest.testmod(module).failed == 0


def test_every_public_function_has_an_equation_and_an_example():
    for name in theory.__all__:
        if name[0].islower():
            docstring = getattr(theory, name).__doc__
            for part in ("Args:", "Returns:", "Raises:", "Example:", "Reference:"):
                assert part in docstring, f"{name} lacks {part}"


# --- The example -------------------------------------------------------------------------------


def run_example(*arguments):
    command = [sys.executable, str(ROOT / "examples" / "theory_figures.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}  # the tree under test, installed or not
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)


def test_example_writes_its_pictures_and_numbers(tmp_path):
    done = run_example(f"--output_dir={tmp_path}", "--matrices=20", "--resolution=12")
    assert done.returncode == 0, done.stderr
    written = {path.name for path in tmp_path.iterdir()}
    pictures = {"figure1.png", "step_size_and_gamma.png", "momentum.png"}
    assert written == pictures | {"results.json"}
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert results["lemma_9"]["matrices"] == 20
    assert results["lemma_9"]["violations"] == 0
    assert results["figure_1"]["after consensus"]["spectral_radius"] < 1


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--matrices=0", "--matrices"),
        ("--resolution=1", "--resolution"),
        (f"--output_dir={ROOT / 'README.md'}", "--output_dir"),
    ],
)
def test_example_rejects_wrong_flags(flag, message, monkeypatch):
    assert message in refusal("theory_figures", monkeypatch, flag)


def test_a_wrong_flag_ends_the_example():
    done = run_example("--resolution=1")
    assert done.returncode != 0
    assert "FATAL Flags parsing error" in done.stderr


def test_each_eigenvalues_step_limit_is_where_its_step_leaves_the_unit_circle():
    rng = np.random.default_rng(0)
    values = rng.normal(size=50) + 1j * rng.normal(size=50)
    limits = theory.step_limits(values)
    stable = values.real < 0
    assert stable.any()
    assert not stable.all()
    np.testing.assert_allclose(np.abs(1 + limits * values)[stable], 1.0, rtol=1e-12)
    assert (np.abs(1 + 0.99 * limits * values)[stable] < 1).all()
    assert (limits[~stable] < 0).all()
    assert theory.max_step_size(values[stable]) == limits[stable].min()
    np.testing.assert_array_equal(theory.step_limits([0.0, 2.0j]), [0.0, 0.0])

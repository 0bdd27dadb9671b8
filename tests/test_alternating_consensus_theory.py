"""Alternating consensus: the update against steps taken one after the other, and closed forms."""

import numpy as np
import pytest

from tf_consensus import problems, theory

SEEDS = range(5)


def random_stable(seed, n=6):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, n))
    return a - (np.linalg.eigvals(a).real.max() + rng.uniform(0.1, 1.0)) * np.eye(n)


def rotation(sigma, damping=0.0):
    return np.array([[0.0, -sigma], [sigma, -damping]])


def one_round(a, split, steps, gammas, x):
    """The second player moves along its part of v - γ∇½‖v‖², then the first at the new point."""
    x = x.copy()
    for player, part in ((1, slice(split, None)), (0, slice(split))):
        v = a @ x
        x[part] += steps[player] * (v - gammas[player] * a.T @ v)[part]
    return x


@pytest.mark.parametrize("gammas", [(0.3, 0.3), (0.0, 0.5), (0.7, 0.0)])
@pytest.mark.parametrize("split", [1, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_matrix_is_one_round(seed, split, gammas):
    a, steps = random_stable(seed), (0.1, 0.25)
    matrix = theory.alternating_consensus_matrix(a, split, steps, gammas)
    columns = [one_round(a, split, steps, gammas, e) for e in np.eye(6)]
    np.testing.assert_allclose(matrix, np.stack(columns, axis=1), rtol=1e-12, atol=1e-13)


def test_one_number_is_for_both_players():
    a = random_stable(0)
    matrix = theory.alternating_consensus_matrix(a, 2, 0.1, 0.3)
    pair = theory.alternating_consensus_matrix(a, 2, [0.1, 0.1], [0.3, 0.3])
    np.testing.assert_array_equal(matrix, pair)


def test_without_gamma_it_is_alternation_with_the_players_exchanged():
    a, order = random_stable(1), [2, 3, 4, 5, 0, 1]
    matrix = theory.alternating_consensus_matrix(a, 2, 0.3, 0.0)
    exchanged = theory.alternating_matrix(a[np.ix_(order, order)], 4, 0.3)
    np.testing.assert_allclose(matrix[np.ix_(order, order)], exchanged, rtol=1e-12)
    same_order = theory.alternating_matrix(a, 2, 0.3)
    assert np.abs(matrix - same_order).max() > 0.01
    np.testing.assert_allclose(
        np.poly(np.linalg.eigvals(matrix)), np.poly(np.linalg.eigvals(same_order)), atol=1e-9
    )


@pytest.mark.parametrize("gammas", [0.2, (0.0, 0.2), (0.2, 0.0)])
@pytest.mark.parametrize("ratio", [1.0, 3.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_limit_is_where_the_rounds_first_stop_to_contract(seed, ratio, gammas):
    a = random_stable(seed)

    def radius(h):
        return theory.spectral_radius(
            theory.alternating_consensus_matrix(a, 2, (h, ratio * h), gammas)
        )

    if radius(1e-4) > 1:  # regularizing may drive a game away that is stable
        with pytest.raises(ValueError, match="negative real part"):
            theory.alternating_consensus_max_step_size(a, 2, gammas, ratio)
        return
    limit = theory.alternating_consensus_max_step_size(a, 2, gammas, ratio)
    assert max(radius(h) for h in np.linspace(1e-3, 1 - 1e-9, 1000) * limit) < 1
    assert radius(limit * (1 + 1e-9)) > 1


def test_some_of_these_games_have_a_limit():
    def limit(seed):
        return theory.alternating_consensus_max_step_size(random_stable(seed), 2, 0.0)

    for seed in SEEDS:
        assert limit(seed) >= theory.alternating_safe_step_size(random_stable(seed), 2)


def test_a_second_interval_of_stable_steps_is_not_taken_for_the_first():
    """Some of these games contract again at larger steps; below the limit all of them contract."""
    found = []
    for seed in range(300):
        a = random_stable(seed, 3)
        limit = theory.alternating_consensus_max_step_size(a, 1, 0.0)
        beyond = np.linspace(1.001, 4, 300) * limit
        radii = [theory.spectral_radius(theory.alternating_matrix(a, 1, h)) for h in beyond]
        below = np.linspace(0.001, 0.999, 200) * limit
        assert all(theory.spectral_radius(theory.alternating_matrix(a, 1, h)) < 1 for h in below)
        found.append(min(radii[1:]) < 1)
    assert any(found)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("gamma", [0.01, 0.5, 3.0])
def test_the_bilinear_game_contracts_up_to_the_closed_limit(sigma, gamma):
    limit = 2 / (sigma * (1 + gamma * sigma))
    found = theory.alternating_consensus_max_step_size(rotation(sigma), 1, gamma)
    assert found == pytest.approx(limit, rel=1e-9)
    inside = theory.dirac_alternating_consensus(sigma, 0.999 * limit, gamma)
    outside = theory.dirac_alternating_consensus(sigma, 1.001 * limit, gamma)
    assert inside.contracts
    assert not outside.contracts
    simultaneous = theory.consensus_max_step_size(rotation(sigma), gamma)
    assert simultaneous == pytest.approx(2 * gamma / (1 + gamma**2 * sigma**2))
    assert (found > simultaneous) == (gamma * sigma < 1)


@pytest.mark.parametrize("h", [0.1, 0.5, 1.9])
def test_alternation_alone_circles_on_the_bilinear_game(h):
    update = theory.dirac_alternating_consensus(1.0, h, 0.0)
    np.testing.assert_allclose(np.abs(update.eigenvalues), 1.0, rtol=1e-12)
    assert not update.contracts
    regularized = theory.dirac_alternating_consensus(1.0, h, 0.01)
    np.testing.assert_allclose(np.abs(regularized.eigenvalues), 1 - 0.01 * h, rtol=1e-12)
    assert regularized.contracts
    with pytest.raises(ValueError, match="negative real part"):
        theory.alternating_consensus_max_step_size(rotation(1.0), 1, 0.0)


@pytest.mark.parametrize("damping", [0.0, 0.4])
@pytest.mark.parametrize("gamma", [0.0, 0.7, (0.0, 0.3), (0.5, 0.1)])
@pytest.mark.parametrize("h", [0.05, 1.3, (0.2, 0.9), (3.0, 2.0)])
def test_the_closed_form_is_that_of_the_matrix(h, gamma, damping):
    update = theory.dirac_alternating_consensus(0.8, h, gamma, damping)
    matrix = theory.alternating_consensus_matrix(rotation(0.8, damping), 1, h, gamma)
    np.testing.assert_allclose(update.determinant, np.linalg.det(matrix), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(update.trace, np.trace(matrix), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(
        np.sort_complex(update.eigenvalues), np.sort_complex(np.linalg.eigvals(matrix)), atol=1e-7
    )
    radius = theory.spectral_radius(matrix)
    if abs(radius - 1) > 1e-9:
        assert update.contracts == (radius < 1)


@pytest.mark.parametrize(("variant", "damping"), [("gan", 0.0), ("gradient_penalty", 0.3)])
def test_it_is_the_dirac_gan(variant, damping):
    gan = problems.DiracGAN(variant, **({"gamma": damping} if damping else {}))
    np.testing.assert_allclose(gan.jacobian(0.0, 0.0), rotation(0.5, damping), atol=1e-12)


def test_numbers_per_player_may_be_an_array():
    jacobian = [[0.0, -1.0], [1.0, 0.5]]
    of_pairs = theory.alternating_consensus_matrix(jacobian, 1, (0.5, 0.2), (1.0, 0.3))
    of_arrays = theory.alternating_consensus_matrix(
        jacobian, 1, np.array([0.5, 0.2]), np.array([1.0, 0.3])
    )
    np.testing.assert_array_equal(of_pairs, of_arrays)
    with pytest.raises(ValueError, match="two, one per player"):
        theory.alternating_consensus_matrix(jacobian, 1, 0.5, np.ones(3))

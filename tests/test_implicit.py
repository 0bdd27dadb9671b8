"""The implicit Euler step: its solvers against dense solves and the theory's matrix."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES, PROBLEMS, SineGame, flat
from tf_consensus.optimizers.conjugate_residuals import conjugate_residuals

H = 0.125


def sgd(h):
    return keras.optimizers.SGD(h)


def build(oracle):
    players = oracle.players()
    return tfc.Game(oracle.tf_losses(players), players, [tf.constant(oracle.batch)])


def stepped(optimizer, oracle, mode="eager"):
    game = build(oracle)
    optimizer.build(game.variables)
    MODES[mode](lambda: optimizer.step(game).losses)()
    return flat(game.variables)


@pytest.mark.parametrize("products", [1, 2, 3, 4])
def test_conjugate_residuals_find_the_best_of_the_span(products):
    """Oracle: least squares on the span of b, Mb, M²b …, as GMRES is defined."""
    rng = np.random.default_rng(0)
    k = rng.normal(size=(6, 6))
    m = np.eye(6) + (k - k.T)  # its symmetric part is the identity
    b = rng.normal(size=6)
    (x,) = conjugate_residuals(
        lambda p: [tf.linalg.matvec(m, p[0])], [tf.constant(b)], iterations=products
    )
    span = np.stack([np.linalg.matrix_power(m, j) @ b for j in range(products)], axis=1)
    best = span @ np.linalg.lstsq(m @ span, b, rcond=None)[0]
    np.testing.assert_allclose(x, best, rtol=1e-9)


def test_conjugate_residuals_stay_at_the_solution():
    (x,) = conjugate_residuals(lambda p: [4.0 * p[0]], [tf.constant([2.0, 1.0])], 5)
    np.testing.assert_array_equal(x, [0.5, 0.25])
    (x,) = conjugate_residuals(lambda p: [4.0 * p[0]], [tf.zeros(2)], 5)
    np.testing.assert_array_equal(x, [0.0, 0.0])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rates", [(1.0,), (1.0, 2.0)])
def test_enough_products_solve_the_system(rates, mode):
    oracle = SineGame([3, 2], seed=5)
    a, v = oracle.jacobian(oracle.x), oracle.field(oracle.x)
    scales = np.repeat(rates, [3, 2]) if len(rates) == 2 else np.ones(5)
    inner = [sgd(H * rate) for rate in rates] if len(rates) == 2 else sgd(H)
    w = np.linalg.solve(np.eye(5) - a * (H * scales), v)
    got = stepped(tfc.ImplicitOptimizer(inner, products=5), oracle, mode)
    np.testing.assert_allclose(got, oracle.x + H * scales * w, rtol=1e-9)


def test_on_a_linear_field_it_is_the_matrix_of_the_theory():
    oracle = PROBLEMS["bilinear"]()
    matrix = tfc.theory.implicit_euler_matrix(oracle.jacobian(oracle.x), 2.0)
    got = stepped(tfc.ImplicitOptimizer(sgd(2.0), products=6), oracle)
    np.testing.assert_allclose(got, matrix @ oracle.x, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_one_round_of_the_fixed_point(mode):
    oracle = SineGame([3, 2], seed=5)
    a, v = oracle.jacobian(oracle.x), oracle.field(oracle.x)
    got = stepped(tfc.ImplicitOptimizer(sgd(H), products=1, solver="fixed_point"), oracle, mode)
    np.testing.assert_allclose(got, oracle.x + H * (v + H * a @ v), rtol=1e-9)
    relaxed = tfc.ImplicitOptimizer(sgd(H), products=2, solver="fixed_point", relaxation=0.25)
    once = 0.75 * v + 0.25 * (v + H * a @ v)
    twice = 0.75 * once + 0.25 * (v + H * a @ once)
    np.testing.assert_allclose(stepped(relaxed, oracle, mode), oracle.x + H * twice, rtol=1e-9)


def test_a_step_size_of_its_own():
    oracle = SineGame([3, 2], seed=5)
    a, v = oracle.jacobian(oracle.x), oracle.field(oracle.x)
    got = stepped(tfc.ImplicitOptimizer(sgd(H), step_size=0.5, products=5), oracle)
    w = np.linalg.solve(np.eye(5) - 0.5 * a, v)
    np.testing.assert_allclose(got, oracle.x + H * w, rtol=1e-8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "fixed_pont"}, r"`solver` must be one of .*Did you mean 'fixed_point'"),
        ({"relaxation": 0.5}, r"`relaxation` belongs to solver='fixed_point'. Received: rel"),
        ({"products": 0}, r"`products` must be an integer of at least 1. Received: products=0."),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tfc.ImplicitOptimizer(**options)

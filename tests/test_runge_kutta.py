"""Runge-Kutta steps: their order, their rates per player and the paper's regularizer."""

import keras
import numpy as np
import pytest
import scipy
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES, PROBLEMS, SineGame, flat


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


def integrated(oracle, time, rates=1.0):
    """The exact flow of x' = H v(x), by an adaptive method of high order."""
    solution = scipy.integrate.solve_ivp(
        lambda _, x: rates * oracle.field(x), (0, time), oracle.x, "DOP853", rtol=1e-13, atol=1e-13
    )
    return solution.y[:, -1]


@pytest.mark.parametrize(("order", "error"), [(2, 3), (4, 5)])
@pytest.mark.parametrize("rates", [(1.0,), (1.0, 2.0)])
def test_the_error_of_a_step_is_of_the_order_of_the_method(order, error, rates):
    """Halving the step divides the error by 8 or 32."""
    oracle = SineGame([3, 2], seed=5)
    scales = np.repeat(rates, [3, 2]) if len(rates) == 2 else 1.0
    errors = []
    for h in (2.0**-5, 2.0**-6, 2.0**-7):
        inner = [sgd(h * rate) for rate in rates] if len(rates) == 2 else sgd(h)
        got = stepped(tfc.RungeKuttaOptimizer(inner, order=order), oracle)
        errors.append(np.linalg.norm(got - integrated(oracle, h, scales)))
    ratios = np.divide(errors[:-1], errors[1:])
    np.testing.assert_allclose(np.log2(ratios), error, atol=0.3)


@pytest.mark.parametrize("order", [2, 4])
def test_on_a_linear_field_it_is_the_taylor_polynomial_of_the_exponential(order):
    oracle = PROBLEMS["zero_sum"]()
    oracle.c[:] = 0
    a, h = oracle.jacobian(oracle.x), 0.25
    powers = [np.linalg.matrix_power(h * a, k) for k in range(order + 1)]
    factorials = np.cumprod([1, *range(1, order + 1)])
    expected = sum(p / f for p, f in zip(powers, factorials, strict=True)) @ oracle.x
    got = stepped(tfc.RungeKuttaOptimizer(sgd(h), order=order), oracle)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [2, 4])
def test_the_regularizer_moves_the_other_players_alone(order, mode):
    oracle = SineGame([3, 2, 1], seed=6)
    plain = stepped(tfc.RungeKuttaOptimizer(sgd(0.125), order=order), oracle)
    got = stepped(tfc.RungeKuttaOptimizer(sgd(0.125), order=order, gamma=0.3), oracle, mode)
    first = oracle.parts[0]
    pulled = oracle.jacobian(oracle.x)[first].T @ oracle.field(oracle.x)[first]
    pulled[first] = 0
    np.testing.assert_allclose(got, plain - 0.125 * 0.3 * pulled, rtol=1e-9, atol=1e-12)
    assert np.abs(pulled).max() > 0.1


def test_a_step_size_of_its_own_is_that_of_the_stages():
    oracle = SineGame([3, 2], seed=5)
    x, v = oracle.x, oracle.field
    got = stepped(tfc.RungeKuttaOptimizer(sgd(0.125), order=2, step_size=0.5), oracle)
    np.testing.assert_allclose(got, x + 0.125 * (v(x) + v(x + 0.5 * v(x))) / 2, rtol=1e-12)
    adam = keras.optimizers.Adam(0.125, epsilon=1e-12)
    got = stepped(tfc.RungeKuttaOptimizer(adam, order=2), oracle)
    w = (v(x) + v(x + 0.125 * v(x))) / 2
    np.testing.assert_allclose(got, x + 0.125 * np.sign(w), atol=1e-5)


def test_a_schedule_moves_the_stages_too():
    oracle = SineGame([3, 2], seed=5)
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.25, 0.125])
    optimizer, game = tfc.RungeKuttaOptimizer(sgd(rate), order=2), build(oracle)
    x, v = oracle.x, oracle.field
    for h in (0.25, 0.125):
        optimizer.step(game)
        x = x + h * (v(x) + v(x + h * v(x))) / 2
        np.testing.assert_allclose(flat(game.variables), x, rtol=1e-9)


def test_a_single_player_has_no_regularizer():
    x = tf.Variable(1.0)
    game = tfc.Game(lambda: [x * x], [[x]])
    tfc.RungeKuttaOptimizer("sgd").step(game)
    with pytest.raises(ValueError, match=r"two or more players. Received: gamma=1.0.*Use gamma=0"):
        tfc.RungeKuttaOptimizer("sgd", gamma=1.0).step(game)

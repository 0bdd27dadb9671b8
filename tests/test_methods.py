"""Optimizers beyond the paper: their iterations, where they converge, and their use in Keras."""

from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_gan import batches, fit, make_gan, mlp, weights

import tf_consensus as tfc
from tf_consensus import optimizers as opt
from tf_consensus.optimizers.conjugate_gradients import conjugate_gradients

STEPS = 1500
COUPLING = np.array([[0.6, -0.4], [0.8, 0.3]])  # singular values 1 and 1/2
SPLIT = 2  # parameters of the first player


def field(first, second, coupling=COUPLING):
    """The Jacobian v' of a zero-sum game, `first` and `second` on its diagonal blocks."""
    return np.block([[first, -coupling], [coupling.T, second]])


ZERO = np.zeros((2, 2))
PROBLEMS = {
    "bilinear": field(ZERO, ZERO),
    "monotone": field(-np.diag([0.25, 0.3]), -np.array([[0.3, 0.05], [0.05, 0.25]])),
    "unstable": field(np.diag([0.25, 0.3]), np.diag([0.3, 0.2])),
}


def quadratic_game(a):
    """The game with v(z) = Az, from a fixed starting point, in float64."""
    x, y = tf.Variable([1.0, -2.0], dtype=tf.float64), tf.Variable([0.5, 1.0], dtype=tf.float64)
    xx, xy, yx, yy = (
        tf.constant(a[i, j])
        for i in (slice(SPLIT), slice(SPLIT, None))
        for j in (slice(SPLIT), slice(SPLIT, None))
    )

    def losses():
        def form(left, matrix, right):
            return tf.tensordot(left, tf.linalg.matvec(matrix, right), 1)

        return (
            -form(x, xx, x) / 2 - form(x, xy, y),
            -form(y, yy, y) / 2 - form(y, yx, x),
        )

    return tfc.Game(losses, players=[[x], [y]])


def trajectory(optimizer, game, steps=STEPS, jit_compile=False):
    """All iterates, shape (steps, n), from one graph."""
    optimizer.build(game.variables)
    size = sum(int(np.prod(x.shape)) for x in game.variables)

    def step(index, iterates):
        optimizer.step(game)
        return index + 1, iterates.write(index, tfc.vectors.flatten(game.variables))

    @tf.function(autograph=False, jit_compile=jit_compile)
    def loop():
        start = 0, tf.TensorArray(tf.float64, steps, element_shape=(size,))
        more = lambda index, iterates: index < steps  # noqa: E731
        return tf.while_loop(more, step, start, parallel_iterations=1)[1].stack()

    return loop().numpy()


# The dense iterations: from A, h, the iterates so far (newest last) and β, λ, (k, α) to the next.


def simultaneous(a, h, z):
    return z[-1] + h * a @ z[-1]


def last(z):
    return z[-2] if len(z) > 1 else z[-1]


def momentum(a, h, z, beta):
    return z[-1] + h * a @ z[-1] + beta * (z[-1] - last(z))


def alternating_momentum(a, h, z, beta):
    new, moved = z[-1].copy(), beta * (z[-1] - last(z))
    for player in (slice(SPLIT, None), slice(SPLIT)):
        new[player] += h * (a @ new)[player] + moved[player]
    return new


def extrapolated_alternating(a, h, z, gamma, delta):
    new, ahead = z[-1].copy(), z[-1].copy()
    first, second = slice(SPLIT), slice(SPLIT, None)
    ahead[first] += (delta - 1) * (z[-1] - last(z))[first]
    new[second] += h * (a @ ahead)[second]
    ahead = new.copy()
    ahead[second] += (gamma - 1) * (new - z[-1])[second]
    new[first] += h * (a @ ahead)[first]
    return new


def extragradient(a, h, z):
    return z[-1] + h * a @ (z[-1] + h * a @ z[-1])


def past_extragradient(a, h, z):
    return z[-1] + h * a @ (2 * z[-1] - last(z))


def runge_kutta(a, h, z, order):
    x = z[-1]
    if order == 2:
        k1 = a @ x
        return x + h / 2 * (k1 + a @ (x + h * k1))
    k1 = a @ x
    k2 = a @ (x + h / 2 * k1)
    k3 = a @ (x + h / 2 * k2)
    k4 = a @ (x + h * k3)
    return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def implicit(a, h, z, products, solver, relaxation):
    v, m = a @ z[-1], np.eye(len(a)) - h * a
    if solver == "fixed_point":
        w = v
        for _ in range(products):
            w = (1 - relaxation) * w + relaxation * (v + h * a @ w)
        return z[-1] + h * w
    span = np.stack([np.linalg.matrix_power(m, k) @ v for k in range(products)], axis=1)
    span = np.linalg.qr(span)[0]
    return z[-1] + h * span @ np.linalg.lstsq(m @ span, v, rcond=None)[0]


def optimistic(a, h, z):
    return z[-1] + h * a @ (2 * z[-1] - last(z))


def symplectic(a, h, z, strength, align):
    v = a @ z[-1]
    adjustment = ((a - a.T) / 2).T @ v
    grad_l = a.T @ v
    agreement = -(v @ grad_l) * (adjustment @ grad_l) / len(v)
    sign = -1 if align and agreement + 0.1 < 0 else 1
    return z[-1] + h * (v - sign * strength * adjustment)


def lookahead(a, h, z, sync_period, slow_step_size):
    new = simultaneous(a, h, z)
    if len(z) % sync_period == 0:
        new = (1 - slow_step_size) * z[-sync_period] + slow_step_size * new
    return new


def competitive(a, h, z, eta):
    off = a.copy()
    off[:SPLIT, :SPLIT] = off[SPLIT:, SPLIT:] = 0
    return z[-1] + h * np.linalg.solve(np.eye(len(a)) - eta * off, a @ z[-1])


def sgd(h):
    return keras.optimizers.SGD(h)


class Row(NamedTuple):
    """One line of the table: after `STEPS` steps of size h, what has become of ‖z‖."""

    problem: str
    outcome: str
    h: float
    optimizer: object
    iteration: object
    options: dict

    def __str__(self):
        options = "-".join(f"{key}={value}" for key, value in self.options.items())
        return f"{self.iteration.__name__}-{self.problem}-h={self.h}-{options}"


def row(problem, outcome, h, optimizer, iteration, **options):
    return Row(problem, outcome, h, optimizer, iteration, options)


def simultaneous_row(problem, outcome, h):
    return row(problem, outcome, h, opt.SimultaneousOptimizer(sgd(h)), simultaneous)


def momentum_row(problem, outcome, h, beta):
    optimizer = opt.MomentumOptimizer(sgd(h), momentum=beta)
    return row(problem, outcome, h, optimizer, momentum, beta=beta)


def alternating_row(problem, outcome, h, beta):
    optimizer = opt.AlternatingMomentumOptimizer(sgd(h), sgd(h), momentum=beta)
    return row(problem, outcome, h, optimizer, alternating_momentum, beta=beta)


def extrapolated_row(problem, outcome, h, gamma, delta):
    optimizer = opt.ExtrapolatedAlternatingOptimizer(sgd(h), sgd(h), gamma, delta)
    return row(problem, outcome, h, optimizer, extrapolated_alternating, gamma=gamma, delta=delta)


def extragradient_row(problem, outcome, h):
    return row(problem, outcome, h, opt.ExtragradientOptimizer(sgd(h)), extragradient)


def past_row(problem, outcome, h):
    return row(problem, outcome, h, opt.PastExtragradientOptimizer(sgd(h)), past_extragradient)


def runge_kutta_row(problem, outcome, h, order=4):
    optimizer = opt.RungeKuttaOptimizer(sgd(h), order=order)
    return row(problem, outcome, h, optimizer, runge_kutta, order=order)


def implicit_row(problem, outcome, h, products, solver="conjugate_residuals", relaxation=1.0):
    options = {"products": products, "solver": solver, "relaxation": relaxation}
    optimizer = opt.ImplicitOptimizer(sgd(h), **options)
    return row(problem, outcome, h, optimizer, implicit, **options)


def optimistic_row(problem, outcome, h):
    return row(problem, outcome, h, opt.OptimisticOptimizer(sgd(h)), optimistic)


def symplectic_row(problem, outcome, h, strength=1.0, align=True):
    optimizer = opt.SymplecticOptimizer(sgd(h), strength=strength, align=align)
    return row(problem, outcome, h, optimizer, symplectic, strength=strength, align=align)


def lookahead_row(problem, outcome, h, sync_period=5, slow_step_size=0.5):
    optimizer = opt.LookaheadOptimizer(
        sgd(h), sync_period=sync_period, slow_step_size=slow_step_size
    )
    return row(
        problem,
        outcome,
        h,
        optimizer,
        lookahead,
        sync_period=sync_period,
        slow_step_size=slow_step_size,
    )


def competitive_row(problem, outcome, h, eta=None):
    optimizer = opt.CompetitiveOptimizer(sgd(h), step_size=eta, tolerance=1e-14)
    return row(problem, outcome, h, optimizer, competitive, eta=h if eta is None else eta)


TABLE = [
    # On the bilinear game simultaneous steps spiral out, whatever their momentum.
    simultaneous_row("bilinear", "diverges", 0.25),
    *[momentum_row("bilinear", "diverges", 1.0, beta) for beta in (-0.9, -0.5, -0.25, 0.0, 0.5)],
    # Alternating ones circle, and their momentum decides.
    alternating_row("bilinear", "converges", 0.5, -0.5),
    alternating_row("bilinear", "converges", 0.5, -0.25),
    alternating_row("bilinear", "circles", 0.5, 0.0),
    alternating_row("bilinear", "diverges", 0.5, 0.25),
    # h σ < 2/√((2γ - 1)(2δ - 1)) where γ + δ > 2.
    extrapolated_row("bilinear", "converges", 0.9375, 1.5, 1.5),
    extrapolated_row("bilinear", "diverges", 1.0625, 1.5, 1.5),
    extrapolated_row("bilinear", "converges", 1.125, 2.0, 1.0),
    extrapolated_row("bilinear", "diverges", 1.1875, 1.0, 2.0),
    extrapolated_row("bilinear", "circles", 0.5, 1.0, 1.0),
    extrapolated_row("bilinear", "diverges", 0.5, 1.0, 0.75),
    extrapolated_row("bilinear", "diverges", 0.25, 0.0, 1.0),
    # h σ < 1.
    extragradient_row("bilinear", "converges", 0.9375),
    extragradient_row("bilinear", "diverges", 1.0625),
    # h σ < 1/√3 = 0.577.
    past_row("bilinear", "converges", 0.5625),
    past_row("bilinear", "diverges", 0.59375),
    optimistic_row("bilinear", "converges", 0.5625),
    optimistic_row("bilinear", "diverges", 0.59375),
    # Every step size, with as many products as the game has directions; fewer reach less far.
    implicit_row("bilinear", "converges", 16.0, 4),
    implicit_row("bilinear", "converges", 2.0, 2),
    implicit_row("bilinear", "converges", 2.0, 40, "fixed_point", 0.25),
    implicit_row("bilinear", "diverges", 2.0, 1, "fixed_point"),
    # h σ < 2√2 = 2.83; of order 2 never.
    runge_kutta_row("bilinear", "converges", 2.75),
    runge_kutta_row("bilinear", "diverges", 2.875),
    runge_kutta_row("bilinear", "diverges", 0.5, order=2),
    symplectic_row("bilinear", "converges", 0.25),
    symplectic_row("bilinear", "converges", 0.25, align=False),
    symplectic_row("bilinear", "diverges", 0.25, strength=0.0),
    # α < 1 - 1/k.
    lookahead_row("bilinear", "converges", 0.25),
    lookahead_row("bilinear", "converges", 0.5, sync_period=3, slow_step_size=0.5),
    lookahead_row("bilinear", "diverges", 0.25, sync_period=3, slow_step_size=0.75),
    lookahead_row("bilinear", "diverges", 0.25, sync_period=1),
    lookahead_row("bilinear", "diverges", 0.25, slow_step_size=1.0),
    # Every step size.
    *[competitive_row("bilinear", "converges", h) for h in (0.25, 16.0)],
    competitive_row("bilinear", "converges", 0.25, eta=1.0),
    # On the strongly monotone game all converge for small steps.
    simultaneous_row("monotone", "converges", 0.25),
    *[momentum_row("monotone", "converges", 0.0625, beta) for beta in (-0.5, 0.5)],
    *[alternating_row("monotone", "converges", 0.125, beta) for beta in (-0.5, 0.5)],
    extrapolated_row("monotone", "converges", 0.5, 1.5, 1.25),
    extragradient_row("monotone", "converges", 0.5),
    past_row("monotone", "converges", 0.5),
    optimistic_row("monotone", "converges", 0.5),
    implicit_row("monotone", "converges", 8.0, 4),
    runge_kutta_row("monotone", "converges", 1.0),
    runge_kutta_row("monotone", "converges", 0.5, order=2),
    symplectic_row("monotone", "converges", 0.25),
    lookahead_row("monotone", "converges", 0.25),
    competitive_row("monotone", "converges", 1.0),
    # With a step too large for simultaneous ones, negative momentum still does.
    simultaneous_row("monotone", "diverges", 1.0),
    momentum_row("monotone", "diverges", 1.0, 0.5),
    momentum_row("monotone", "converges", 1.0, -0.5),
    # The explicit methods have an end there.
    extragradient_row("monotone", "diverges", 2.0),
    past_row("monotone", "diverges", 2.0),
    optimistic_row("monotone", "diverges", 2.0),
    runge_kutta_row("monotone", "diverges", 4.0),
    symplectic_row("monotone", "diverges", 4.0),
    # No method may settle in an unstable equilibrium; alignment turns the adjustment outwards.
    symplectic_row("unstable", "diverges", 0.0625),
    extragradient_row("unstable", "diverges", 0.0625),
]


@pytest.mark.parametrize("line", TABLE, ids=str)
def test_the_dense_iteration_and_where_it_ends(line):
    a = PROBLEMS[line.problem]
    game = quadratic_game(a)
    dense = [tfc.vectors.flatten(game.variables).numpy()]
    start = np.abs(dense[0]).max()
    for _ in range(60):
        dense.append(line.iteration(a, line.h, dense, **line.options))
    iterates = trajectory(line.optimizer, game)
    scale = np.abs(dense).max()
    np.testing.assert_allclose(iterates[:60], dense[1:], rtol=1e-9, atol=1e-12 * scale)
    norms = np.abs(iterates).max(axis=1) / start
    if line.outcome == "converges":
        assert norms[-1] < 1e-3
    elif line.outcome == "diverges":
        assert not norms[-1] < 1e3
    else:
        assert 0.3 < norms.min() < norms.max() < 3


ONE_EACH = {line.iteration.__name__: line for line in TABLE if line.problem == "monotone"}


@pytest.mark.parametrize("name", ONE_EACH)
def test_the_compiled_iteration(name):
    line = ONE_EACH[name]
    plain, compiled = (
        trajectory(line.optimizer.from_config(line.optimizer.get_config()), game, 20, jit)
        for jit, game in ((jit, quadratic_game(PROBLEMS["monotone"])) for jit in (False, True))
    )
    np.testing.assert_allclose(compiled, plain, rtol=1e-9)


# One step of the methods that use v' itself, where it is no constant matrix and nobody's loss is
# another's.


def nonlinear_game(scale=1.0, players=2):
    rng = np.random.default_rng(3)
    blocks = [tf.Variable(scale * rng.standard_normal(n)) for n in (3, 2, 2)[:players]]
    matrix = tf.constant(rng.standard_normal((sum(x.shape[0] for x in blocks), players)))

    def losses():
        z = tf.concat([tf.identity(x) for x in blocks], axis=0)
        features = tf.linalg.matvec(matrix, z, transpose_a=True)
        return [
            tf.sin(t) * tf.reduce_sum(z**2) + tf.cos(2 * t - z[0]) * z[-1]
            for t in tf.unstack(features)
        ]

    return tfc.Game(losses, players=[[x] for x in blocks])


def dense(game):
    """v and v' as arrays, column by column from forward products of the game itself."""
    v = tfc.vectors.flatten(game.linearize().v).numpy()
    columns = [
        tfc.vectors.flatten(game.jvp(tfc.vectors.unflatten(tf.constant(e), game.variables)))
        for e in np.eye(len(v))
    ]
    return v, np.stack(columns, axis=1)


def test_the_linearization_has_the_forward_product():
    game = nonlinear_game()
    lin = game.linearize()
    u = [tf.constant(x) for x in (np.array([1.0, -2.0, 0.5]), np.array([0.3, 2.0]))]
    expected = dense(game)[1] @ tfc.vectors.flatten(u).numpy()
    graph = tf.function(lambda: game.linearize().jvp(u))
    for result in (lin.jvp(u), graph(), game.jvp(u)):
        np.testing.assert_allclose(tfc.vectors.flatten(result), expected, rtol=1e-12)
    with pytest.raises(RuntimeError, match="second_order=False"):
        game.linearize(second_order=False).jvp(u)


@pytest.mark.parametrize("scale", [0.05, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("align", [True, False])
def test_the_symplectic_direction(scale, align):
    game = nonlinear_game(scale)
    v, jacobian = dense(game)
    adjustment = (jacobian - jacobian.T).T @ v / 2
    grad_l = jacobian.T @ v
    negative = align and -(v @ grad_l) * (adjustment @ grad_l) / len(v) + 0.1 < 0
    optimizer = opt.SymplecticOptimizer(sgd(0.1), strength=0.5, align=align)
    w = tfc.vectors.flatten(optimizer.direction(game.linearize()))
    np.testing.assert_allclose(w, v + (0.5 if negative else -0.5) * adjustment, rtol=1e-10)


@pytest.mark.parametrize("players", [2, 3])
def test_the_competitive_direction(players):
    game = nonlinear_game(players=players)
    v, jacobian = dense(game)
    sizes = [x.shape[0] for x in game.variables]
    owner = np.repeat(np.arange(players), sizes)
    interaction = jacobian * (owner[:, None] != owner[None, :])
    optimizer = opt.CompetitiveOptimizer("sgd", step_size=0.3, max_iterations=30, tolerance=1e-14)
    w = tfc.vectors.flatten(optimizer.direction(game.linearize()))
    np.testing.assert_allclose(w, np.linalg.solve(np.eye(len(v)) - 0.3 * interaction, v), rtol=1e-9)
    inexact = opt.CompetitiveOptimizer("sgd", step_size=0.3, max_iterations=1)
    assert np.abs(tfc.vectors.flatten(inexact.direction(game.linearize())) - w).max() > 1e-3


@pytest.mark.parametrize("players", [1, 2, 3])
def test_adaptive_competitive_steps(players):
    game = nonlinear_game(players=players)
    sizes = [x.shape[0] for x in game.variables]
    owner = np.repeat(np.arange(players), sizes)
    rates, beta, epsilon = [0.25, 0.125, 0.5][:players], 0.9, 1e-3
    h = np.repeat(rates, sizes)
    optimizer = opt.AdaptiveCompetitiveOptimizer(
        ["sgd"] * players,
        rates,
        beta_2=beta,
        epsilon=epsilon,
        max_iterations=30,
        tolerance=1e-15,
    )
    x, squares = tfc.vectors.flatten(game.variables).numpy(), 0.0
    for t in range(1, 4):
        v, jacobian = dense(game)
        interaction = jacobian * (owner[:, None] != owner[None, :])
        squares = beta * squares + (1 - beta) * v**2
        scale = 1 / (np.sqrt(squares / (1 - beta**t)) + epsilon)
        x = x + h * scale * np.linalg.solve(np.eye(len(v)) - interaction * (h * scale), v)
        optimizer.step(game)
        np.testing.assert_allclose(tfc.vectors.flatten(game.variables), x, rtol=1e-9)


def test_an_adaptive_competitive_step_of_a_zero_sum_game_is_the_papers():
    rng = np.random.default_rng(3)
    coupling, own_x, own_y = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=2)
    x, y = tf.Variable(rng.normal(size=3)), tf.Variable(rng.normal(size=2))

    def losses():
        f = tf.tensordot(x, tf.linalg.matvec(coupling, y), 1)
        f += tf.reduce_sum(own_x * x**2) + tf.reduce_sum(own_y * y**2)
        return f, -f

    game, h, epsilon = tfc.Game(losses, players=[[x], [y]]), 0.25, 1e-2
    at_x, at_y = x.numpy(), y.numpy()
    grad_x, grad_y = coupling @ at_y + 2 * own_x * at_x, coupling.T @ at_x + 2 * own_y * at_y
    a_x, a_y = (np.diag(h / (np.abs(g) + epsilon)) for g in (grad_x, grad_y))
    root = np.sqrt(a_x)  # the paper's algorithm 1, first step: m₁ / (1 - β₂) = g²
    matrix = np.eye(3) + root @ coupling @ a_y @ coupling.T @ root
    delta_x = -root @ np.linalg.solve(matrix, root @ (grad_x + coupling @ a_y @ grad_y))
    root = np.sqrt(a_y)
    matrix = np.eye(2) + root @ coupling.T @ a_x @ coupling @ root
    delta_y = root @ np.linalg.solve(matrix, root @ (grad_y - coupling.T @ a_x @ grad_x))
    opt.AdaptiveCompetitiveOptimizer("sgd", h, epsilon=epsilon, tolerance=1e-14).step(game)
    np.testing.assert_allclose(x, at_x + delta_x, rtol=1e-10)
    np.testing.assert_allclose(y, at_y + delta_y, rtol=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_adaptive_competitive_steps_are_right_where_gradients_are_zero(dtype):
    x, y = tf.Variable([1.0, 2.0], dtype=dtype), tf.Variable([0.5, 0.25], dtype=dtype)

    def losses():
        return tf.reduce_sum(x * y) + tf.reduce_sum(x**2), tf.reduce_sum(x**2)

    # D is 1e5 for y, whose gradient is 0; nothing pulls y, so x takes a plain step of Adam's size.
    game = tfc.Game(losses, players=[[x], [y]])
    opt.AdaptiveCompetitiveOptimizer("sgd", 0.01).step(game)
    np.testing.assert_allclose(x, [0.99, 1.99], atol=1e-6)
    np.testing.assert_allclose(y, [0.5, 0.25], atol=1e-6)


@pytest.mark.parametrize("h", [0.1, 0.5])
def test_adaptive_competitive_steps_converge_on_a_bilinear_game(h):
    x, y = (tf.Variable(start, dtype=tf.float64) for start in (1.0, 0.7))
    game = tfc.Game(lambda: (x * y, -x * y), players=[[x], [y]])
    optimizer = opt.AdaptiveCompetitiveOptimizer("sgd", h, beta_2=0.9)
    step = tf.function(lambda: optimizer.step(game).losses)
    for _ in range(300):
        step()
    assert np.hypot(x, y) < 1e-9


def test_python_factors_are_not_rounded_to_float32():
    a = [tf.constant([1.0], tf.float64)]
    assert float(tfc.vectors.scale(a, 0.1)[0][0]) == 0.1
    assert float(tfc.vectors.add_scaled(a, np.float64(0.1), a)[0][0]) == 1.1


def test_conjugate_gradients_end_early_and_at_zero():
    matrix = np.diag([1.0, 2.0, 3.0])
    products = []

    def product(p):
        products.append(p)
        return [tf.linalg.matvec(matrix, p[0])]

    b = np.array([1.0, 1.0, 1.0])
    (x,) = conjugate_gradients(product, [tf.constant(b)], 20, 1e-10)
    np.testing.assert_allclose(x, b / [1, 2, 3], rtol=1e-9)
    assert len(products) == 3
    (x,) = conjugate_gradients(product, [tf.constant(0 * b)], 20, 1e-10)
    np.testing.assert_array_equal(x, 0 * b)
    assert len(products) == 3


# Keras' use of them.

METHODS = {
    "momentum": lambda: opt.MomentumOptimizer("rmsprop", learning_rate=1e-2, momentum=-0.5),
    "alternating_momentum": lambda: opt.AlternatingMomentumOptimizer("adam", "rmsprop", 0.25, 2, 1),
    "cross_term": lambda: opt.CrossTermOptimizer("adam", learning_rate=1e-2, gamma=0.3),
    "extrapolated_alternating": lambda: opt.ExtrapolatedAlternatingOptimizer("adam", "rmsprop"),
    "extragradient": lambda: opt.ExtragradientOptimizer("adam", learning_rate=1e-2),
    "past_extragradient": lambda: opt.PastExtragradientOptimizer("adam", learning_rate=1e-2),
    "optimistic": lambda: opt.OptimisticOptimizer("adam", learning_rate=1e-2),
    "runge_kutta": lambda: opt.RungeKuttaOptimizer("adam", learning_rate=1e-2, gamma=0.1),
    "implicit": lambda: opt.ImplicitOptimizer("sgd", learning_rate=0.1, products=2),
    "symplectic": lambda: opt.SymplecticOptimizer("rmsprop", learning_rate=1e-2),
    "lookahead": lambda: opt.LookaheadOptimizer("adam", learning_rate=1e-2, sync_period=4),
    "lookahead_extragradient": lambda: opt.LookaheadOptimizer(
        opt.ExtragradientOptimizer("adam", learning_rate=1e-2), sync_period=2
    ),
    "competitive": lambda: opt.CompetitiveOptimizer("sgd", learning_rate=0.1, max_iterations=6),
    "adaptive_competitive": lambda: opt.AdaptiveCompetitiveOptimizer(
        "sgd", learning_rate=0.1, epsilon=1.0, max_iterations=6
    ),
    "alternating_consensus": lambda: opt.AlternatingConsensusOptimizer(
        "adam", "rmsprop", "auto", fraction=0.25
    ),
}
FROM_GRADIENTS = ["momentum", "optimistic", "implicit", "symplectic", "lookahead"]
NEEDS_A_GAME = {
    "alternating_momentum": r"between the players' moves.*4 gradients.*`optimizer.step\(game\)`",
    "cross_term": r"which gradients belong to which player.*4 gradients.*`optimizer.step\(game\)`",
    "extrapolated_alternating": r"at extrapolated points.*4 gradients.*`optimizer.step\(game\)`",
    "extragradient": r"at an extrapolated point.*4 gradients.*`optimizer.step\(game\)`",
    "past_extragradient": r"away from the variables.*4 gradients.*`optimizer.step\(game\)`",
    "runge_kutta": r"at each of its stages.*4 gradients.*`optimizer.step\(game\)`",
    "lookahead_extragradient": r"at an extrapolated point.*4 gradients",
    "adaptive_competitive": r"which gradients belong to which player.*`optimizer.step\(game\)`",
    "competitive": r"which gradients belong to which player.*4 gradients.*`optimizer.step\(game\)`",
}


@pytest.mark.parametrize("name", METHODS)
def test_fit_equals_steps_on_the_game(name):
    gan, by_hand = make_gan(METHODS[name](), jit_compile=False), make_gan(METHODS[name]())
    history = fit(gan)
    for real in batches(6):
        by_hand.optimizer.step(by_hand.game(real))
    np.testing.assert_allclose(weights(gan), weights(by_hand), atol=2e-5)
    assert int(gan.optimizer.iterations) == 6
    assert np.isfinite(history["gradient_norm"]).all()


# Compiling a GAN takes long; every method is compiled on a small game above.
FUSED = ["momentum", "extragradient", "lookahead"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in FUSED else pytest.mark.slow) for n in METHODS]
)
def test_fused_xla_equals_single_steps(name):
    single = make_gan(METHODS[name](), jit_compile=False)
    fused = make_gan(METHODS[name](), jit_compile=True, steps_per_execution=3)
    fit(single)
    fit(fused)
    np.testing.assert_allclose(weights(fused), weights(single), atol=2e-5)


@pytest.mark.parametrize("name", METHODS)
def test_an_interrupted_run_ends_like_an_uninterrupted_one(name, tmp_path):
    whole, begun = (make_gan(METHODS[name](), jit_compile=False) for _ in range(2))
    fit(whole, epochs=2, steps_per_epoch=3)
    fit(begun, steps_per_epoch=3)
    begun.save(tmp_path / "gan.keras")
    resumed = keras.models.load_model(tmp_path / "gan.keras")
    assert resumed.optimizer.get_config() == begun.optimizer.get_config()
    fit(resumed, batches().skip(3), steps_per_epoch=3)
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    for one, other in zip(resumed.optimizer.variables, whole.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize("name", METHODS)
def test_the_first_step_is_a_plain_one(name):
    """No method has a past to use at first; the others differ at once."""
    gan = make_gan(METHODS[name]())
    remembers = {"momentum", "alternating_momentum", "past_extragradient", "optimistic"}
    plain = {
        "alternating_momentum": lambda: opt.AlternatingOptimizer("adam", "rmsprop", 1, 1),
        "momentum": lambda: opt.SimultaneousOptimizer("rmsprop", learning_rate=1e-2),
    }.get(name, lambda: opt.SimultaneousOptimizer("adam", learning_rate=1e-2))
    if name == "alternating_momentum":
        gan.optimizer.discriminator_steps = 1
    simultaneous = make_gan(plain())
    real = next(iter(batches()))
    for model in (gan, simultaneous):
        model.optimizer.step(model.game(real))
    # The first of a lookahead's period is the inner optimizer's.
    same = np.array_equal(weights(gan), weights(simultaneous))
    assert same == (name in remembers or name == "lookahead")


class Duel(keras.Model):
    """Two players in a user's own train_step, which hands all gradients to one `apply`."""

    def __init__(self):
        super().__init__()
        self.gan = make_gan(seed=5)
        self.built = True

    def train_step(self, data):
        generator, discriminator = self.gan.generator, self.gan.discriminator
        game = self.gan.game(data)
        with tf.GradientTape(persistent=True) as tape:
            generator_loss, discriminator_loss = game.losses(*game.batch)
        self.optimizer.apply(
            tape.gradient(generator_loss, generator.trainable_variables)
            + tape.gradient(discriminator_loss, discriminator.trainable_variables),
            self.gan.trainable_variables,
        )
        return {"generator_loss": generator_loss}


@pytest.mark.parametrize(
    ("name", "jit_compile"), [*((name, False) for name in FROM_GRADIENTS), ("symplectic", True)]
)
def test_gradients_handed_to_apply_are_enough(name, jit_compile):
    gan, duel = make_gan(METHODS[name](), jit_compile=False), Duel()
    duel.compile(optimizer=METHODS[name](), jit_compile=jit_compile)
    fit(gan)
    fit(duel)
    np.testing.assert_allclose(weights(duel.gan), weights(gan), atol=2e-5)


@pytest.mark.parametrize("name", FROM_GRADIENTS)
def test_any_keras_model_compiles_with_it(name):
    model = mlp(3, 1, seed=1)
    model.compile(optimizer=METHODS[name](), loss="mse", jit_compile=name == "optimistic")
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    losses = model.fit(x, x[:, :1], epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("name", NEEDS_A_GAME)
def test_gradients_alone_are_refused_where_they_are_not_enough(name):
    model = mlp(3, 1, seed=1)
    model.compile(optimizer=METHODS[name](), loss="mse")
    with pytest.raises((RuntimeError, ValueError), match=NEEDS_A_GAME[name]):
        model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)


@pytest.mark.parametrize("name", ["optimistic", "lookahead", "symplectic"])
def test_some_players_gradients_alone_are_refused(name):
    x, y = keras.Variable([1.0]), keras.Variable([2.0])
    optimizer = METHODS[name]()
    optimizer.build([x, y])
    with pytest.raises(ValueError, match=r"all players in one call.*1 are missing"):
        optimizer.apply([tf.constant([1.0])], [x])


def test_momentum_takes_some_players_gradients():
    x, y = keras.Variable([1.0]), keras.Variable([2.0])
    optimizer = opt.MomentumOptimizer(sgd(1.0), momentum=-0.5)
    optimizer.build([x, y])
    for _ in range(2):
        optimizer.apply([tf.constant([1.0])], [y])
    np.testing.assert_allclose([x[0], y[0]], [1.0, 0.5])


def test_constraints_and_averages_see_where_momentum_ends():
    at_most = keras.constraints.MaxNorm(1.0)
    x = keras.Variable([0.75])
    x.constraint = at_most
    inner = keras.optimizers.SGD(0.25, use_ema=True, ema_momentum=0.5)
    optimizer = opt.MomentumOptimizer(inner, momentum=0.5)
    ends = []
    for _ in range(2):
        optimizer.step(tfc.Game(lambda: [-x[0]], [[x]]))
        ends.append(float(x[0]))
    np.testing.assert_allclose(ends, [1.0, 1.0], rtol=1e-6)
    optimizer.finalize_variable_values([x])
    # Keras averages before it constrains; the decay of the second step is 2/11.
    np.testing.assert_allclose(x.numpy(), [(2 * 1.0 + 9 * 1.375) / 11], rtol=1e-6)


def test_lookahead_forwards_to_the_innermost_optimizer():
    inner = opt.ConsensusOptimizer("rmsprop", learning_rate=1e-3, gamma=1.0)
    optimizer = opt.LookaheadOptimizer(inner, sync_period=2)
    assert optimizer.inner_optimizer is inner
    optimizer.learning_rate = 0.5
    np.testing.assert_allclose(inner.inner_optimizer.learning_rate, 0.5)
    config = keras.optimizers.serialize(inner)
    assert isinstance(opt.LookaheadOptimizer(config).inner_optimizer, opt.ConsensusOptimizer)
    nested = opt.LookaheadOptimizer(opt.LookaheadOptimizer(sgd(0.25), sync_period=2), sync_period=4)
    game = quadratic_game(PROBLEMS["bilinear"])
    assert np.isfinite(trajectory(nested, game, 8)).all()


def test_a_mixed_precision_gan_trains():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        for name in ("past_extragradient", "optimistic", "lookahead", "competitive"):
            with pytest.warns(UserWarning, match="sums the gradients of bfloat16 biases"):
                gan = make_gan(METHODS[name](), jit_compile=False)
            before = weights(gan)
            fit(gan, steps_per_epoch=2)
            assert np.isfinite(weights(gan)).all(), name
            assert np.abs(weights(gan) - before).max() > 1e-3, name
    finally:
        keras.config.set_dtype_policy("float32")


def test_other_games_need_two_players():
    x = tf.Variable(1.0)
    with pytest.raises(ValueError, match="defined for two players"):
        METHODS["alternating_momentum"]().step(tfc.Game(lambda: [x * x], [[x]]))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: opt.MomentumOptimizer(momentum=1.0),
            ValueError,
            r"`momentum` must be a number strictly between -1 and 1. Received: momentum=1.0. Outs",
        ),
        (lambda: opt.MomentumOptimizer(momentum=None), ValueError, r"Received: momentum=None"),
        (lambda: opt.MomentumOptimizer(momentum=True), ValueError, r"Received: momentum=True"),
        (
            lambda: opt.AlternatingMomentumOptimizer(momentum=float("nan")),
            ValueError,
            r"Received: momentum=nan",
        ),
        (
            lambda: opt.AlternatingMomentumOptimizer(generator_steps=0),
            ValueError,
            r"`generator_steps` must be an integer of at least 1. Received: generator_steps=0. The",
        ),
        (
            lambda: opt.AlternatingMomentumOptimizer(learning_rate=0.1),
            ValueError,
            r"not of AlternatingMomentumOptimizer. Received: learning_rate=0.1",
        ),
        (
            lambda: opt.SymplecticOptimizer(strength=-1.0),
            ValueError,
            r"`strength` must be a finite number of at least 0. Received: strength=-1.0. Its sign",
        ),
        (
            lambda: opt.SymplecticOptimizer(align=1),
            TypeError,
            r"`align` must be True or False. Received: align=1. The size",
        ),
        (
            lambda: opt.LookaheadOptimizer(sync_period=2.5),
            ValueError,
            r"`sync_period` must be an integer of at least 1. Received: sync_period=2.5. Look",
        ),
        (
            lambda: opt.LookaheadOptimizer(slow_step_size=0.0),
            ValueError,
            r"`slow_step_size` must be a number above 0 and at most 1. Received: .*=0.0. Look",
        ),
        (
            lambda: opt.LookaheadOptimizer(opt.SimultaneousOptimizer(), learning_rate=0.1),
            ValueError,
            r"`learning_rate` goes with an optimizer given by name.*Simultaneous.*Set the learning",
        ),
        (
            lambda: opt.LookaheadOptimizer(keras.optimizers.LossScaleOptimizer(sgd(0.1))),
            ValueError,
            r"must be a plain Keras optimizer. Received: LossScaleOptimizer",
        ),
        (
            lambda: opt.CompetitiveOptimizer(step_size=0.0),
            ValueError,
            r"`step_size` must be a positive finite number. Received: step_size=0.0. None takes",
        ),
        (
            lambda: opt.CompetitiveOptimizer(max_iterations=0),
            ValueError,
            r"`max_iterations` must be an integer of at least 1. Received: max_iterations=0. For",
        ),
        (
            lambda: opt.CompetitiveOptimizer(tolerance=float("inf")),
            ValueError,
            r"`tolerance` must be a positive finite number. Received: tolerance=inf. For example",
        ),
        (
            lambda: opt.ExtragradientOptimizer(clipnorm=1.0),
            ValueError,
            r"options of the inner optimizer, not of ExtragradientOptimizer. Received: clipnorm",
        ),
        (
            lambda: opt.OptimisticOptimizer(momentum=0.5),
            TypeError,
            r"OptimisticOptimizer does not know these arguments. Received: \['momentum'\]",
        ),
        (
            lambda: opt.PastExtragradientOptimizer(opt.SimultaneousOptimizer()),
            ValueError,
            r"must be a plain Keras optimizer. Received: SimultaneousOptimizer",
        ),
    ],
)
def test_bad_options_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()

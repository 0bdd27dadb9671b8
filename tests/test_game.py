"""The game's field, pullback and forward product against dense closed-form Jacobians."""

import doctest

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus.games.game
from tests.oracles import MODES, SineGame, central_jacobian, flat
from tf_consensus import Game, Linearization, vectors

SIZES = [(3,), (3, 2), (2, 1, 3)]
SIZES_AND_MODES = [*((s, "graph") for s in SIZES), (SIZES[1], "eager"), (SIZES[2], "xla")]


def build(oracle, dtype="float64"):
    players = oracle.players(dtype)
    return Game(oracle.tf_losses(players), players, [tf.cast(oracle.batch, dtype)])


def vector(game, values):
    return vectors.unflatten(tf.constant(values), game.variables)


@pytest.mark.parametrize("sizes", SIZES)
def test_the_oracle_agrees_with_central_differences(sizes):
    oracle = SineGame(sizes)
    gradients = central_jacobian(oracle.losses, oracle.x)
    field = np.concatenate([-gradients[i, part] for i, part in enumerate(oracle.parts)])
    np.testing.assert_allclose(oracle.field(oracle.x), field, rtol=1e-7)
    jacobian = central_jacobian(oracle.field, oracle.x)
    np.testing.assert_allclose(oracle.jacobian(oracle.x), jacobian, rtol=1e-7, atol=1e-8)
    if len(sizes) > 1:
        assert np.abs(jacobian - jacobian.T).max() > 0.1


@pytest.mark.parametrize(("sizes", "mode"), SIZES_AND_MODES)
def test_products_equal_those_with_the_dense_jacobian(sizes, mode):
    oracle = SineGame(sizes)
    game = build(oracle)
    u, w = np.random.default_rng(1).normal(size=(2, len(oracle.x)))

    def products():
        lin = game.linearize()
        first, second = lin.vjp(vector(game, u)), lin.vjp(vector(game, w))
        return lin.losses, lin.v, first, second, game.jvp(vector(game, u))

    losses, v, first, second, forward = MODES[mode](products)()
    jacobian = oracle.jacobian(oracle.x)
    np.testing.assert_allclose(flat(losses), oracle.losses(oracle.x), rtol=1e-12)
    np.testing.assert_allclose(flat(v), oracle.field(oracle.x), rtol=1e-12)
    np.testing.assert_allclose(flat(first), jacobian.T @ u, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(flat(second), jacobian.T @ w, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(flat(forward), jacobian @ u, rtol=1e-12, atol=1e-13)
    for part in (v, first, forward):
        assert [t.shape for t in part] == [x.shape for x in game.variables]


@pytest.mark.parametrize(
    ("dtype", "tolerance", "mode"), [("float32", 1e-5, "xla"), ("bfloat16", 0.05, "graph")]
)
def test_products_keep_the_dtype_of_the_variables(dtype, tolerance, mode):
    oracle = SineGame((2, 1))
    game = build(oracle, dtype)
    u = np.random.default_rng(1).normal(size=3)

    def products():
        lin = game.linearize()
        return lin.v, lin.vjp(vector(game, u)), game.jvp(vector(game, u))

    jacobian = oracle.jacobian(oracle.x)
    expected = (oracle.field(oracle.x), jacobian.T @ u, jacobian @ u)
    for got, exact in zip(MODES[mode](products)(), expected, strict=True):
        assert {t.dtype.name for t in got} == {dtype}
        assert np.linalg.norm(flat(got) - exact) < tolerance * np.linalg.norm(exact)


def test_the_pullback_stays_where_it_was_linearized():
    oracle = SineGame((3, 2))
    game = build(oracle)
    lin = game.linearize()
    expected = oracle.jacobian(oracle.x).T @ oracle.field(oracle.x)
    for x in game.variables:
        x.assign(tf.zeros(x.shape, x.dtype))
    np.testing.assert_allclose(flat(lin.vjp(lin.v)), expected, rtol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_what_a_loss_does_not_reach_counts_as_zero(mode):
    x, y, unused = (keras.Variable(v, dtype="float64") for v in ([2.0, 3.0], [5.0], [7.0]))
    game = Game(lambda: (tf.reduce_sum(x**2) / 2, 4 * y[0] ** 3), [[x], [y, unused]])
    u = [tf.constant([1.0, 2.0], tf.float64), *[tf.constant([3.0], tf.float64)] * 2]

    def products():
        lin = game.linearize()
        return lin.v, lin.vjp(u), game.jvp(u)

    v, pulled, forward = MODES[mode](products)()
    np.testing.assert_array_equal(flat(v), [-2, -3, -300, 0])
    np.testing.assert_array_equal(flat(pulled), [-1, -2, -360, 0])
    np.testing.assert_array_equal(flat(forward), [-1, -2, -360, 0])


@pytest.mark.parametrize("mode", MODES)
def test_linear_losses_have_a_field_and_no_second_order(mode):
    x, y = tf.Variable([1.0, 2.0]), keras.Variable(3.0)
    game = Game(lambda: (tf.reduce_sum(2 * x) + y, -5 * y), [[x], [y]])
    u = [tf.ones(2), tf.ones(())]

    def products():
        lin = game.linearize()
        return lin.v, lin.vjp(u), game.jvp(u)

    v, pulled, forward = MODES[mode](products)()
    np.testing.assert_array_equal(flat(v), [-2, -2, 5])
    np.testing.assert_array_equal(flat(pulled), [0, 0, 0])
    np.testing.assert_array_equal(flat(forward), [0, 0, 0])


@pytest.mark.parametrize(
    ("kind", "mode"), [("tf", "eager"), ("tf", "xla"), ("keras", "graph"), ("keras", "xla")]
)
def test_embedding_lookups_are_dense_in_the_products(kind, mode):
    """Looked-up rows, one of them twice, give gradients as IndexedSlices."""
    ids, start = np.array([1, 1, 3]), np.random.default_rng(0).normal(size=10)
    variable = keras.Variable if kind == "keras" else tf.Variable
    table = variable(start[:8].reshape(4, 2), dtype="float64")
    y = variable(start[8:], dtype="float64")

    def losses():
        rows = keras.ops.take(table, ids, axis=0) if kind == "keras" else tf.gather(table, ids)
        wave = tf.reduce_mean(tf.sin(tf.linalg.matvec(rows, y)))
        return wave, tf.reduce_sum(tf.convert_to_tensor(y) ** 2) / 2 - wave

    def field(x):
        rows, y = x[:8].reshape(4, 2)[ids], x[8:]
        slope = np.cos(rows @ y)[:, None] / 3
        v_table = np.zeros((4, 2))
        np.add.at(v_table, ids, -slope * y)
        return np.concatenate([v_table.ravel(), (slope * rows).sum(0) - y])

    game = Game(losses, [[table], [y]])
    u = np.random.default_rng(1).normal(size=10)

    def products():
        lin = game.linearize()
        return lin.v, lin.vjp(vector(game, u)), game.jvp(vector(game, u))

    v, pulled, forward = MODES[mode](products)()
    jacobian = central_jacobian(field, start)
    np.testing.assert_allclose(flat(v), field(start), rtol=1e-12)
    np.testing.assert_allclose(flat(pulled), jacobian.T @ u, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(flat(forward), jacobian @ u, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("mode", MODES)
def test_the_pullback_goes_through_concatenation_and_indexing(mode):
    x, y = (tf.Variable(v, dtype=tf.float64) for v in ([1.0, 2.0], [3.0, 5.0]))

    def losses():
        both = tf.concat([x, y], 0)
        product = tf.reduce_prod(both[1:3])  # x₁ y₀
        return product * both[3], -product

    def pullback():
        lin = Game(losses, [[x], [y]]).linearize()
        return lin.v, lin.vjp(lin.v)

    v, pulled = MODES[mode](pullback)()
    np.testing.assert_allclose(flat(v), [0, -15, 2, 0])
    # v = (0, -y₀y₁, x₁, 0)
    np.testing.assert_allclose(flat(pulled), [0, 2, 75, 45])


def test_first_order_linearization_has_no_pullback():
    oracle = SineGame((3, 2))
    lin = build(oracle).linearize(second_order=False)
    np.testing.assert_allclose(flat(lin.v), oracle.field(oracle.x), rtol=1e-12)
    with pytest.raises(RuntimeError, match=r"made with second_order=False. Call `game.linearize"):
        lin.vjp(lin.v)


@pytest.mark.parametrize("player", [0, 1])
def test_player_gradient_is_that_players_part_of_the_field(player):
    oracle = SineGame((3, 2))
    losses, v = build(oracle).player_gradient(player)
    np.testing.assert_allclose(flat(losses), oracle.losses(oracle.x), rtol=1e-12)
    np.testing.assert_allclose(flat(v), oracle.field(oracle.x)[oracle.parts[player]], rtol=1e-12)


def test_by_player_cuts_where_the_players_meet():
    lin = build(SineGame((3, 1, 2))).linearize()
    assert lin.by_player([0, 1, 2, 3, 4]) == [[0, 1], [2], [3, 4]]


def test_by_player_needs_the_players():
    with pytest.raises(ValueError, match=r"which player.*Received: 2 gradients.*step\(game\)"):
        Linearization([], [], None, player_sizes=None).by_player([0, 1])


def test_jvp_needs_one_tensor_a_variable():
    with pytest.raises(ValueError, match=r"one tensor of the same shape.* of 1 for .* of 4"):
        build(SineGame((3, 2))).jvp([tf.zeros((2, 1), "float64")])


def variables(*names):
    return [tf.Variable(1.0, name=name) for name in names]


X, Y = "x", "y"
SHARED = keras.Variable(1.0, name="shared")


@pytest.mark.parametrize(
    ("losses", "players", "error", "message"),
    [
        (3.0, [[X]], TypeError, r"must be a function.*Received: losses=3.0.*function itself"),
        (len, [], ValueError, r"at least one player.*players with \[\] variables"),
        (len, [[X], []], ValueError, r"Received: players with \[1, 0\] variables.*call it on a"),
        (len, [[X], [3.0]], TypeError, r"Received: float in player 1. Wrap constants in"),
        (
            len,
            [X, Y],
            TypeError,
            r"list of variables.*\['ResourceVariable', 'Res.*\[\[x\], \[y\]\]",
        ),
        (
            len,
            [[SHARED], [X, SHARED]],
            ValueError,
            r"disjoint.*'shared' in player 0 and in player 1",
        ),
        (len, [[SHARED, SHARED]], ValueError, r"disjoint.*'shared' in player 0 and in player 0"),
        (
            len,
            [[SHARED], [SHARED.value]],
            ValueError,
            r"disjoint.*'shared.*player 0 and in player 1",
        ),
    ],
    ids=["losses", "none", "empty", "number", "bare", "overlap", "twice", "underneath"],
)
def test_construction_errors(losses, players, error, message):
    def made(item):
        if isinstance(item, list):
            return [made(part) for part in item]
        return tf.Variable(1.0, name=item) if isinstance(item, str) else item

    with pytest.raises(error, match=message):
        Game(losses, made(players))


def test_an_unbuilt_model_has_no_variables_to_play_with():
    model = keras.Sequential([keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="variables only once it is built: call it on a batch"):
        Game(len, [model.trainable_variables])


@pytest.mark.parametrize(
    ("losses", "error", "message"),
    [
        (lambda x, y: x * y, TypeError, r"here 2. Received: EagerTensor. For a single player"),
        (lambda x, y: (x * y,), TypeError, r"one scalar per player, here 2. Received: 1 losses"),
        (lambda x, y: (x, y, x * y), TypeError, r"here 2. Received: 3 losses"),
        (lambda x, y: (x, [y, y]), ValueError, r"Received: loss 1 of shape \(2,\).*reduce_mean"),
        (
            lambda x, y: (tf.constant(3), y),
            ValueError,
            r"floating-point.*loss 0 of shape \(\) and dtype int32",
        ),
        (lambda x, y: (x, 0.0), TypeError, r"must be a tensor.*Received: 0.0 for loss 1"),
        (lambda x, y: (3, y), TypeError, r"must be a tensor.*Received: 3 for loss 0"),
        (lambda x, y: ((x * y).numpy(), y), TypeError, r"must be a tensor.*for loss 0"),
        (lambda x, y: (x, np.array(2.0)), TypeError, r"Received: array\(2.\) for loss 1"),
        (lambda x, y: (x, y / 0), ValueError, r"finite. Received: loss 1 = inf. The run has div"),
        (lambda x, y: (x * np.nan, y), ValueError, r"finite. Received: loss 0 = nan"),
    ],
    ids=[
        "tensor",
        "one",
        "three",
        "shape",
        "integer",
        "float",
        "int",
        "numpy",
        "array",
        "inf",
        "nan",
    ],
)
def test_loss_errors(losses, error, message):
    x, y = variables("x", "y")
    with pytest.raises(error, match=message):
        Game(lambda: losses(x, y), [[x], [y]]).linearize()


def test_non_finite_losses_pass_in_a_graph():
    x, y = variables("x", "y")
    game = Game(lambda: (x * np.nan, y), [[x], [y]])
    losses = tf.function(lambda: game.linearize().losses)()
    np.testing.assert_array_equal(flat(losses), [np.nan, 1.0])


def test_documented_example():
    assert doctest.testmod(tf_consensus.games.game).attempted > 0
    assert doctest.testmod(tf_consensus.games.game).failed == 0

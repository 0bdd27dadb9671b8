"""The optimizers against steps worked by hand, and the Keras plumbing around them."""

import doctest
import importlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests import oracles
from tests.oracles import MODES, PROBLEMS, SineGame, flat
from tf_consensus import vectors
from tf_consensus.optimizers import RegularizedOptimizer, apply_direction

GAMMA, CLIP, H = 0.7, 0.8, 0.05
WITH_GAMMA = [tfc.ConsensusOptimizer, tfc.CrossTermOptimizer, tfc.SmoothingOptimizer]

# name -> optimizer around an inner one, the direction of its step by hand
TABLE = {
    "simultaneous": (tfc.SimultaneousOptimizer, oracles.simultaneous),
    "consensus": (lambda inner: tfc.ConsensusOptimizer(inner, gamma=GAMMA), oracles.consensus),
    "smoothing": (lambda inner: tfc.SmoothingOptimizer(inner, gamma=GAMMA), oracles.smoothing),
    "cross_term": (lambda inner: tfc.CrossTermOptimizer(inner, gamma=GAMMA), oracles.cross_term),
    "clipped": (lambda inner: tfc.ClippedOptimizer(inner, clip_norm=CLIP), oracles.clipped),
}


def sgd(learning_rate=H, **kwargs):
    return keras.optimizers.SGD(learning_rate, **kwargs)


def build(oracle, dtype="float64"):
    players = oracle.players(dtype)
    return tfc.Game(oracle.tf_losses(players), players, [tf.cast(oracle.batch, dtype)])


def run(optimizer, game, steps, mode="graph"):
    """The trajectory of `steps` steps, one row a point."""
    optimizer.build(game.variables)
    step = MODES[mode](lambda: optimizer.step(game).losses)
    trajectory = [flat(game.variables)]
    for _ in range(steps):
        step()
        trajectory.append(flat(game.variables))
    return np.stack(trajectory)


def by_hand(oracle, direction, steps, h=H):
    x = oracle.x
    trajectory = [x]
    for _ in range(steps):
        x = x + h * direction(oracle, x)
        trajectory.append(x)
    return np.stack(trajectory)


# --- one step, worked by hand --------------------------------------------------------------------


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", TABLE)
def test_two_steps_by_hand(name, problem):
    make, direction = TABLE[name]
    oracle = PROBLEMS[problem]()
    got = run(make(sgd()), build(oracle), 2, mode="eager")
    np.testing.assert_allclose(got, by_hand(oracle, direction, 2), rtol=1e-7, atol=1e-9)
    if name != "simultaneous":  # the comparison means something only if the method does something
        plain = by_hand(oracle, oracles.simultaneous, 2)
        assert np.abs(got - plain).max() > 1e-3


@pytest.mark.parametrize("mode", ["graph", "xla"])
@pytest.mark.parametrize("name", TABLE)
def test_graph_and_xla_take_the_steps_of_eager_execution(name, mode):
    make, direction = TABLE[name]
    oracle = PROBLEMS["waves"]()
    got = run(make(sgd()), build(oracle), 4, mode)
    np.testing.assert_allclose(got, by_hand(oracle, direction, 4), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("k", "m"), [(1, 1), (3, 2)])
def test_alternating_by_hand(k, m, mode):
    oracle = PROBLEMS["waves"]()
    game = build(oracle)
    optimizer = tfc.AlternatingOptimizer(sgd(0.1), sgd(0.03), k, m)
    got = run(optimizer, game, 2, mode)
    x = oracle.x
    for point in got[1:]:
        x = oracles.alternating_step(oracle, x, 0.1, 0.03, k, m)
        np.testing.assert_allclose(point, x, rtol=1e-7, atol=1e-9)
    assert [int(o.iterations) for o in optimizer.inner_optimizers] == [2 * m, 2 * k]
    assert int(optimizer.iterations) == 2


def test_alternating_returns_what_each_player_saw_last():
    oracle = PROBLEMS["waves"]()
    game, (g, d) = build(oracle), oracle.parts
    lin = tfc.AlternatingOptimizer(sgd(0.1), sgd(0.03)).step(game)
    moved = oracle.x.copy()
    moved[d] += 0.03 * oracle.field(oracle.x)[d]
    expected = [oracle.losses(moved)[0], oracle.losses(oracle.x)[1]]
    np.testing.assert_allclose(flat(lin.losses), expected, rtol=1e-7)
    v = np.concatenate([oracle.field(moved)[g], oracle.field(oracle.x)[d]])
    np.testing.assert_allclose(flat(lin.v), v, rtol=1e-7)
    assert [len(part) for part in lin.by_player(lin.v)] == [2, 2]
    with pytest.raises(RuntimeError, match=r"at different points.*Call `game.linearize"):
        lin.vjp(lin.v)


@pytest.mark.parametrize("name", TABLE)
def test_step_returns_the_linearization_before_the_move(name):
    oracle = PROBLEMS["waves"]()
    lin = TABLE[name][0](sgd()).step(build(oracle))
    np.testing.assert_allclose(flat(lin.losses), oracle.losses(oracle.x), rtol=1e-12)
    np.testing.assert_allclose(flat(lin.v), oracle.field(oracle.x), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_steps_in_lower_precision(dtype):
    oracle = PROBLEMS["waves"]()
    got = run(tfc.ConsensusOptimizer(sgd(), gamma=GAMMA), build(oracle, dtype), 3, "xla")
    exact = by_hand(oracle, oracles.consensus, 3)
    tolerance = {"float32": 1e-5, "bfloat16": 0.03}[dtype]
    np.testing.assert_allclose(got, exact, atol=tolerance * np.abs(exact).max())


def test_an_inner_optimizer_with_state_sees_the_direction():
    """Momentum by hand: m ← 0.9·m + h·w, x ← x + m."""
    oracle = PROBLEMS["waves"]()
    inner = sgd(momentum=0.9)
    got = run(tfc.ConsensusOptimizer(inner, gamma=GAMMA), build(oracle), 4)
    x, m = oracle.x, 0.0
    for point in got[1:]:
        m = 0.9 * m + H * oracles.consensus(oracle, x)
        x = x + m
        np.testing.assert_allclose(point, x, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("jit", [False, True])
def test_the_first_step_may_be_inside_a_function(jit):
    oracle = PROBLEMS["waves"]()
    game, optimizer = build(oracle), tfc.ConsensusOptimizer(sgd(momentum=0.9), gamma=GAMMA)
    tf.function(lambda: optimizer.step(game).losses, jit_compile=jit)()
    expected = by_hand(oracle, oracles.consensus, 1)[-1]
    np.testing.assert_allclose(flat(game.variables), expected, rtol=1e-7)


# --- gamma: zero, schedules, every ---------------------------------------------------------------


@pytest.mark.parametrize("mode", ["graph", "xla"])
@pytest.mark.parametrize("inner", [keras.optimizers.RMSprop, keras.optimizers.Adam])
def test_gamma_zero_is_bit_for_bit_simultaneous(inner, mode):
    plain = run(tfc.SimultaneousOptimizer(inner(0.1)), build(PROBLEMS["waves"]()), 5, mode)
    for optimizer in WITH_GAMMA:
        zero = optimizer(inner(0.1), gamma=0)
        assert not zero.second_order
        got = run(zero, build(PROBLEMS["waves"]()), 5, mode)
        np.testing.assert_array_equal(got, plain)
    assert np.abs(plain[-1] - plain[0]).min() > 0


@pytest.mark.parametrize("mode", MODES)
def test_schedules_of_gamma_and_of_the_learning_rate(mode):
    oracle = PROBLEMS["waves"]()
    schedules = keras.optimizers.schedules
    rate = schedules.PiecewiseConstantDecay([1, 2], [0.05, 0.02, 0.01])
    gamma = schedules.ExponentialDecay(0.8, decay_steps=1, decay_rate=0.5)
    got = run(tfc.ConsensusOptimizer(sgd(rate), gamma=gamma), build(oracle), 4, mode)
    x = oracle.x
    rates, gammas = [0.05, 0.05, 0.02, 0.01], [0.8, 0.4, 0.2, 0.1]
    for point, h, g in zip(got[1:], rates, gammas, strict=True):
        x = x + h * oracles.consensus(oracle, x, gamma=g)
        np.testing.assert_allclose(point, x, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["consensus", "smoothing", "cross_term"])
def test_every_third_step_carries_three_times_gamma(name, mode):
    oracle, direction = PROBLEMS["waves"](), TABLE[name][1]
    make = dict(zip(["consensus", "cross_term", "smoothing"], WITH_GAMMA, strict=True))[name]
    got = run(make(sgd(), gamma=0.1, every=3), build(oracle), 7, mode)
    x = oracle.x
    for step, point in enumerate(got[1:]):
        x = x + H * direction(oracle, x, gamma=0.3 if step % 3 == 0 else 0.0)
        np.testing.assert_allclose(point, x, rtol=1e-6, atol=1e-8)


def counting_identity(calls):
    """The identity, which counts how often its backward pass is itself differentiated."""

    def count(t):
        calls.append(1)
        return t

    @tf.custom_gradient
    def backward(g):
        return tf.identity(g), lambda h: tf.ensure_shape(
            tf.numpy_function(count, [h], h.dtype), h.shape
        )

    @tf.custom_gradient
    def forward(x):
        return tf.identity(x), backward

    return forward


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize(("every", "expected"), [(1, 6), (3, 2), (4, 2)])
def test_every_spares_the_pullback(every, expected, mode):
    calls = []
    probe = counting_identity(calls)
    x, y = tf.Variable(1.0), tf.Variable(2.0)
    game = tfc.Game(lambda: (tf.sin(probe(x * y)), -x * y), [[x], [y]])
    run(tfc.ConsensusOptimizer(sgd(), gamma=0.1, every=every), game, 6, mode)
    assert len(calls) == expected


@pytest.mark.parametrize(("every", "branches"), [(1, False), (3, True)])
def test_every_stays_a_branch_under_xla(every, branches):
    game = build(PROBLEMS["waves"]())
    optimizer = tfc.ConsensusOptimizer(sgd(), gamma=0.1, every=every)
    optimizer.build(game.variables)
    step = tf.function(lambda: optimizer.step(game).losses, jit_compile=True)
    program = step.experimental_get_compiler_ir()(stage="hlo")
    assert (" conditional(" in program) == branches


def test_the_smoothing_term_cannot_spoil_the_generator():
    """∇ of ½‖v_G‖² with respect to the generator overflows here; the generator ignores it."""
    x, y = tf.Variable(1e5), tf.Variable(0.0)
    game = tfc.Game(lambda: (5e19 * x * x, y * y), [[x], [y]])
    assert np.isinf(game.linearize().vjp(game.linearize().v)[0])
    tfc.SmoothingOptimizer(sgd(1e-21), gamma=1.0).step(game)
    np.testing.assert_allclose(float(x), 0.9e5, rtol=1e-5)


# --- convergence ---------------------------------------------------------------------------------


def scalar_bilinear():
    x, y = (tf.Variable(1.0, dtype=tf.float64) for _ in range(2))
    return tfc.Game(lambda: (x * y, -x * y), [[x], [y]])


def test_consensus_converges_where_simultaneous_diverges_and_alternating_circles():
    def radii(optimizer):
        return np.linalg.norm(run(optimizer, scalar_bilinear(), 300), axis=1)

    consensus = radii(tfc.ConsensusOptimizer(sgd(0.1), gamma=1.0))
    simultaneous = radii(tfc.SimultaneousOptimizer(sgd(0.1)))
    alternating = radii(tfc.AlternatingOptimizer(sgd(0.1), sgd(0.1)))
    steps, h = np.arange(301), float(np.float32(0.1))
    # The eigenvalues of a step are 1 - hγ ± hi and 1 ± hi.
    exact = np.sqrt(2) * np.hypot(1 - h, h) ** steps
    np.testing.assert_allclose(consensus, exact, rtol=1e-6)
    np.testing.assert_allclose(simultaneous, np.sqrt(2) * np.hypot(1, h) ** steps, rtol=1e-6)
    x, y = 1.0, 1.0
    for radius in alternating[1:]:
        y += h * x
        x -= h * y
        np.testing.assert_allclose(radius, np.hypot(x, y), rtol=1e-6)
    assert consensus[-1] < 1e-12
    assert simultaneous[-1] > 6
    assert 1.2 < alternating.min() < alternating.max() < 1.6


@pytest.mark.parametrize("way", ["step", "apply", "plain"])
def test_in_a_graph_too_the_players_move_at_once(way):
    """TensorFlow must not read a variable for one player's gradient after it has moved."""
    game, inner = scalar_bilinear(), sgd(0.1)
    inner.build(game.variables)
    optimizer = tfc.SimultaneousOptimizer(inner)

    @tf.function(autograph=False)
    def step():
        if way == "step":
            return optimizer.step(game).losses
        lin = game.linearize(second_order=False)
        if way == "apply":
            optimizer.apply([-t for t in lin.v], game.variables)
        else:
            apply_direction(inner, lin.v, game.variables)
        return lin.losses

    for _ in range(300):
        step()
    exact = np.sqrt(2) * np.hypot(1, float(np.float32(0.1))) ** 300
    np.testing.assert_allclose(np.linalg.norm(flat(game.variables)), exact, rtol=1e-6)


# --- several replicas ----------------------------------------------------------------------------

REPLICATED = {
    **{name: make for name, (make, _) in TABLE.items()},
    "every": lambda inner: tfc.ConsensusOptimizer(inner, gamma=GAMMA, every=2),
    "alternating": lambda inner: tfc.AlternatingOptimizer(
        inner, type(inner).from_config(inner.get_config())
    ),
    "alternating_consensus": lambda inner: tfc.AlternatingConsensusOptimizer(
        inner, type(inner).from_config(inner.get_config()), GAMMA
    ),
    "scaled": tfc.ScaledConsensusOptimizer,
    "relative": lambda inner: tfc.ConsensusOptimizer(inner, gamma="auto"),
    "spectral": lambda inner: tfc.ConsensusOptimizer(inner, gamma=tfc.SpectralGamma(0.1)),
    "extrapolated_alternating": lambda inner: tfc.ExtrapolatedAlternatingOptimizer(
        inner, type(inner).from_config(inner.get_config()), 1.75, 1.25, 2
    ),
    "implicit": lambda inner: tfc.ImplicitOptimizer(inner, step_size=0.3),
    "fixed_point": lambda inner: tfc.ImplicitOptimizer(
        inner, products=2, solver="fixed_point", relaxation=0.5
    ),
    "momentum": lambda inner: tfc.MomentumOptimizer(inner, momentum=-0.5),
    "extragradient": tfc.ExtragradientOptimizer,
    "heun": lambda inner: tfc.RungeKuttaOptimizer(inner, order=2, gamma=GAMMA),
    "runge_kutta": tfc.RungeKuttaOptimizer,
    "past_extragradient": tfc.PastExtragradientOptimizer,
    "optimistic": tfc.OptimisticOptimizer,
    "symplectic": tfc.SymplecticOptimizer,
    "lookahead": lambda inner: tfc.LookaheadOptimizer(inner, sync_period=2),
}


def run_on_two(strategy, make, oracle, steps):
    """Each replica takes every second row of the batch."""
    with strategy.scope():
        players = oracle.players()
        optimizer = make()
        optimizer.build(tf.nest.flatten(players))
    batch = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(oracle.batch[context.replica_id_in_sync_group :: 2])
    )

    def on_replica(rows):
        optimizer.step(tfc.Game(oracle.tf_losses(players), players, [rows]))

    step = tf.function(lambda: strategy.run(on_replica, [batch]), autograph=False)
    for _ in range(steps):
        step()
    return flat([x.numpy() for x in tf.nest.flatten(players)])


@pytest.mark.parametrize(
    ("name", "clip"),
    [(name, None) for name in REPLICATED]
    + [("consensus", clip) for clip in ("clipnorm", "clipvalue", "global_clipnorm")]
    + [("alternating", "global_clipnorm")],
)
def test_two_replicas_equal_one_device_on_the_whole_batch(name, clip, two_replicas):
    oracle = PROBLEMS["waves"]()
    clips = {clip: 0.3} if clip else {}

    def make():
        return REPLICATED[name](keras.optimizers.RMSprop(0.05, **clips))

    one = run(make(), build(oracle), 3)[-1]
    two = run_on_two(two_replicas, make, oracle, 3)
    np.testing.assert_allclose(two, one, rtol=1e-12, atol=1e-13)
    if clip:
        clips.clear()
        assert np.abs(run(make(), build(oracle), 3)[-1] - one).max() > 1e-3


def test_the_naive_regularizer_of_each_replica_is_another(two_replicas, monkeypatch):
    """Without the mean over replicas before the pullback, half batches would not do."""
    oracle = PROBLEMS["waves"]()

    def make():
        return tfc.ConsensusOptimizer(sgd(), gamma=GAMMA)

    exact = by_hand(oracle, oracles.consensus, 1)[-1]
    halves = [oracles.consensus(oracle, oracle.x, oracle.batch[i::2]) for i in range(2)]
    naive = oracle.x + H * np.mean(halves, axis=0)
    assert np.abs(exact - naive).max() > 1e-3
    np.testing.assert_allclose(run_on_two(two_replicas, make, oracle, 1), exact, rtol=1e-7)
    monkeypatch.setattr(vectors, "replica_mean", list)
    np.testing.assert_allclose(run_on_two(two_replicas, make, oracle, 1), naive, rtol=1e-7)


# --- Keras plumbing ------------------------------------------------------------------------------

MAKERS = {
    "simultaneous": tfc.SimultaneousOptimizer,
    "consensus": lambda inner: tfc.ConsensusOptimizer(
        inner,
        gamma=keras.optimizers.schedules.ExponentialDecay(3.0, 10, 0.5),
        every=2,
        name="mine",
    ),
    "smoothing": lambda inner: tfc.SmoothingOptimizer(inner, gamma=0.3, every=4),
    "cross_term": lambda inner: tfc.CrossTermOptimizer(inner, gamma=0.3, every=4),
    "clipped": lambda inner: tfc.ClippedOptimizer(inner, clip_norm=0.4),
    "alternating": lambda inner: tfc.AlternatingOptimizer(inner, sgd(0.3), 3, 2),
}


@pytest.mark.parametrize("name", MAKERS)
def test_configuration_round_trip(name):
    optimizer = MAKERS[name](keras.optimizers.Adam(0.25, beta_1=0.5, use_ema=True))
    config = optimizer.get_config()
    assert set(config) >= {"name"}
    serialized = keras.saving.serialize_keras_object(optimizer)
    copies = [
        type(optimizer).from_config(config),
        keras.saving.deserialize_keras_object(serialized),
        keras.optimizers.deserialize(keras.optimizers.serialize(optimizer)),
    ]
    for copy in copies:
        assert type(copy) is type(optimizer)
        assert copy.get_config() == config
        assert copy.inner_optimizers[0].beta_1 == 0.5
        assert copy.inner_optimizers[0].use_ema
    if name == "consensus":
        assert copies[1].name == "mine"
        assert copies[1].every == 2
        assert float(copies[1].gamma(10)) == 1.5
    if name == "alternating":
        assert float(copies[1].discriminator_optimizer.learning_rate) == np.float32(0.3)
        assert (copies[1].discriminator_steps, copies[1].generator_steps) == (3, 2)


@pytest.mark.parametrize("name", MAKERS)
def test_build_is_idempotent_and_state_can_be_set(name):
    game = build(PROBLEMS["waves"]())
    optimizer = MAKERS[name](keras.optimizers.Adam(0.1))
    optimizer.build(game.variables)
    assert optimizer.built
    ids = [id(x) for x in optimizer.variables]
    optimizer.build(game.variables)
    assert [id(x) for x in optimizer.variables] == ids
    assert {id(x) for inner in optimizer.inner_optimizers for x in inner.variables} < set(ids)

    start = flat(game.variables)
    run(optimizer, game, 2)
    middle, state = flat(game.variables), [x.numpy() for x in optimizer.variables]
    assert np.abs(middle - start).max() > 0
    end = run(optimizer, game, 2)[-1]

    other_game = build(PROBLEMS["waves"]())
    other = MAKERS[name](keras.optimizers.Adam(0.1))
    other.build(other_game.variables)
    other.set_weights(state)
    for x, value in zip(
        other_game.variables, vectors.unflatten(tf.constant(middle), game.variables), strict=True
    ):
        x.assign(value)
    np.testing.assert_array_equal(run(other, other_game, 2)[-1], end)
    assert int(other.iterations) == int(optimizer.iterations) == 4


def test_iterations_and_learning_rate_are_those_of_the_inner_optimizer():
    inner = sgd(0.5)
    optimizer = tfc.ConsensusOptimizer(inner)
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate = 0.25
    assert float(inner.learning_rate) == 0.25
    run(optimizer, build(PROBLEMS["waves"]()), 3)
    assert int(optimizer.iterations) == int(inner.iterations) == 3
    named = tfc.ClippedOptimizer("adam", learning_rate=0.125)
    assert isinstance(named.inner_optimizer, keras.optimizers.Adam)
    assert float(named.learning_rate) == 0.125
    assert float(tfc.ClippedOptimizer("adam").learning_rate) == np.float32(0.001)


def test_alternating_has_the_generators_learning_rate_and_scales_both():
    optimizer = tfc.AlternatingOptimizer(sgd(0.5), sgd(0.25))
    pair = [optimizer.generator_optimizer, optimizer.discriminator_optimizer]
    assert pair == optimizer.inner_optimizers
    assert float(optimizer.learning_rate) == 0.5
    for rate in (1.0, 0.0, 0.25):
        optimizer.learning_rate = rate
        assert float(optimizer.generator_optimizer.learning_rate) == rate
        assert float(optimizer.discriminator_optimizer.learning_rate) == rate / 2
    optimizer.discriminator_optimizer.learning_rate = 1.0
    optimizer.learning_rate = 0.5
    assert float(optimizer.discriminator_optimizer.learning_rate) == 2.0


def test_alternating_refuses_a_rate_that_one_of_its_schedules_decides():
    schedule = keras.optimizers.schedules.PolynomialDecay(0.5, 10)
    for pair in ((sgd(schedule), sgd(0.5)), (sgd(0.5), sgd(schedule))):
        optimizer = tfc.AlternatingOptimizer(*pair)
        with pytest.raises(ValueError, match=r"follows a schedule .* for SGD with PolynomialDecay"):
            optimizer.learning_rate = 0.25
        assert [float(inner.learning_rate) for inner in pair] == [0.5, 0.5]


def test_a_schedule_by_the_name_of_the_inner_optimizer():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.5, 0.25])
    optimizer = tfc.ConsensusOptimizer("sgd", learning_rate=schedule, gamma=0.0)
    rates = []
    game = build(PROBLEMS["bilinear"]())
    for _ in range(3):
        rates.append(float(optimizer.learning_rate))
        optimizer.step(game)
    assert rates == [0.5, 0.5, 0.25]


def test_scale_loss_is_the_identity():
    assert tfc.ConsensusOptimizer().scale_loss(3.0) == 3.0


def test_weight_decay_of_the_inner_optimizer_and_its_exceptions():
    x, y = (keras.Variable(1.0, name=name) for name in ("kernel", "bias"))
    optimizer = tfc.ConsensusOptimizer(sgd(0.5, weight_decay=0.25), gamma=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.step(tfc.Game(lambda: (2 * x, 4 * y), [[x], [y]]))
    # x ← x·(1 - h·decay) - h·gradient
    np.testing.assert_allclose([x.numpy(), y.numpy()], [0.875 - 1.0, 1.0 - 2.0])


def test_exclusion_from_weight_decay_reaches_both_optimizers():
    x, y = (keras.Variable(1.0, name=name) for name in ("bias_g", "bias_d"))
    inner = [sgd(0.5, weight_decay=0.25) for _ in range(2)]
    optimizer = tfc.AlternatingOptimizer(*inner)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.step(tfc.Game(lambda: (2 * x, 4 * y), [[x], [y]]))
    np.testing.assert_allclose([x.numpy(), y.numpy()], [0.0, -1.0])


def test_averages_of_the_inner_optimizer_are_put_in_place():
    oracle = PROBLEMS["waves"]()
    game = build(oracle)
    optimizer = tfc.ConsensusOptimizer(sgd(use_ema=True, ema_momentum=0.75), gamma=GAMMA)
    points = run(optimizer, game, 4)
    optimizer.finalize_variable_values(game.variables)
    np.testing.assert_allclose(
        flat(game.variables), oracles.warm_average(points[1:], 0.75), rtol=1e-6
    )


@pytest.mark.parametrize("momenta", [(0.75, None), (None, 0.5), (0.75, 0.5)])
def test_averages_of_alternating_stay_with_their_player(momenta):
    oracle = PROBLEMS["waves"]()
    game = build(oracle)
    inner = [sgd(use_ema=True, ema_momentum=m) if m else sgd() for m in momenta]
    optimizer = tfc.AlternatingOptimizer(*inner)
    points = run(optimizer, game, 4)
    optimizer.finalize_variable_values(game.variables)
    expected = points[-1].copy()
    for part, momentum in zip(oracle.parts, momenta, strict=True):
        if momentum:
            expected[part] = oracles.warm_average(points[1:, part], momentum)
    np.testing.assert_allclose(flat(game.variables), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "module",
    [
        "alternating",
        "clipped",
        "conjugate_residuals",
        "consensus",
        "cross_term",
        "extrapolated_alternating",
        "implicit",
        "runge_kutta",
        "simultaneous",
        "smoothing",
        "zero_sum",
    ],
)
def test_documented_examples(module):
    module = importlib.import_module(f"tf_consensus.optimizers.{module}")
    results = doctest.testmod(module, extraglobs={"keras": keras})
    assert results.attempted > 0
    assert results.failed == 0


# --- gradients handed to apply -------------------------------------------------------------------


def test_apply_without_second_order_equals_the_plain_optimizer():
    oracle = PROBLEMS["waves"]()
    game = build(oracle)
    optimizer = tfc.ConsensusOptimizer(sgd(), gamma=0.0)
    grads = [-g for g in game.linearize().v]
    steps = optimizer.apply_gradients(zip(grads, game.variables, strict=True))
    assert int(steps) == 1
    expected = by_hand(oracle, oracles.simultaneous, 1)[-1]
    np.testing.assert_allclose(flat(game.variables), expected, rtol=1e-7)
    optimizer.apply(grads)  # the variables are known by now
    assert int(optimizer.iterations) == 2
    expected = expected + H * oracle.field(oracle.x)
    np.testing.assert_allclose(flat(game.variables), expected, rtol=1e-7)
    optimizer.apply([])
    assert int(optimizer.iterations) == 2


@pytest.mark.parametrize("jit", [False, True])
def test_apply_takes_the_pullback_from_the_graph(jit):
    oracle = PROBLEMS["waves"]()
    game = build(oracle)
    optimizer = tfc.ConsensusOptimizer(sgd(), gamma=GAMMA)

    @tf.function(jit_compile=jit, autograph=False)
    def step():
        grads = [-g for g in game.linearize(second_order=False).v]
        optimizer.apply(grads, game.variables)

    for _ in range(3):
        step()
    expected = by_hand(oracle, oracles.consensus, 3)[-1]
    np.testing.assert_allclose(flat(game.variables), expected, rtol=1e-7)


def rotation(gamma=1.0):
    """An optimizer built on x, y and the gradients of the game (xy, -xy)."""
    x, y = (tf.Variable(1.0, name=name) for name in "xy")
    optimizer = tfc.ConsensusOptimizer(sgd(), gamma=gamma)
    optimizer.build([x, y])
    return optimizer, [x, y]


def test_apply_needs_the_variables_at_first():
    with pytest.raises(ValueError, match=r"must name the variables. Received: 1 grad.*build\(var"):
        tfc.ConsensusOptimizer().apply([tf.constant(1.0)])


def test_apply_refuses_unknown_variables():
    optimizer, (x, _) = rotation(gamma=0.0)
    z = tf.Variable(1.0, name="z")
    with pytest.raises(ValueError, match=r"all players in one call. Received: variables \['z:0'\]"):
        optimizer.apply([tf.constant(1.0)] * 2, [x, z])


def test_a_second_build_does_not_take_other_variables():
    optimizer, (x, y) = rotation(gamma=0.0)
    z = tf.Variable(1.0, name="z")
    optimizer.build([x, z])
    optimizer.apply([tf.constant(0.0)] * 2, [x, y])
    with pytest.raises(ValueError, match=r"variables \['z:0'\], which it was not built with"):
        optimizer.apply([tf.constant(0.0)] * 2, [x, z])


@pytest.mark.parametrize("named", [True, False])
def test_apply_refuses_another_number_of_gradients(named):
    optimizer, variables = rotation(gamma=0.0)
    with pytest.raises(ValueError, match=r"one gradient per variable. Received: 1 gradients for 2"):
        optimizer.apply([tf.constant(1.0)], variables if named else None)


def test_apply_refuses_one_player_at_a_time():
    optimizer, (x, _) = rotation()
    with pytest.raises(ValueError, match=r"Received: 1 of the variables, 1 are missing. Hand the"):
        optimizer.apply([tf.constant(1.0)], [x])


def test_apply_of_one_player_at_a_time_is_fine_without_second_order():
    optimizer, (x, y) = rotation(gamma=0.0)
    optimizer.apply([tf.constant(2.0)], [x])
    np.testing.assert_allclose([float(x), float(y)], [1 - 2 * H, 1])


def test_apply_cannot_have_the_second_order_eagerly():
    optimizer, variables = rotation()
    with pytest.raises(RuntimeError, match=r"v'ᵀv cannot be.*executing eagerly.*run_eagerly=False"):
        optimizer.apply([tf.constant(1.0)] * 2, variables)
    np.testing.assert_array_equal(flat(variables), [1, 1])


def test_apply_cannot_have_the_second_order_of_constant_gradients():
    optimizer, variables = rotation()
    with pytest.raises(RuntimeError, match=r"no gradient depends on any variable.*outside of tf.c"):
        tf.function(lambda: optimizer.apply([tf.constant(1.0)] * 2, variables))()


@pytest.mark.parametrize("where", ["inside", "outside"])
def test_apply_and_tf_cond(where):
    """Gradients out of a tf.cond keep their second order, gradients carried into one lose it."""
    optimizer, (x, y) = rotation()

    def grads():
        with tf.GradientTape(persistent=True) as tape:
            loss = x * y
        return [tape.gradient(loss, x), -tape.gradient(loss, y)]

    @tf.function(autograph=False)
    def step(flag):
        if where == "outside":
            optimizer.apply(tf.cond(flag, grads, lambda: [0.0, 0.0]), [x, y])
        else:
            g = grads()
            tf.cond(flag, lambda: [optimizer.apply(g, [x, y]), 0][1], lambda: 0)

    if where == "outside":
        step(tf.constant(True))
        # v = (-y, x), v'ᵀv = (x, y)
        np.testing.assert_allclose(flat([x, y]), [1 + H * (-1 - 1), 1 + H * (1 - 1)])
    else:
        with pytest.raises(RuntimeError, match=r"outside of tf.cond.*`optimizer.step\(game\)`"):
            step(tf.constant(True))


@pytest.mark.parametrize("optimizer", [tfc.SmoothingOptimizer, tfc.ClippedOptimizer])
def test_apply_does_not_know_the_players(optimizer):
    _, variables = rotation()
    with pytest.raises(
        ValueError, match=r"which gradients belong to which player.*through `apply`"
    ):
        optimizer(sgd()).apply([tf.constant(1.0)] * 2, variables)


def test_apply_cannot_alternate():
    _, variables = rotation()
    with pytest.raises(
        RuntimeError, match=r"between the players' moves.*2 gradients.*step\(game\)"
    ):
        tfc.AlternatingOptimizer().apply([tf.constant(1.0)] * 2, variables)


def test_apply_cannot_skip_by_branching():
    optimizer = tfc.ConsensusOptimizer(sgd(), every=2)
    _, variables = rotation()
    with pytest.raises(ValueError, match=r"`every` > 1 skips.*Received: every=2. Use every=1"):
        optimizer.apply([tf.constant(1.0)] * 2, variables)


# --- errors of construction ----------------------------------------------------------------------

ONE = keras.optimizers.SGD()
DIP = keras.optimizers.schedules.PolynomialDecay(1.0, 500, end_learning_rate=-1.0)
NUMBER = r"must be a number or a keras.*Received: gamma="
FINITE = r"finite and at least 0. Received: gamma="
COUNT = r"integer of at least 1. Received: every="
CLIP_NORM = r"positive finite number. Received: clip_norm="
STEPS = r"_steps` must be an integer of at least 1. Received: "


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        *(
            (lambda g=g, o=o: o(gamma=g), error, message)
            for o in WITH_GAMMA
            for g, error, message in [
                (-1.0, ValueError, FINITE + r"-1.0. A negative"),
                (float("nan"), ValueError, FINITE + "nan"),
                (float("inf"), ValueError, FINITE + "inf"),
                ("10", TypeError, NUMBER + "'10'"),
                (None, TypeError, NUMBER + "None"),
                (True, TypeError, NUMBER + "True"),
                (lambda step: 1.0, TypeError, NUMBER + "<function"),
                (DIP, ValueError, FINITE + r"-1.0 at step 1000"),
            ]
        ),
        *(
            (lambda e=e: tfc.ConsensusOptimizer(every=e), ValueError, COUNT + repr(e))
            for e in (0, -1, 1.5, True)
        ),
        *(
            (lambda c=c: tfc.ClippedOptimizer(clip_norm=c), ValueError, CLIP_NORM + repr(c))
            for c in (0, -1.0, float("inf"), float("nan"), "1", True, None)
        ),
        *(
            (
                lambda s=s, key=key: tfc.AlternatingOptimizer(**{f"{key}_steps": s}),
                ValueError,
                f"{key}{STEPS}{key}_steps={s!r}",
            )
            for key in ("generator", "discriminator")
            for s in (0, 1.5, True)
        ),
        (
            lambda: tfc.AlternatingOptimizer(ONE, ONE),
            ValueError,
            r"optimizer of its own. Received: one SGD for both. Create two",
        ),
        (
            lambda: tfc.AlternatingOptimizer(learning_rate=1.0),
            ValueError,
            r"learning_rate=1.0. Write AlternatingOptimizer\(generator_optimizer=keras.optimizers."
            r"RMSprop\(learning_rate=1.0\), discriminator_optimizer=keras",
        ),
        (
            lambda: tfc.AlternatingOptimizer(inner_optimizer="sgd"),
            TypeError,
            r"AlternatingOptimizer does not know these arguments. Received: \['inner_optimizer'\]",
        ),
        (
            lambda: tfc.ConsensusOptimizer(ONE, learning_rate=0.1),
            ValueError,
            r"goes with an optimizer given by name. Received: learning_rate=0.1.*Set the learning",
        ),
        (
            lambda: tfc.ConsensusOptimizer(tfc.SimultaneousOptimizer()),
            ValueError,
            r"plain Keras optimizer. Received: SimultaneousOptimizer. Pass RMSprop",
        ),
        (
            lambda: tfc.ConsensusOptimizer(keras.optimizers.LossScaleOptimizer(ONE)),
            ValueError,
            r"plain Keras optimizer. Received: LossScaleOptimizer",
        ),
        pytest.param(
            lambda: tfc.ConsensusOptimizer(keras.optimizers.MultiOptimizer(ONE)),
            ValueError,
            r"plain Keras optimizer. Received: MultiOptimizer",
            marks=pytest.mark.skipif(
                not hasattr(keras.optimizers, "MultiOptimizer"), reason="this Keras has none"
            ),
        ),
        (
            lambda: tfc.ConsensusOptimizer(None),
            TypeError,
            r"a Keras optimizer, its name or its config. Received: inner_optimizer=None",
        ),
        (
            lambda: tfc.AlternatingOptimizer("sgd", tfc.SimultaneousOptimizer()),
            ValueError,
            r"plain Keras optimizer. Received: SimultaneousOptimizer",
        ),
        (
            lambda: tfc.ConsensusOptimizer(sgd(gradient_accumulation_steps=2)),
            ValueError,
            r"must not use `gradient_accumulation_steps`.*steps=2. Leave it unset",
        ),
        (
            lambda: tfc.ConsensusOptimizer(sgd(loss_scale_factor=8.0)),
            ValueError,
            r"must not use `loss_scale_factor`.*factor=8.0. Leave it unset",
        ),
        (
            lambda: tfc.ConsensusOptimizer(gama=1.0),
            TypeError,
            r"ConsensusOptimizer does not know these arguments. Received: \['gama'\]",
        ),
    ],
)
def test_construction_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("weight_decay", 0.1),
        ("clipnorm", 1.0),
        ("clipvalue", 1.0),
        ("global_clipnorm", 1.0),
        ("use_ema", True),
        ("ema_momentum", 0.9),
        ("ema_overwrite_frequency", 3),
        ("loss_scale_factor", 2.0),
        ("gradient_accumulation_steps", 2),
    ],
)
def test_options_of_the_inner_optimizer_are_sent_there(option, value):
    remedy = rf"{option}={value}. Write \w+\({{}}=keras.optimizers.RMSprop\({option}={value}\)"
    for optimizer, argument in (
        (tfc.ConsensusOptimizer, "inner_optimizer"),
        (tfc.ClippedOptimizer, "inner_optimizer"),
        (tfc.AlternatingOptimizer, "generator_optimizer"),
    ):
        with pytest.raises(ValueError, match=remedy.format(argument)):
            optimizer(**{option: value})


def test_numpy_numbers_are_numbers():
    consensus = tfc.ConsensusOptimizer(gamma=np.float32(0.5), every=np.int64(2))
    assert (consensus.gamma, consensus.every) == (0.5, 2)
    assert tfc.ClippedOptimizer(clip_norm=np.float32(0.5)).clip_norm == 0.5
    assert tfc.AlternatingOptimizer(generator_steps=np.int64(2)).generator_steps == 2
    assert type(consensus.get_config()["every"]) is int


@pytest.mark.parametrize("sizes", [(3,), (3, 2, 1)])
def test_alternating_needs_two_players(sizes):
    with pytest.raises(ValueError, match=rf"two players.*Received: a game of {len(sizes)}. Use Si"):
        tfc.AlternatingOptimizer(sgd(), sgd()).step(build(SineGame(sizes)))


def test_set_weights_needs_the_whole_state():
    with pytest.raises(ValueError, match=r"must be built. Received: 1 arrays for .* variables. Ca"):
        tfc.ConsensusOptimizer().set_weights([np.zeros(1)])


@pytest.mark.parametrize("base", [tfc.GameOptimizer, RegularizedOptimizer])
def test_base_classes_have_no_equation(base):
    with pytest.raises(NotImplementedError):
        base(sgd()).step(build(PROBLEMS["waves"]()))

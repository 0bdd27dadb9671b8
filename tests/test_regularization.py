"""A part of the batch, turns, and weights γ of their own, against steps worked by hand."""

import contextlib
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_methods import PROBLEMS as METHOD_PROBLEMS
from test_methods import SPLIT, quadratic_game
from test_optimizers import by_hand, sgd

import tf_consensus as tfc
from tests import oracles
from tests.oracles import MODES, PROBLEMS, SineGame, flat
from tf_consensus.games.partial import linearize_partly

nothing = contextlib.nullcontext
GAMMA, H = 0.7, 0.0625  # a power of two, so that Keras' float32 holds it
FRACTIONS = {0.125: 1, 0.25: 2, 0.3: 3, 0.5: 4, 0.95: 7}  # of 8 examples, how many
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


def build(oracle, batch=None):
    players = oracle.players()
    batch = tf.constant(oracle.batch) if batch is None else batch
    return tfc.Game(oracle.tf_losses(players), players, [batch])


def run(optimizer, game, steps, mode="graph"):
    optimizer.build(game.variables)
    step = MODES[mode](lambda: optimizer.step(game).losses)
    trajectory = [flat(game.variables)]
    for _ in range(steps):
        step()
        trajectory.append(flat(game.variables))
    return np.stack(trajectory)


# --- a part of the batch --------------------------------------------------------------------------


def partly(n, debias=False, kind="consensus"):
    """The direction of the first n examples' pullback."""

    def direction(oracle, x):
        v = oracle.field(x)
        u = oracle.field(x, oracle.batch[n:]) if debias else v
        a, g = oracle.jacobian(x, oracle.batch[:n]), oracle.parts[0]
        if kind == "consensus":
            return v - GAMMA * a.T @ u
        w = v - GAMMA * a[g].T @ u[g]
        w[g] = v[g]
        return w

    return direction


KINDS = {"consensus": tfc.ConsensusOptimizer, "smoothing": tfc.SmoothingOptimizer}


@pytest.mark.parametrize("debias", [None, "groups"])
@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_a_fraction_by_hand(mode, kind, fraction, debias):
    oracle = PROBLEMS["waves"]()
    optimizer = KINDS[kind](sgd(H), gamma=GAMMA, fraction=fraction, debias=debias)
    expected = by_hand(oracle, partly(FRACTIONS[fraction], debias, kind), 2, H)
    np.testing.assert_allclose(run(optimizer, build(oracle), 2, mode), expected, **CLOSE)
    whole = by_hand(oracle, getattr(oracles, kind), 2, H)
    assert np.abs(whole - expected).max() > 1e-5


def test_the_whole_batch_is_the_plain_method():
    runs = [
        run(tfc.ConsensusOptimizer(sgd(H), gamma=GAMMA, **options), build(PROBLEMS["waves"]()), 3)
        for options in ({}, {"fraction": 1.0})
    ]
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_losses_and_field_are_those_of_the_whole_batch(mode):
    oracle = PROBLEMS["three_players"]()
    game = build(oracle)
    lin = MODES[mode](lambda: linearize_partly(game, 0.3)[:2])()
    np.testing.assert_allclose(flat(lin[0]), oracle.losses(oracle.x), **CLOSE)
    np.testing.assert_allclose(flat(lin[1]), oracle.field(oracle.x), **CLOSE)


def test_no_example_is_evaluated_twice():
    oracle, seen = PROBLEMS["waves"](), []
    players = oracle.players()
    losses = oracle.tf_losses(players)

    def counted(batch):
        seen.extend([len(batch)] if tf.executing_eagerly() else [])  # no trace for checks
        return losses(batch)

    game = tfc.Game(counted, players, [tf.constant(oracle.batch)])
    tfc.ConsensusOptimizer(sgd(H), gamma=GAMMA, fraction=0.25).step(game)
    assert seen == [2, 6]


@pytest.mark.parametrize("debias", [None, "groups"])
@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_micro_batches_of_a_fraction(mode, debias):
    oracle = PROBLEMS["waves"]()
    options = {"gamma": GAMMA, "fraction": 0.5, "debias": debias}
    optimizer = tfc.ConsensusOptimizer(sgd(H), microbatches=2, **options)
    expected = by_hand(oracle, partly(4, debias), 3, H)
    np.testing.assert_allclose(run(optimizer, build(oracle), 3, mode), expected, **CLOSE)


def test_a_batch_of_unknown_size():
    oracle = PROBLEMS["waves"]()
    optimizer = tfc.ConsensusOptimizer(sgd(H), gamma=GAMMA, fraction=0.3)
    game = build(oracle)
    optimizer.build(game.variables)

    @tf.function(input_signature=[tf.TensorSpec((None, 5), tf.float64)])
    def step(batch):
        return optimizer.step(game.variant(batch=(batch,))).losses

    step(oracle.batch)
    np.testing.assert_allclose(flat(game.variables), by_hand(oracle, partly(3), 1, H)[1], **CLOSE)
    step(oracle.batch[:3])


@pytest.mark.parametrize("jit_compile", [False, True])
def test_one_example_has_no_independent_rest(jit_compile):
    """The mean over no example has derivative 0, which would drop the regularizer in silence."""
    oracle = PROBLEMS["waves"]()
    optimizer = tfc.ConsensusOptimizer(sgd(H), gamma=GAMMA, fraction=0.5, debias="groups")
    game = build(oracle)
    optimizer.build(game.variables)
    signature = [tf.TensorSpec((None, 5), tf.float64)]

    @tf.function(input_signature=signature, jit_compile=jit_compile)
    def step(batch):
        return optimizer.step(game.variant(batch=(batch,))).losses

    step(oracle.batch[:2])
    assert np.isfinite(flat(game.variables)).all()
    if not jit_compile:
        with pytest.raises(tf.errors.InvalidArgumentError, match="Received: a batch of 1 example"):
            step(oracle.batch[:1])
        return
    step(oracle.batch[:1])
    assert np.isnan(flat(game.variables)).all()


def test_the_pullback_is_right_on_average():
    """Over all rotations of the batch the mean of v_A'ᵀv is v'ᵀv."""
    oracle = PROBLEMS["waves"]()
    v, a = oracle.field(oracle.x), oracle.jacobian(oracle.x)
    pulled = []
    for k in range(8):
        lin = linearize_partly(build(oracle, tf.constant(np.roll(oracle.batch, k, 0))), 0.25)
        pulled.append(flat(lin.vjp(lin.v)))
    np.testing.assert_allclose(np.mean(pulled, 0), a.T @ v, rtol=1e-10)


def test_moving_statistics_move_to_the_weighted_mean():
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    norm = keras.layers.BatchNormalization(momentum=0.5)
    norm.build((None, 3))
    loss = lambda batch: [tf.reduce_mean((norm(batch, training=True) - 1) ** 3)]  # noqa: E731
    game = tfc.Game(loss, [norm.trainable_variables], [tf.constant(x)])
    with pytest.warns(UserWarning, match="couples.*with fraction=0.25 its first examples and the"):
        tfc.ConsensusOptimizer(sgd(0.01), gamma=0.1, fraction=0.25).step(game)
    mean = 0.25 * x[:2].mean(0) + 0.75 * x[2:].mean(0)
    np.testing.assert_allclose(norm.moving_mean, 0.5 * mean, rtol=1e-5)
    variance = 0.25 * x[:2].var(0) + 0.75 * x[2:].var(0)
    np.testing.assert_allclose(norm.moving_variance, 0.5 + 0.5 * variance, rtol=1e-5)


def test_dropout_draws_what_the_whole_batch_would():
    """The two parts together see the mask that one evaluation of all rows sees."""
    drop, x = keras.layers.Dropout(0.5, seed=3), tf.Variable(1.0)
    masks = []

    def losses(batch):
        kept = drop(batch, training=True)
        masks.extend([kept] if tf.executing_eagerly() else [])
        return [tf.reduce_mean(kept * x**2)]

    batch = tf.ones((8, 2))
    tfc.ConsensusOptimizer(sgd(0.0), gamma=0.1, fraction=0.25).step(
        tfc.Game(losses, [[x]], [batch])
    )
    parts = np.concatenate([m.numpy() for m in masks])
    masks.clear()
    drop.seed_generator.state.assign([3, 0])
    tfc.Game(losses, [[x]], [batch]).linearize()
    np.testing.assert_array_equal(parts, masks[0].numpy())


def test_schedules_and_every_with_a_fraction():
    oracle = PROBLEMS["waves"]()
    gamma = keras.optimizers.schedules.PolynomialDecay(0.4, 4, 0.1)
    optimizer = tfc.ConsensusOptimizer(sgd(H), gamma=gamma, every=2, fraction=0.25)
    got, x = run(optimizer, build(oracle), 4), oracle.x
    for step, point in enumerate(got[1:]):
        weight = 2 * float(gamma(step)) if step % 2 == 0 else 0.0
        v, a = oracle.field(x), oracle.jacobian(x, oracle.batch[:2])
        x = x + H * (v - weight * a.T @ v)
        np.testing.assert_allclose(point, x, rtol=1e-6)


# --- by turns -------------------------------------------------------------------------------------


def turns(oracle, x, regularize, n=8, k=1, m=1, rates=(0.125, 0.03125)):
    """The point after k regularized moves of the discriminator and m of the generator."""
    x, names = x.copy(), ("generator", "discriminator")
    for i, times in ((1, k), (0, m)):
        part = oracle.parts[i]
        for _ in range(times):
            v = oracle.field(x)
            pulled = oracle.jacobian(x, oracle.batch[:n]).T @ v
            gamma = GAMMA if names[i] in regularize else 0.0
            x[part] += rates[i] * (v - gamma * pulled)[part]
    return x


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fraction", [1.0, 0.25])
@pytest.mark.parametrize(
    "regularize", ["generator", "discriminator", ("discriminator", "generator")]
)
def test_turns_by_hand(regularize, fraction, mode):
    oracle = PROBLEMS["waves"]()
    game = build(oracle)
    optimizer = tfc.AlternatingConsensusOptimizer(
        sgd(0.125), sgd(0.03125), GAMMA, regularize, 2, 1, fraction=fraction
    )
    got, x = run(optimizer, game, 2, mode), oracle.x
    for point in got[1:]:
        x = turns(oracle, x, regularize, round(8 * fraction), k=2)
        np.testing.assert_allclose(point, x, **CLOSE)
    assert [int(o.iterations) for o in optimizer.inner_optimizers] == [2, 4]
    assert int(optimizer.iterations) == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fraction", [1.0, 0.25])
@pytest.mark.parametrize("debias", [None, "groups"])
def test_turns_that_use_the_last_move_again(debias, fraction, mode):
    """u is the player's own gradient, and the other's of its last move, 0 at first."""
    if debias and fraction == 1.0:
        pytest.skip("there is no rest of the batch")
    oracle, n = PROBLEMS["waves"](), round(8 * fraction)
    names = ("discriminator",) if debias else ("generator", "discriminator")
    optimizer = tfc.AlternatingConsensusOptimizer(
        sgd(H), sgd(H), GAMMA, names, 2, 1, reuse=True, fraction=fraction, debias=debias
    )
    got, x, moved = run(optimizer, build(oracle), 3, mode), oracle.x.copy(), np.zeros(5)
    for point in got[1:]:
        for i in (1, 1, 0):
            part, u = oracle.parts[i], moved.copy()
            v = oracle.field(x)[part]
            u[part] = oracle.field(x, oracle.batch[n:])[part] if debias else v
            pulled = oracle.jacobian(x, oracle.batch[:n]).T @ u
            gamma = GAMMA if i == 1 or not debias else 0.0
            x[part] += H * (v - gamma * pulled[part])
            moved[part] = v
        np.testing.assert_allclose(point, x, **CLOSE)


def test_on_a_bilinear_game_the_last_move_is_as_good_as_the_present():
    runs = []
    for reuse in (False, True):
        oracle = PROBLEMS["bilinear"]()
        optimizer = tfc.AlternatingConsensusOptimizer(sgd(H), sgd(H), 0.3, reuse=reuse)
        game = build(oracle)
        optimizer.build(game.variables)
        if reuse:  # what the generator would have seen at its last move
            values = iter(game.linearize().by_player(game.linearize().v)[0])
            for x in optimizer.memory_of(optimizer._moved, game.players[0]):
                x.assign(next(values))
        runs.append(run(optimizer, game, 5))
    np.testing.assert_allclose(*runs, rtol=1e-12)


@pytest.mark.parametrize("options", [{"gamma": 0.0}, {"gamma": 0.0, "fraction": 0.25}])
def test_turns_without_weight_are_alternating(options):
    oracle = PROBLEMS["waves"]()
    plain = run(tfc.AlternatingOptimizer(sgd(0.125), sgd(0.03125)), build(oracle), 3)
    optimizer = tfc.AlternatingConsensusOptimizer(sgd(0.125), sgd(0.03125), **options)
    np.testing.assert_array_equal(run(optimizer, build(oracle), 3), plain)


def test_only_the_player_who_moves_is_differentiated():
    """No pullback is taken along the generator's variables while the discriminator moves."""
    wanted = []

    class Watched(tfc.Game):
        def linearize(self, second_order=True):
            lin = super().linearize(second_order)
            return lin._replace(vjp=lambda u, **block: wanted.append(block) or lin.vjp(u, **block))

    oracle = PROBLEMS["waves"]()
    players = oracle.players()
    game = Watched(oracle.tf_losses(players), players, [tf.constant(oracle.batch)])
    tfc.AlternatingConsensusOptimizer(sgd(), sgd(), 0.1).step(game)
    assert wanted == [{"wrt": 1}]


def test_turns_converge_where_each_alone_does_not():
    """x·y with h = 0.5: alternation circles, a weak regularizer alone diverges, both converge."""

    def distance(optimizer):
        x, y = tf.Variable(1.0, dtype=tf.float64), tf.Variable(1.0, dtype=tf.float64)
        game = tfc.Game(lambda: (x * y, -x * y), players=[[x], [y]])
        run(optimizer, game, 200)
        return np.hypot(*flat([x, y]))

    gamma = 0.2
    assert 0.5 < distance(tfc.AlternatingOptimizer(sgd(0.5), sgd(0.5))) < 3
    assert distance(tfc.ConsensusOptimizer(sgd(0.5), gamma=gamma)) > 3
    assert distance(tfc.AlternatingConsensusOptimizer(sgd(0.5), sgd(0.5), gamma)) < 1e-3


@pytest.mark.parametrize("gammas", [(0.0, 0.4), (0.4, 0.0), (0.4, 0.4)])
@pytest.mark.parametrize("problem", METHOD_PROBLEMS)
def test_turns_are_those_of_the_theory(problem, gammas):
    """On a linear field a round is z ← Fz with F of `theory.alternating_consensus_matrix`."""
    a = METHOD_PROBLEMS[problem]
    game = quadratic_game(a)
    names = [n for n, g in zip(("generator", "discriminator"), gammas, strict=True) if g]
    optimizer = tfc.AlternatingConsensusOptimizer(sgd(H), sgd(H), 0.4, names)
    got = run(optimizer, game, 4)
    matrix = tfc.theory.alternating_consensus_matrix(a, SPLIT, H, gammas)
    for before, after in itertools.pairwise(got):
        np.testing.assert_allclose(after, matrix @ before, rtol=1e-12)


# --- weights that training decides ----------------------------------------------------------------


def relative(oracle, steps, scale, decay, every=1):
    """The trajectory of consensus with γᵢ = c·(E‖vᵢ‖²/E‖gᵢ‖²)^½, and the weights."""
    x, means, points, weights = oracle.x, np.zeros((2, len(oracle.parts))), [oracle.x], []
    for step in range(steps):
        v = oracle.field(x)
        g = oracle.jacobian(x).T @ v
        w = v.copy()
        if step % every == 0:
            now = [[np.sum(t[p] ** 2) for p in oracle.parts] for t in (v, g)]
            means = decay * means + (1 - decay) * np.array(now)
            gammas = scale * np.sqrt(means[0] / means[1])
            for part, gamma in zip(oracle.parts, gammas, strict=True):
                w[part] -= every * gamma * g[part]
            weights.append(gammas)
        x = x + H * w
        points.append(x)
    return np.stack(points), np.stack(weights)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("problem", ["waves", "three_players"])
def test_relative_weights_by_hand(problem, every, mode):
    oracle = PROBLEMS[problem]()
    gamma = tfc.RelativeGamma(0.5, decay=0.8)
    optimizer = tfc.ConsensusOptimizer(sgd(H), gamma=gamma, every=every)
    expected, weights = relative(oracle, 5, 0.5, 0.8, every)
    np.testing.assert_allclose(run(optimizer, build(oracle), 5, mode), expected, **CLOSE)
    assert optimizer.current_gamma == pytest.approx(weights[-1].max())


def test_auto_is_relative():
    optimizer = tfc.ConsensusOptimizer("sgd", gamma="auto")
    assert optimizer.gamma == tfc.RelativeGamma()


def test_a_loss_times_a_number_changes_no_direction():
    def directions(factor):
        oracle = PROBLEMS["waves"]()
        players = oracle.players()
        losses = oracle.tf_losses(players)
        game = tfc.Game(
            lambda batch: [factor * loss for loss in losses(batch)], players, [oracle.batch]
        )
        return run(tfc.ConsensusOptimizer(sgd(H / factor), gamma="auto"), game, 4)

    np.testing.assert_allclose(directions(1024.0), directions(1.0), rtol=1e-9)


UNREGULARIZED = ["gan", "nsgan", "wgan"]


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("variant", UNREGULARIZED)
def test_relative_weights_converge_on_the_dirac_gan(variant, scale):
    """Where plain simultaneous steps circle outwards, or inwards very slowly (nsgan)."""

    def ends(optimizer):
        game = tfc.problems.DiracGAN(variant).game(1.0, 0.5)
        run(optimizer, game, 1500)
        return np.linalg.norm(flat(game.variables))

    assert ends(tfc.SimultaneousOptimizer(sgd(H))) > 0.3
    assert ends(tfc.ConsensusOptimizer(sgd(H), gamma=tfc.RelativeGamma(scale))) < 0.1
    gamma = tfc.RelativeGamma(scale)
    assert ends(tfc.AlternatingConsensusOptimizer(sgd(H), sgd(H), gamma)) < 0.1


def test_a_pullback_of_zero_weighs_nothing():
    x = tf.Variable(1.0)
    optimizer = tfc.ConsensusOptimizer(sgd(0.1), gamma="auto")
    optimizer.step(tfc.Game(lambda: [3 * x], [[x]]))  # v' = 0
    assert float(x) == pytest.approx(0.7)
    assert optimizer.current_gamma == 0.0


@pytest.mark.parametrize("gamma", [tfc.RelativeGamma(0.5), tfc.SpectralGamma(0.5)])
def test_weights_are_saved_and_go_on(gamma, tmp_path):
    def make():
        return tfc.ConsensusOptimizer(sgd(H), gamma=gamma)

    through, oracle = make(), PROBLEMS["waves"]()
    whole = run(through, build(oracle), 6)
    first, game = make(), build(oracle)
    run(first, game, 3)
    copy = tfc.ConsensusOptimizer.from_config(first.get_config())
    assert copy.gamma == gamma
    copy.build(game.variables)
    copy.set_weights([x.numpy() for x in first.variables])
    np.testing.assert_array_equal(run(copy, game, 3)[-1], whole[-1])


def test_turns_with_relative_weights():
    """Each player's weight is of its own vector at the point where it moves."""
    oracle = PROBLEMS["waves"]()
    gamma = tfc.RelativeGamma(0.5, decay=0.0)
    names = ("generator", "discriminator")
    optimizer = tfc.AlternatingConsensusOptimizer(sgd(H), sgd(H), gamma, names)
    got, x = run(optimizer, build(oracle), 3), oracle.x.copy()
    for point in got[1:]:
        for i in (1, 0):
            part = oracle.parts[i]
            v = oracle.field(x)[part]
            g = (oracle.jacobian(x).T @ oracle.field(x))[part]
            x[part] += H * (v - 0.5 * np.linalg.norm(v) / np.linalg.norm(g) * g)
        np.testing.assert_allclose(point, x, **CLOSE)


def test_the_spectral_weight_is_that_of_the_fastest_direction():
    oracle = PROBLEMS["bilinear"]()
    optimizer = tfc.ConsensusOptimizer(sgd(0.01), gamma=tfc.SpectralGamma(0.9))
    run(optimizer, build(oracle), 200)
    largest = np.linalg.norm(oracle.jacobian(oracle.x), 2)
    assert optimizer.current_gamma == pytest.approx(0.9 / (0.01 * largest**2), rel=1e-3)


def test_the_spectral_weight_is_the_best_of_the_theory():
    """On x·y with coupling 2 and h = 0.25, γ = 1 contracts by 1/2 per step."""
    x, y = tf.Variable(1.0, dtype=tf.float64), tf.Variable(0.5, dtype=tf.float64)
    game = tfc.Game(lambda: (2 * x * y, -2 * x * y), players=[[x], [y]])
    got = run(tfc.ConsensusOptimizer(sgd(0.25), gamma=tfc.SpectralGamma()), game, 20)
    best = tfc.theory.optimal_gamma([[0.0, -2.0], [2.0, 0.0]], 0.25)
    lengths = np.linalg.norm(got, axis=1)
    np.testing.assert_allclose(lengths[1:] / lengths[:-1], best.spectral_radius, rtol=1e-6)


# --- scales of layers ----------------------------------------------------------------------------


def scaled(oracle, steps, kind, gamma=0.3, decay=0.8):
    """The trajectory of w = v - γ v'ᵀSv, S one number per tensor of `oracle.players`."""
    x, points, means, weight = oracle.x, [oracle.x], 0.0, 0.0
    stops = np.cumsum([int(np.prod(t.shape)) for t in tf.nest.flatten(oracle.players())])
    owner = np.searchsorted(stops, np.arange(len(x)), side="right")
    for _ in range(steps):
        v, a = oracle.field(x), oracle.jacobian(x)
        tensors = [owner == k for k in range(len(stops))]
        means = decay * means + (1 - decay) * np.array([np.mean(v[t] ** 2) for t in tensors])
        weight = decay * weight + 1 - decay
        s = weight / means if kind == "gradient" else [np.sum(x[t] ** 2) for t in tensors]
        x = x + H * (v - gamma * a.T @ (np.asarray(s)[owner] * v))
        points.append(x)
    return np.stack(points)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["gradient", "weights"])
def test_scaled_consensus_by_hand(kind, mode):
    oracle = PROBLEMS["waves"]()
    decay = {"decay": 0.8} if kind == "gradient" else {}
    optimizer = tfc.ScaledConsensusOptimizer(sgd(H), gamma=0.3, scale=kind, **decay)
    got = run(optimizer, build(oracle), 4, mode)
    np.testing.assert_allclose(got, scaled(oracle, 4, kind), **CLOSE)


def in_units(a, make):
    """The direction of the sine game whose second tensor is a·y, as one of y."""
    oracle = PROBLEMS["waves"]()
    players = oracle.players()
    losses = oracle.tf_losses(players)
    y = tf.Variable(tf.convert_to_tensor(players[0][1]) / a)
    own = tf.nest.flatten(players)

    def changed(batch):
        inside = oracle.tf_losses([[own[0], a * y], [own[2], own[3]]])
        return inside(batch)

    game = tfc.Game(losses, players, [oracle.batch])
    other = tfc.Game(changed, [[own[0], y], [own[2], own[3]]], [oracle.batch])
    found = []
    for each in (game, other):
        optimizer = make()
        optimizer.build(each.variables)
        found.append(optimizer.direction(each.linearize()))
    return found


@pytest.mark.parametrize("kind", ["gradient", "weights"])
@pytest.mark.parametrize("gamma", [0.3, "auto"])
def test_the_unit_of_a_layer_does_not_matter(gamma, kind):
    """x = a·y: the direction of y is a times that of x, of all else the same."""
    a = 100.0
    w, changed = in_units(a, lambda: tfc.ScaledConsensusOptimizer("sgd", gamma=gamma, scale=kind))
    expected = [w[0], a * w[1], w[2], w[3]]
    np.testing.assert_allclose(flat(changed), flat(expected), rtol=1e-9)
    w, changed = in_units(a, lambda: tfc.ConsensusOptimizer("sgd", gamma=0.3))
    assert np.abs(flat(changed)[:2] - flat(w)[:2]).max() > 1.0


@pytest.mark.parametrize("kind", ["gradient", "weights"])
def test_scaled_consensus_comes_to_rest(kind):
    """A bilinear game whose tensors differ by 100 in scale, where plain steps spiral outwards."""

    def length(optimizer):
        x, y, z = (tf.Variable(t, dtype=tf.float64) for t in (1.0, 0.01, 1.0))
        loss = lambda: (x + 100 * y - 1) * (z - 2)  # noqa: E731
        game = tfc.Game(lambda: (loss(), -loss()), players=[[x, y], [z]])
        run(optimizer, game, 4000)
        return np.linalg.norm(flat(game.linearize().v))

    assert length(tfc.ScaledConsensusOptimizer(sgd(1e-3), scale=kind)) < 1e-6
    assert length(tfc.SimultaneousOptimizer(sgd(1e-3))) > 1.0


def one_example():
    return build(SineGame([1, 1]), tf.ones((1, 2), tf.float64))


REFUSED = {
    "fraction": (
        lambda: tfc.ConsensusOptimizer(fraction=0.0),
        r"`fraction` must be a number above 0 and at most 1. Received: fraction=0",
    ),
    "example": (
        lambda: tfc.ConsensusOptimizer(fraction=0.5, debias="per_example"),
        r"the rest of the batch is the independent part.*Use debias='groups'",
    ),
    "gamma": (lambda: tfc.ConsensusOptimizer(gamma="best"), r"must be a number or a keras.*'auto'"),
    "scale": (lambda: tfc.RelativeGamma(0.0), r"`scale` must be"),
    "decay": (lambda: tfc.RelativeGamma(decay=1.0), r"`decay` must be.*below 1"),
    "spectral": (lambda: tfc.SpectralGamma(2.0), r"`scale` must be.*below 2"),
    "step_size": (lambda: tfc.SpectralGamma(step_size=-1.0), r"`step_size` must be"),
    "nobody": (lambda: tfc.AlternatingConsensusOptimizer(regularize=()), r"names the players"),
    "twice": (
        lambda: tfc.AlternatingConsensusOptimizer(regularize=["generator"] * 2),
        r"names the players",
    ),
    "unknown": (
        lambda: tfc.AlternatingConsensusOptimizer(regularize="critic"),
        r"names the players.*Received: regularize='critic'",
    ),
    "scale_by": (
        lambda: tfc.ScaledConsensusOptimizer(scale="layer"),
        r"'gradient' or 'weights'. Received: scale='layer'",
    ),
    "decay_of_weights": (
        lambda: tfc.ScaledConsensusOptimizer(scale="weights", decay=0.9),
        r"`decay` is that of .*scale='gradient'.*Received: decay=0.9",
    ),
    "scaled_spectral": (
        lambda: tfc.ScaledConsensusOptimizer(gamma=tfc.SpectralGamma()),
        r"SpectralGamma suits",
    ),
    "reuse": (lambda: tfc.AlternatingConsensusOptimizer(reuse=1), r"`reuse` must be"),
    "rate": (
        lambda: tfc.AlternatingConsensusOptimizer(learning_rate=0.1),
        r"options of the inner optimizer",
    ),
    "small": (
        lambda: tfc.ConsensusOptimizer(sgd(), fraction=0.5, debias="groups").step(one_example()),
        r"its first examples and the rest. Received: a batch of 1 example. Batch the data",
    ),
    "stale": (
        lambda: tfc.AlternatingConsensusOptimizer(
            regularize=["generator"], reuse=True, debias="groups", fraction=0.5
        ),
        r"uses the generator's own batch",
    ),
    "spectral_of_other_products": (
        lambda: tfc.SmoothingOptimizer(gamma=tfc.SpectralGamma()),
        r"SpectralGamma suits.*for SmoothingOptimizer",
    ),
    "tensor": (lambda: tfc.ConsensusOptimizer(gamma=tf.constant(1.0)), r"must be a number or"),
    "apply": (
        lambda: tfc.ConsensusOptimizer(sgd(), fraction=0.5).apply(
            [tf.ones(2)], [tf.Variable([1.0, 2.0])]
        ),
        r"those of the whole batch. Received: fraction=0.5",
    ),
    "parts": (
        lambda: tfc.ConsensusOptimizer(sgd(), fraction=0.25, microbatches=4).step(
            build(SineGame([1, 1]))
        ),
        r"equal parts of the batch. Received: a batch of 2 and microbatches=4",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    call, message = REFUSED[name]
    with pytest.raises((ValueError, TypeError, RuntimeError), match=message):
        call()


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_that_follows_the_field_has_no_field_of_its_own(kind):
    assert KINDS[kind](sgd(), gamma=0.5).field.gamma == 0.5
    assert KINDS[kind](sgd(), gamma="auto").field is None


def test_every_k_th_spectral_step_is_no_larger():
    """On x·y with h = 0.1; a weight k times as large would diverge."""

    def distance(every):
        x, y = tf.Variable(1.0), tf.Variable(1.0)
        game = tfc.Game(lambda: (x * y, -x * y), [[x], [y]])
        optimizer = tfc.ConsensusOptimizer(sgd(0.1), gamma=tfc.SpectralGamma(), every=every)
        run(optimizer, game, 200)
        return np.hypot(*flat([x, y]))

    assert all(distance(every) < 1e-6 for every in (1, 2, 4))


@pytest.mark.parametrize(
    "make",
    [
        lambda: tfc.ConsensusOptimizer(sgd(), gamma="auto"),
        lambda: tfc.ConsensusOptimizer(sgd(), gamma=tfc.SpectralGamma()),
        lambda: tfc.ScaledConsensusOptimizer(sgd()),
        lambda: tfc.ScaledConsensusOptimizer(sgd(), scale="weights"),
    ],
)
def test_a_variable_without_gradient_is_left_out(make):
    found = []
    for extra in (False, True):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((3,))
        outputs = keras.layers.Dense(1)(keras.layers.Dense(4, "tanh")(inputs))
        model = keras.Model(inputs, outputs)
        if extra:
            model.extra = keras.layers.Dense(2)
            model.extra.build((None, 3))
        model.compile(optimizer=make(), loss="mse")
        data = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
        with pytest.warns(UserWarning, match="Gradients do not exist") if extra else nothing():
            model.fit(data, data[:, :1], batch_size=4, verbose=0, shuffle=False)
        found.append(flat([x for x in model.trainable_variables if x.shape[-1] != 2]))
    np.testing.assert_allclose(*found, rtol=1e-5)


def test_the_last_batch_of_a_fit_may_hold_one_example():
    oracle = PROBLEMS["waves"]()
    optimizer = tfc.ConsensusOptimizer(sgd(H), gamma=GAMMA, fraction=0.3)
    game = build(oracle, tf.constant(oracle.batch[:1]))
    one = by_hand(_of(oracle, oracle.batch[:1]), oracles.consensus, 1, H)[1]
    optimizer.step(game)
    np.testing.assert_allclose(flat(game.variables), one, **CLOSE)
    for jit_compile in (False, True):
        game = build(oracle)
        optimizer = tfc.ConsensusOptimizer(sgd(H), gamma=GAMMA, fraction=0.3)
        optimizer.build(game.variables)

        @tf.function(
            input_signature=[tf.TensorSpec((None, 5), tf.float64)], jit_compile=jit_compile
        )
        def step(batch, optimizer=optimizer, game=game):
            return optimizer.step(game.variant(batch=(batch,))).losses

        step(oracle.batch[:1])
        np.testing.assert_allclose(flat(game.variables), one, **CLOSE)


def _of(oracle, batch):
    oracle.batch = batch
    return oracle


@pytest.mark.parametrize(("size", "f", "n"), [(100, 0.07, 7), (50, 0.14, 7), (25, 0.28, 7)])
def test_rounding_adds_no_example(size, f, n):
    seen = []

    def losses(batch):
        seen.append(batch.shape[0])
        return [tf.reduce_mean(batch) * x**2]

    x = tf.Variable(1.0)
    linearize_partly(tfc.Game(losses, [[x]], [tf.ones(size)]), f)
    assert n in seen
    assert size - n in seen

"""The zero-sum shortcut against consensus optimization, and what it refuses."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_gan import LATENT, batches, fit, mlp, weights

import tf_consensus as tfc
from tests.oracles import MODES, SineGame, consensus, flat

GAMMA, H = 0.3, 0.0625


def sgd(h=H):
    return keras.optimizers.SGD(h)


def zero_sum(seed=3, own=0.0):
    """Waves of one loss f and -f, and a part of the second player's that is its own."""
    game = SineGame([3, 2], seed=seed)
    game.q[1], game.c[1] = -game.q[0], -game.c[0]
    game.a[1], game.p[1] = -game.a[0], game.p[0]
    second = np.diag([0.0, 0.0, 0.0, 1.0, 1.0])
    game.q[1] += own * second
    return game


def build(oracle, dtype="float64"):
    players = oracle.players(dtype)
    return tfc.Game(oracle.tf_losses(players), players, [tf.cast(oracle.batch, dtype)])


def run(optimizer, game, steps=3, mode="eager"):
    optimizer.build(game.variables)
    step = MODES[mode](lambda: optimizer.step(game).losses)
    for _ in range(steps):
        step()
    return flat(game.variables)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("own", [0.0, 0.7])
@pytest.mark.parametrize("options", [{}, {"every": 2}, {"microbatches": 4}])
def test_the_forward_product_takes_the_steps_of_consensus(options, own, mode):
    inner = keras.optimizers.Adam
    reference = tfc.ConsensusOptimizer(inner(H), gamma=GAMMA, **options)
    expected = run(reference, build(zero_sum(own=own)), mode=mode)
    optimizer = tfc.ZeroSumConsensusOptimizer(inner(H), gamma=GAMMA, **options)
    got = run(optimizer, build(zero_sum(own=own)), mode=mode)
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)
    plain = run(tfc.SimultaneousOptimizer(inner(H)), build(zero_sum(own=own)))
    assert np.abs(got - plain).max() > 1e-3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("options", [{}, {"every": 2}, {"microbatches": 4}])
def test_the_difference_takes_them_to_its_order(options, mode):
    expected = run(tfc.ConsensusOptimizer(sgd(), gamma=GAMMA, **options), build(zero_sum()))

    def error(epsilon):
        optimizer = tfc.ZeroSumConsensusOptimizer(
            sgd(), gamma=GAMMA, product="difference", epsilon=epsilon, **options
        )
        return np.abs(run(optimizer, build(zero_sum()), mode=mode) - expected).max()

    coarse, fine, chosen = error(2.0**-10), error(2.0**-11), error(None)
    assert coarse / fine == pytest.approx(2.0, rel=0.02)
    assert chosen < 1e-6
    assert coarse > 1e-5


@pytest.mark.parametrize("product", ["jvp", "difference"])
def test_steps_of_single_precision(product):
    oracle = zero_sum()
    optimizer = tfc.ZeroSumConsensusOptimizer(sgd(), gamma=GAMMA, product=product)
    got = run(optimizer, build(oracle, "float32"), 1)
    expected = oracle.x + H * consensus(oracle, oracle.x, gamma=GAMMA)
    np.testing.assert_allclose(got, expected, atol=2e-3 if product == "difference" else 1e-5)


@pytest.mark.parametrize("product", ["jvp", "difference"])
def test_two_replicas_equal_one_device(product, two_replicas):
    oracle = zero_sum()

    def make():
        return tfc.ZeroSumConsensusOptimizer(sgd(), gamma=GAMMA, product=product, epsilon=epsilon)

    epsilon = 1e-5 if product == "difference" else None
    one = run(make(), build(oracle))
    with two_replicas.scope():
        players = oracle.players()
        optimizer = make()
        optimizer.build(tf.nest.flatten(players))
    batch = two_replicas.experimental_distribute_values_from_function(
        lambda context: tf.constant(oracle.batch[context.replica_id_in_sync_group :: 2])
    )

    def on_replica(rows):
        optimizer.step(tfc.Game(oracle.tf_losses(players), players, [rows]))

    step = tf.function(lambda: two_replicas.run(on_replica, [batch]), autograph=False)
    for _ in range(3):
        step()
    two = flat([x.numpy() for x in tf.nest.flatten(players)])
    np.testing.assert_allclose(two, one, rtol=1e-6 if epsilon else 1e-12)


def test_at_an_equilibrium_the_difference_stays():
    x, y = tf.Variable(0.0), tf.Variable(0.0)
    game = tfc.Game(lambda: (x * y, -x * y), [[x], [y]])
    tfc.ZeroSumConsensusOptimizer(sgd(), product="difference").step(game)
    assert (float(x), float(y)) == (0.0, 0.0)


@pytest.mark.parametrize("product", ["jvp", "difference"])
@pytest.mark.parametrize("microbatches", [1, 2])
def test_other_games_are_refused(microbatches, product):
    def make():
        return tfc.ZeroSumConsensusOptimizer(
            sgd(), gamma=GAMMA, product=product, microbatches=microbatches
        )

    message = "of a zero-sum game, whose sum the first player does not change"
    with pytest.raises(ValueError, match=rf"{message}. Received: .*Use ConsensusOptimizer"):
        run(make(), build(SineGame([3, 2], seed=5)))
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(make(), build(SineGame([3, 2], seed=5)), mode="graph")
    assert np.isnan(run(make(), build(SineGame([3, 2], seed=5)), mode="xla")).any()


def test_a_small_part_of_the_first_players_own_is_seen():
    x, y = (tf.Variable(1.0, dtype=tf.float64) for _ in range(2))
    game = tfc.Game(lambda: (x * y + 1e-5 * x**2, -x * y), [[x], [y]])
    with pytest.raises(ValueError, match="zero-sum"):
        tfc.ZeroSumConsensusOptimizer(sgd(), gamma=GAMMA).step(game)


@pytest.mark.parametrize("microbatches", [1, 2])
@pytest.mark.parametrize("product", ["jvp", "difference"])
def test_losses_whose_derivative_is_cut_are_refused(product, microbatches):
    x, y = tf.Variable(1.0), tf.Variable(2.0)

    def losses(rows):
        f = tf.reduce_mean(rows) * x * y * tf.stop_gradient(tf.sin(x + y))
        return f, -f

    optimizer = tfc.ZeroSumConsensusOptimizer(sgd(), product=product, microbatches=microbatches)
    with pytest.raises(ValueError, match=r"StopGradient"):
        optimizer.step(tfc.Game(losses, [[x], [y]], [tf.ones(4)]))


def gan(optimizer, **options):
    objective = options.pop("objective", "js")
    made = tfc.GAN(mlp(LATENT, 2, 1), mlp(2, 1, 11), latent_dim=LATENT, seed=5, objective=objective)
    made.compile(optimizer=optimizer, **options)
    return made


@pytest.mark.parametrize("objective", ["js", "wgan"])
@pytest.mark.parametrize(
    "options", [{"jit_compile": False}, {"jit_compile": True, "steps_per_execution": 3}]
)
def test_a_gan_trains_as_with_consensus(objective, options):
    reference = gan(tfc.ConsensusOptimizer("adam", 1e-2), objective=objective, jit_compile=False)
    fit(reference)
    optimizer = tfc.ZeroSumConsensusOptimizer("adam", 1e-2)
    shortcut = gan(optimizer, objective=objective, **options)
    fit(shortcut)
    np.testing.assert_allclose(weights(shortcut), weights(reference), atol=2e-4)
    assert shortcut.optimizer.field == ("consensus", 10.0, "all", "all")


def test_a_gan_that_is_not_zero_sum_is_refused():
    model = gan(tfc.ZeroSumConsensusOptimizer("adam", 1e-2), objective="standard")
    with pytest.raises(ValueError, match="zero-sum"):
        model.optimizer.step(model.game(next(iter(batches()))))


@pytest.mark.parametrize("product", ["jvp", "difference"])
def test_a_saved_run_goes_on_exactly(product, tmp_path):
    def make():
        return gan(
            tfc.ZeroSumConsensusOptimizer("adam", 1e-2, gamma=1.0, every=2, product=product),
            jit_compile=False,
        )

    whole, begun = make(), make()
    fit(whole, epochs=2, steps_per_epoch=3)
    fit(begun, steps_per_epoch=3)
    begun.save(tmp_path / "gan.keras")
    resumed = keras.models.load_model(tmp_path / "gan.keras")
    assert resumed.optimizer.get_config() == begun.optimizer.get_config()
    fit(resumed, batches().skip(3), steps_per_epoch=3)
    np.testing.assert_array_equal(weights(resumed), weights(whole))


def test_mixed_precision_needs_an_epsilon():
    x, y = tf.Variable(1.0), tf.Variable(1.0)
    game = tfc.Game(lambda: (x * y, -x * y), [[x], [y]])
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(ValueError, match=r"rounding alone. Received: .*mixed_bfloat16.*jvp"):
            tfc.ZeroSumConsensusOptimizer(sgd(), product="difference").step(game)
        tfc.ZeroSumConsensusOptimizer(sgd(), product="difference", epsilon=0.1).step(game)
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"product": "vjp"}, r"`product` must be one of \['jvp', 'difference'\]. Received"),
        ({"epsilon": 0.1}, r"`epsilon` belongs to product='difference'. Received: eps"),
        ({"gamma": tfc.SpectralGamma()}, r"SpectralGamma suits.*Use gamma='auto'"),
        ({"product": "difference", "epsilon": 0.0}, r"`epsilon` must be a positive finite number"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tfc.ZeroSumConsensusOptimizer(**options)


def test_it_takes_a_game_of_two_players():
    x = tf.Variable(1.0)
    optimizer = tfc.ZeroSumConsensusOptimizer("sgd")
    with pytest.raises(ValueError, match=r"needs two players. Received: a game of 1"):
        optimizer.step(tfc.Game(lambda: [x * x], [[x]]))
    with pytest.raises(RuntimeError, match=r"losses once more, .*`optimizer.step\(game\)`"):
        optimizer.apply([tf.constant(1.0)], [x])

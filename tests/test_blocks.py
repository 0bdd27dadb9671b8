"""Products with blocks of v', and games on the first examples, against dense matrices."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES, SineGame, flat
from tf_consensus.games.compiled import CompiledGame
from tf_consensus.games.microbatches import MicrobatchedGame
from tf_consensus.support.row_draws import Rows

SIZES = [3, 1, 2]
GAMES = {
    "plain": lambda game: game,
    "microbatches": lambda game: MicrobatchedGame(game, 4),
    "compiled": CompiledGame,
}
BLOCKS = [(None, None), (0, None), (None, [2]), (0, (1, 2)), ([2, 0], 1), (range(3), [0, 1])]


def build(oracle, batch=None):
    players = oracle.players()
    batch = oracle.batch if batch is None else batch
    return tfc.Game(oracle.tf_losses(players), players, [tf.constant(batch)])


def block(oracle, of, wrt, batch=None):
    """v' with zeros outside of the block."""
    jacobian, kept = oracle.jacobian(oracle.x, batch), np.zeros((len(oracle.x),) * 2)
    for i, j in itertools.product(numbers(of), numbers(wrt)):
        part = oracle.parts[i], oracle.parts[j]
        kept[part] = jacobian[part]
    return kept


def numbers(players):
    return range(len(SIZES)) if players is None else np.atleast_1d(players)


def vector(game, seed=0):
    rng = np.random.default_rng(seed)
    return [tf.constant(rng.normal(size=x.shape)) for x in game.variables]


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("kind", GAMES)
@pytest.mark.parametrize(("of", "wrt"), BLOCKS)
def test_products_with_a_block_are_those_of_the_dense_one(kind, mode, of, wrt):
    oracle = SineGame(SIZES)
    game = GAMES[kind](build(oracle))
    u, dense = vector(game), block(oracle, of, wrt)

    def evaluate():
        lin = game.linearize()
        return (
            lin.vjp(u, of=of, wrt=wrt),
            game.vjp(u, of=of, wrt=wrt),
            lin.jvp(u, of=of, wrt=wrt),
            game.jvp(u, of=of, wrt=wrt),
        )

    got = [flat(t) for t in MODES[mode](evaluate)()]
    for product, expected in zip(got, [dense.T @ flat(u)] * 2 + [dense @ flat(u)] * 2, strict=True):
        np.testing.assert_allclose(product, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", GAMES)
def test_products_on_two_replicas_average_to_the_dense_one(two_replicas, kind):
    oracle = SineGame(SIZES)
    with two_replicas.scope():
        players = oracle.players()
    losses = oracle.tf_losses(players)
    halves = [tf.constant(half) for half in np.split(oracle.batch, 2)]
    data = two_replicas.experimental_distribute_values_from_function(
        lambda context: halves[context.replica_id_in_sync_group]
    )

    def replica(batch):
        game = GAMES[kind](tfc.Game(losses, players, [batch]))
        u = tfc.vectors.replica_mean(game.linearize().v)
        pulled = game.linearize().vjp(u, of=[0], wrt=[1, 2])
        return tfc.vectors.replica_mean(pulled)

    run = tf.function(lambda: two_replicas.run(replica, args=(data,)), autograph=False)
    expected = block(oracle, [0], [1, 2]).T @ oracle.field(oracle.x)
    for values in zip(*map(two_replicas.experimental_local_results, run()), strict=True):
        np.testing.assert_allclose(flat(values), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("fresh", [False, True])
def test_what_a_block_leaves_out_is_not_differentiated(fresh):
    calls = []

    @tf.custom_gradient
    def watched(x):
        def gradient(upstream):
            calls.append("first")
            return cosine(x) * upstream

        return tf.sin(x), gradient

    @tf.custom_gradient
    def cosine(x):
        def gradient(upstream):
            calls.append("second")
            return -tf.sin(x) * upstream

        return tf.cos(x), gradient

    x, y = tf.Variable(1.0), tf.Variable(2.0)
    game = tfc.Game(lambda: (x * y, watched(x * y)), [[x], [y]], allow_cut=True)
    u = [tf.constant(1.0), tf.constant(3.0)]
    products = game if fresh else game.linearize()
    calls.clear()
    np.testing.assert_allclose(flat(products.vjp(u, of=0)), [0.0, -1.0])
    assert not calls
    # v_2 = -x cos(xy), so that ∂v_2/∂x = -cos(xy) + xy sin(xy) and ∂v_2/∂y = x² sin(xy).
    slopes = [-np.cos(2.0) + 2 * np.sin(2.0), np.sin(2.0)]
    np.testing.assert_allclose(flat(products.vjp(u, of=1)), 3 * np.array(slopes), rtol=1e-5)
    assert "second" in calls


@pytest.mark.parametrize("wrong", [3, -1, [], [0, 0], [0.0], "all", [True], [[0]]])
@pytest.mark.parametrize("key", ["of", "wrt"])
def test_players_are_named_by_their_numbers(key, wrong):
    game = build(SineGame(SIZES))
    lin, u = game.linearize(), vector(game)
    for product in (lin.vjp, game.vjp, lin.jvp, game.jvp):
        with pytest.raises(ValueError, match=rf"`{key}` names players .* from 0 to 2 and once. Re"):
            product(u, **{key: wrong})


# --- the first examples --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [1, 4, 8])
def test_the_first_examples_have_their_own_field_and_pullback(mode, n):
    oracle = SineGame(SIZES)
    game = build(oracle)

    def evaluate():
        lin = game.first(n).linearize()
        return lin.v, lin.vjp(lin.v)

    v, pulled = (flat(t) for t in MODES[mode](evaluate)())
    field = oracle.field(oracle.x, oracle.batch[:n])
    np.testing.assert_allclose(v, field, rtol=1e-11)
    jacobian = oracle.jacobian(oracle.x, oracle.batch[:n])
    np.testing.assert_allclose(pulled, jacobian.T @ field, rtol=1e-11, atol=1e-12)
    np.testing.assert_array_equal(game.batch[0], oracle.batch)


@pytest.mark.parametrize("kind", GAMES)
def test_the_first_examples_are_evaluated_as_the_game_is(kind):
    oracle = SineGame(SIZES)
    part = GAMES[kind](build(oracle)).first(4)
    assert type(part) is type(GAMES[kind](build(oracle)))
    expected = oracle.field(oracle.x, oracle.batch[:4])
    np.testing.assert_allclose(flat(part.linearize().v), expected, rtol=1e-11)


def test_the_first_of_parts_must_be_a_multiple_of_their_number():
    game = MicrobatchedGame(build(SineGame(SIZES)), 4)
    with pytest.raises(ValueError, match=r"equal parts of the batch. Received: a batch of 6 and"):
        game.first(6)


@pytest.mark.parametrize("wrong", [0, -1, 2.0, "2", None, True])
def test_the_number_of_first_examples_is_a_positive_integer(wrong):
    with pytest.raises(ValueError, match=r"`n` must be an integer of at least 1. Received: n="):
        build(SineGame(SIZES)).first(wrong)


def test_there_must_be_so_many_examples():
    with pytest.raises(ValueError, match=r"from 1 to the batch's 8 examples. Received: n=9"):
        build(SineGame(SIZES)).first(9)
    x = tf.Variable(1.0)
    with pytest.raises(ValueError, match=r"Received: a batch without a tensor of rank 1"):
        tfc.Game(lambda t: [x * t], [[x]], [2.0]).first(1)
    with pytest.raises(ValueError, match=r"Received: tensors of \[2, 3\] examples"):
        tfc.Game(lambda s, t: [x], [[x]], [tf.ones(2), tf.ones(3)]).first(1)


def test_a_batch_of_unknown_size_is_looked_at_when_it_is_there():
    oracle = SineGame(SIZES)
    players = oracle.players()
    losses = oracle.tf_losses(players)

    @tf.function(input_signature=[tf.TensorSpec((None, 6), tf.float64)], autograph=False)
    def field(batch):
        return tfc.Game(losses, players, [batch]).first(3).linearize().v

    expected = oracle.field(oracle.x, oracle.batch[:3])
    np.testing.assert_allclose(flat(field(oracle.batch)), expected, rtol=1e-11)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible"):
        field(oracle.batch[:2])


def test_scalars_and_arrays_of_the_batch():
    x = tf.Variable(2.0)
    game = tfc.Game(
        lambda pair, scale: [x * scale * tf.reduce_sum(pair[0]) * tf.reduce_mean(pair[1])],
        [[x]],
        [(np.arange(4.0, dtype="float32"), tf.range(4.0)), tf.constant(10.0)],
    )
    assert float(game.first(3).linearize().v[0]) == -10.0 * 3.0 * 1.0


@pytest.mark.parametrize("rows", [None, (4, 8, 12)])
def test_layers_draw_the_numbers_of_these_examples(rows):
    keras.utils.set_random_seed(1)
    dropout = keras.layers.Dropout(0.5, seed=3)
    x = tf.Variable(tf.ones(5))

    def losses(data, weights):
        return [tf.reduce_mean(weights * tf.linalg.matvec(dropout(data, training=True), x))]

    data = tf.constant(np.random.default_rng(0).normal(size=(8, 5)), "float32")
    chosen = np.array([8 / 3] * 3 + [0.0] * 5, "float32")
    whole = tfc.Game(losses, [[x]], [data, tf.constant(chosen)])
    part = tfc.Game(losses, [[x]], [data, tf.ones(8)])
    for game in (whole, part):
        game.seeds = lambda number: tf.constant([number, 7])
        game.rows = rows and Rows(*rows)
    got, expected = part.first(3).linearize().v[0], whole.linearize().v[0]
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    assert np.count_nonzero(expected) > 2  # where no example is dropped, nothing is shown


def test_the_first_examples_of_a_gan_with_penalties_and_noise(float64):
    networks = tfc.networks.build("mlp", width=4, latent_dim=3, seed=0)
    terms = [tfc.penalties.InstanceNoise(0.3), tfc.penalties.R1(1.0)]
    gan = tfc.GAN(*networks, latent_dim=3, penalties=terms, seed=1)
    game = gan.game(np.random.default_rng(0).normal(size=(8, 2)))
    cut = tf.nest.map_structure(lambda t: t[:3] if len(np.shape(t)) else t, game.batch)
    reference = tfc.Game(game.losses, game.players, cut).linearize()
    part = game.first(3).linearize()
    for got, expected in zip(part.v, reference.v, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-14)
    got, expected = (flat(lin.vjp(reference.v, of=0, wrt=1)) for lin in (part, reference))
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-14)
    assert np.abs(expected).max() > 1e-6
    assert np.abs(flat(game.linearize().v) - flat(part.v)).max() > 1e-3

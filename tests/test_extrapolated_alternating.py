"""Alex-GDA: its round by hand, what it is at the ends of its range, and what it remembers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES, PROBLEMS, flat


def sgd(h):
    return keras.optimizers.SGD(h)


def build(oracle):
    players = oracle.players()
    return tfc.Game(oracle.tf_losses(players), players, [tf.constant(oracle.batch)])


def by_hand(oracle, gamma, delta, k, m, rounds, h_g=0.125, h_d=0.0625):
    x, (g, d) = oracle.x.copy(), oracle.parts
    last, points = np.zeros_like(x[g]), []
    for _ in range(rounds):
        start = x.copy()
        for _ in range(k):
            seen = np.concatenate([start[g] + (delta - 1) * last, x[d]])
            x[d] += h_d * oracle.field(seen)[d]
        ahead = start[d] + gamma * (x[d] - start[d])
        for _ in range(m):
            x[g] += h_g * oracle.field(np.concatenate([x[g], ahead]))[g]
        last = x[g] - start[g]
        points.append(x.copy())
    return points


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("k", "m"), [(1, 1), (3, 2)])
@pytest.mark.parametrize(("gamma", "delta"), [(1.75, 1.25), (0.0, 1.0), (1.0, 2.0)])
def test_rounds_by_hand(gamma, delta, k, m, mode):
    oracle = PROBLEMS["waves"]()
    game = build(oracle)
    optimizer = tfc.ExtrapolatedAlternatingOptimizer(sgd(0.125), sgd(0.0625), gamma, delta, k, m)
    optimizer.build(game.variables)
    step = MODES[mode](lambda: optimizer.step(game).losses)
    for point in by_hand(oracle, gamma, delta, k, m, 4):
        step()
        np.testing.assert_allclose(flat(game.variables), point, rtol=1e-9, atol=1e-12)
    assert int(optimizer.iterations) == 4


@pytest.mark.parametrize("mode", MODES)
def test_weights_of_one_are_bit_for_bit_alternation(mode):
    ends = []
    for make in (
        tfc.AlternatingOptimizer,
        lambda a, b: tfc.ExtrapolatedAlternatingOptimizer(a, b, 1.0, 1.0),
    ):
        game = build(PROBLEMS["waves"]())
        optimizer = make(keras.optimizers.Adam(0.125), keras.optimizers.RMSprop(0.0625))
        optimizer.build(game.variables)
        step = MODES[mode](lambda optimizer=optimizer, game=game: optimizer.step(game).losses)
        for _ in range(4):
            step()
        ends.append(flat(game.variables))
    np.testing.assert_array_equal(*ends)


def test_the_other_player_is_back_in_its_place_to_the_bit():
    oracle = PROBLEMS["waves"]()
    game, seen = build(oracle), []
    optimizer = tfc.ExtrapolatedAlternatingOptimizer(sgd(0.125), sgd(0.0), 3.0, 3.0)
    for _ in range(3):
        optimizer.step(game)
        seen.append(flat(game.players[1]))
    for values in seen:
        np.testing.assert_array_equal(values, oracle.x[oracle.parts[1]])
    assert np.abs(flat(game.players[0]) - oracle.x[oracle.parts[0]]).max() > 0.01


@pytest.mark.parametrize("key", ["discriminator_extrapolation", "generator_extrapolation"])
def test_a_negative_weight_is_refused(key):
    with pytest.raises(ValueError, match=rf"`{key}` must be .* at least 0. Received: {key}=-1.0"):
        tfc.ExtrapolatedAlternatingOptimizer(**{key: -1.0})

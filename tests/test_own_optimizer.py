"""The optimizers of `docs/own_optimizer.md`, as they stand there, against steps by hand."""

import contextlib

import keras
import numpy as np
import pytest
import snippets
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES, SineGame, flat

PAGE = snippets.ROOT / "docs" / "own_optimizer.md"
GAMMA, STRENGTH, H = 0.7, 0.3, 0.05


@pytest.fixture(scope="module")
def page():
    """The names that the page's first two blocks define."""
    names = {"__name__": "__main__"}
    for block in snippets.blocks(PAGE)[:2]:
        snippets.run_python(block, PAGE, names)
    return names


def anchored(page, **options):
    return page["AnchoredOptimizer"](keras.optimizers.SGD(H), strength=STRENGTH, **options)


def partial(page, n=4, **options):
    inner = keras.optimizers.SGD(H)
    return page["PartialConsensusOptimizer"](inner, gamma=GAMMA, n=n, **options)


MAKERS = {"anchored": anchored, "partial": partial}


def build(oracle, batch=None):
    players = oracle.players()
    batch = oracle.batch if batch is None else batch
    return tfc.Game(oracle.tf_losses(players), players, [tf.constant(batch)])


def anchored_by_hand(oracle, steps):
    x, smallest, points = oracle.x, np.inf, []
    for _ in range(steps):
        v = oracle.field(x)
        if np.linalg.norm(v) < smallest:
            anchor, smallest = x, np.linalg.norm(v)
        x = x + H * (v + STRENGTH * (anchor - x))
        points.append(x)
    return points


def partial_by_hand(oracle, steps, rows=slice(4)):
    x, points = oracle.x, []
    for _ in range(steps):
        part = oracle.batch[rows]
        pulled = oracle.jacobian(x, part).T @ oracle.field(x, part)
        x = x + H * (oracle.field(x) - GAMMA * pulled)
        points.append(x)
    return points


BY_HAND = {"anchored": anchored_by_hand, "partial": partial_by_hand}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("options", [{}, {"microbatches": 2}])
@pytest.mark.parametrize("name", MAKERS)
def test_steps_by_hand(float64, page, name, options, mode):
    oracle = SineGame([3, 2], seed=5)
    game, optimizer = build(oracle), MAKERS[name](page, **options)
    optimizer.build(game.variables)
    step = MODES[mode](lambda: optimizer.step(game).losses)
    for expected in BY_HAND[name](oracle, 6):
        step()
        np.testing.assert_allclose(flat(game.variables), expected, rtol=1e-11, atol=1e-12)
    assert int(optimizer.iterations) == 6


def test_the_anchor_follows_the_shortest_field(float64, page):
    x, y = tf.Variable(3.0, dtype="float64"), tf.Variable(0.0, dtype="float64")
    game, optimizer = tfc.Game(lambda: (x**2 / 2, (y - 1) ** 2 / 2), [[x], [y]]), anchored(page)
    for _ in range(4):
        before = flat(game.variables)
        optimizer.step(game)  # the field gets shorter in each step, so x̂ is where it was taken
        np.testing.assert_array_equal(flat(optimizer.anchor), before)
    assert float(optimizer.smallest) == pytest.approx(np.hypot(before[0], 1 - before[1]))
    x.assign(5.0)
    optimizer.step(game)
    np.testing.assert_array_equal(flat(optimizer.anchor), before)
    np.testing.assert_allclose(float(x), 5.0 + H * (-5.0 + STRENGTH * (before[0] - 5.0)))


@pytest.mark.parametrize("name", MAKERS)
def test_two_replicas_by_hand(float64, two_replicas, page, name):
    oracle = SineGame([3, 2], seed=5)
    with two_replicas.scope():
        players = oracle.players()
        optimizer = MAKERS[name](page, **({"n": 2} if name == "partial" else {}))
        optimizer.build([x for player in players for x in player])
    losses, halves = oracle.tf_losses(players), np.split(oracle.batch, 2)
    batch = two_replicas.experimental_distribute_values_from_function(
        lambda context: tf.constant(halves[context.replica_id_in_sync_group])
    )

    def on_replica(batch):
        return optimizer.step(tfc.Game(losses, players, [batch])).losses

    step = tf.function(lambda: two_replicas.run(on_replica, [batch]), autograph=False)
    # The first two examples of each half of eight.
    rows = {"rows": [0, 1, 4, 5]} if name == "partial" else {}
    for expected in BY_HAND[name](oracle, 3, **rows):
        step()
        for player, part in zip(players, oracle.parts, strict=True):
            np.testing.assert_allclose(flat(player), expected[part], rtol=1e-11, atol=1e-12)


DATA = np.random.default_rng(0).normal(size=(32, 2)).astype("float32")


def trained(optimizer, epochs, gan=None, strategy=None):
    if gan is None:
        with strategy.scope() if strategy else contextlib.nullcontext():
            networks = tfc.networks.build("mlp", width=8, latent_dim=4, seed=0)
            gan = tfc.GAN(*networks, latent_dim=4, seed=1)
            gan.compile(optimizer=optimizer())
    gan.fit(DATA, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return gan


@pytest.mark.parametrize("name", MAKERS)
def test_a_saved_gan_goes_on_as_if_it_had_not_stopped(page, name, tmp_path):
    make = MAKERS[name]
    whole = trained(lambda: make(page), 2)
    half = trained(lambda: make(page), 1)
    half.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert type(loaded.optimizer) is type(half.optimizer)
    assert loaded.optimizer.get_config() == half.optimizer.get_config()
    for a, b in zip(loaded.optimizer.variables, half.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    trained(None, 1, loaded)
    assert int(loaded.optimizer.iterations) == 8
    for a, b in zip(loaded.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    moved = [np.abs(a - b).max() for a, b in zip(whole.weights, half.weights, strict=True)]
    assert max(moved) > 1e-4


def test_a_direction_works_in_the_compile_of_any_model(page):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizer=anchored(page), loss="mse")
    model.fit(DATA, DATA[:, :1], batch_size=8, verbose=0)
    assert int(model.optimizer.iterations) == 4
    assert np.isfinite(float(model.optimizer.smallest))


def test_an_update_needs_the_game(page):
    x = tf.Variable(1.0)
    with pytest.raises(NotImplementedError, match=r"no `direction\(linearization\)`.*step\(game\)"):
        partial(page).apply([tf.ones(())], [x])


def test_misplaced_options_are_explained_there_too(page):
    match = r"inner optimizer, not of AnchoredOptimizer. Received: weight_decay=0.1. Write Anch"
    with pytest.raises(ValueError, match=match):
        page["AnchoredOptimizer"](weight_decay=0.1)
    with pytest.raises(TypeError, match=r"AnchoredOptimizer does not know .*Received: \['gama'\]"):
        page["AnchoredOptimizer"](gama=0.1)


def test_arguments_that_would_be_lost_at_saving_are_named():
    class Lossy(tfc.SimultaneousOptimizer):
        def __init__(self, strength=0.1, **options):
            super().__init__(**options)
            self.strength = strength

    with pytest.raises(TypeError, match=r"Received: Lossy\(strength\), which the inherited"):
        Lossy().get_config()

"""`InfoGAN`: its losses and steps against those by hand, its codes, saved and resumed runs."""

import contextlib

import hand_games
import keras
import numpy as np
import pytest
import tensorflow as tf
from hand_games import BATCH, SAMPLES, SIDE, Parameters, dense, entropy, hidden_of, softplus
from oracles import flat

import tf_consensus as tfc
from tf_consensus.models.generation import GENERATION

LATENTS, HIDDEN, GAMMA, R1, CLASSES = 2, 3, 0.5, 0.7, 3
INFORMATION, CONTINUOUS = 0.8, 0.3
CODES = {"categorical": [CLASSES], "continuous": 1, "learn_deviation": True}
OUTPUTS = CLASSES + 2


def make(shares, seed=5):
    generator = hand_games.tanh_network(LATENTS + CLASSES + 1, [HIDDEN, SIDE], 0)
    head = "features" if shares else None
    discriminator = hand_games.tanh_network(SIDE, [HIDDEN, 1], 1, split=head)
    recognizer = hand_games.tanh_network(HIDDEN if shares else SIDE, [HIDDEN, OUTPUTS], 2)
    return tfc.models.InfoGAN(
        generator, discriminator, recognizer, penalties=tfc.penalties.R1(R1), seed=seed,
        information=INFORMATION, continuous_information=CONTINUOUS, **CODES,
    )  # fmt: skip


def by_hand(latents, codes, shares):
    """The losses as a function of the flat parameters."""
    labels, number = codes[:, 0].astype(int), codes[:, 1]
    inputs = np.concatenate([latents, np.eye(CLASSES)[labels], codes[:, 1:]], axis=1)

    def losses(x):
        p = Parameters(x)
        made = dense(p, hidden_of(p, inputs, HIDDEN)[0], SIDE)
        recognizer = p.place
        p.place += (HIDDEN if shares else SIDE) * HIDDEN + HIDDEN + (HIDDEN + 1) * OUTPUTS
        start, judged = p.place, []
        for samples in (SAMPLES, made):
            p.place = start
            hidden, back = hidden_of(p, samples, HIDDEN)
            kernel, bias = p.take(HIDDEN, 1), p.take(1)
            judged.append((hidden @ kernel + bias, hidden, back(kernel.T)))
        (real, _, slope), (fake, features, _) = judged
        p.place = recognizer
        found = dense(p, hidden_of(p, features if shares else made, HIDDEN)[0], OUTPUTS)
        mean, log = found[:, CLASSES], found[:, CLASSES + 1]
        density = -np.log(2 * np.pi) / 2 - log - ((number - mean) * np.exp(-log)) ** 2 / 2
        known = INFORMATION * (np.log(CLASSES) - entropy(found[:, :CLASSES], labels))
        known += CONTINUOUS * (np.log(2) + density.mean())
        penalty = R1 / 2 * (slope**2).sum(axis=1).mean()
        judged = softplus(-real).mean() + softplus(fake).mean() + penalty
        return [softplus(-fake).mean() - known, judged - known if shares else judged]

    return losses


@pytest.mark.parametrize("shares", [False, True])
def test_losses_are_those_by_hand(shares):
    model = make(shares)
    assert model.shares_body == shares
    latents, codes, _ = hand_games.first_draw(model, SAMPLES)
    assert set(codes[:, 0]) <= set(range(CLASSES))
    assert (np.abs(codes[:, 1]) <= 1).all()
    found = model.game(SAMPLES).linearize(second_order=False).losses
    expected = by_hand(latents, codes, shares)(flat(model.trainable_variables))
    np.testing.assert_allclose(flat(found), expected, rtol=1e-10)


WAYS = {
    "eager": ({"run_eagerly": True}, 1, False),
    "graph": ({}, 1, False),
    "xla": ({"jit_compile": True}, 1, False),
    "microbatches": ({}, 4, False),
    "replicas": ({}, 1, True),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shares", [False, True])
def test_a_consensus_step_is_that_of_the_dense_jacobian(way, shares, two_replicas):
    options, parts, replicas = WAYS[way]
    with two_replicas.scope() if replicas else contextlib.nullcontext():
        model = make(shares)
        optimizer = tfc.ConsensusOptimizer("sgd", hand_games.RATE, gamma=GAMMA, microbatches=parts)
        model.compile(optimizer=optimizer, **options)
    start = flat([x.numpy() for x in model.trainable_variables])
    latents, codes, _ = hand_games.first_draw(make(shares), SAMPLES)
    sizes = [sum(len(flat(x.get_weights())) for x in parts) for parts in model.players.values()]
    model.fit(SAMPLES, batch_size=BATCH, verbose=0, shuffle=False)
    found = flat([x.numpy() for x in model.trainable_variables])
    losses = by_hand(latents, codes, shares)
    expected = hand_games.consensus_step(losses, sizes, start, hand_games.RATE, GAMMA)
    tolerance = hand_games.TOLERANCES.get(way, hand_games.EXACT)
    np.testing.assert_allclose(found, expected, **tolerance)
    assert np.abs(found - start).max() > 1e-3


def small(epochs, callbacks=()):
    keras.utils.set_random_seed(1)
    pair = tfc.networks.build("mlp", latent_dim=LATENTS + CLASSES + 1, width=4, head="features")
    recognizer = keras.Sequential([keras.Input((4,)), keras.layers.Dense(OUTPUTS)])
    model = tfc.models.InfoGAN(*pair, recognizer, penalties="wgan_gp", seed=2, **CODES)
    inner = keras.optimizers.Adam(1e-2, use_ema=True)
    model.compile(optimizer=tfc.ConsensusOptimizer(inner, gamma=GAMMA))
    fit = {"batch_size": 4, "verbose": 0, "shuffle": False}
    model.fit(SAMPLES, epochs=epochs, callbacks=list(callbacks), **fit)
    return model, fit


def test_a_saved_and_loaded_run_goes_on_exactly(tmp_path):
    model, fit = small(2)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.codes == model.codes
    for each in (model, restored):
        each.fit(SAMPLES, **fit)
    np.testing.assert_array_equal(
        flat(restored.trainable_variables), flat(model.trainable_variables)
    )
    np.testing.assert_array_equal(restored.generate(4, seed=0), model.generate(4, seed=0))


def test_a_backed_up_run_repeats_the_uninterrupted_one(tmp_path):
    whole = flat(small(4)[0].trainable_variables)
    small(2, [tfc.callbacks.SafeBackup(tmp_path)])
    resumed = small(4, [tfc.callbacks.SafeBackup(tmp_path)])[0]
    np.testing.assert_array_equal(flat(resumed.trainable_variables), whole)


def test_samples_are_those_of_their_codes():
    model = make(shares=True)
    inputs = model.drawn_inputs(5, 3, 0, codes=[[2, 0.25]] * 5)
    np.testing.assert_array_equal(inputs[:, LATENTS:], [[0, 0, 1, 0.25]] * 5)
    one, rows = model.generate(5, 3, codes=[2, 0.25]), [[2, 0.25]] * 5
    np.testing.assert_array_equal(one, model.generate(5, 3, 2, codes=rows))
    assert not np.array_equal(one, model.generate(5, 3, codes=[1, 0.25]))


@pytest.mark.parametrize(("code", "values"), [(0, None), (1, [-2.0, 0.5])])
def test_along_a_code_the_latent_and_the_other_codes_stay(code, values):
    model = make(shares=False)
    made = model.traverse(code, values, n=2, seed=3)
    drawn = model.drawn_inputs(2, 3, GENERATION).numpy()
    for k, value in enumerate(range(CLASSES) if values is None else values):
        inputs = drawn.copy()
        if code == 0:
            inputs[:, LATENTS:-1] = np.eye(CLASSES)[value]
        else:
            inputs[:, -1] = value
        np.testing.assert_allclose(made[:, k], model.generator(inputs), rtol=1e-6, atol=1e-7)
    assert model.traverse(1, n=1, seed=0).shape == (1, 9, SIDE)


def test_codes_are_recognized_as_the_recognizer_says():
    for shares in (False, True):
        model = make(shares)
        seen = model.discriminator(SAMPLES)[1] if shares else SAMPLES
        found = model.recognizer(seen).numpy()
        classes, means = model.recognize(SAMPLES, batch_size=3)
        logs = hand_games.log_softmax(found[:, :CLASSES])
        np.testing.assert_allclose(np.log(classes), logs, rtol=1e-10)
        np.testing.assert_allclose(means, found[:, CLASSES], rtol=1e-10)


def test_a_code_that_is_seen_exactly_gives_all_of_its_entropy():
    codes = np.array([[0, 0.5], [2, -0.5]])
    model = make(shares=False)
    found = np.array([[50.0, 0, 0, 0.5, 0], [0, 0, 50.0, -0.5, 0]])
    categorical, continuous = model.codes.bounds(tf.constant(found), tf.constant(codes))
    assert float(categorical) == pytest.approx(np.log(3))
    assert float(continuous) == pytest.approx(np.log(2) - np.log(2 * np.pi) / 2)

"""`ConditionalGAN`: losses and steps with vectors as conditions, saved runs."""

import contextlib

import hand_games
import keras
import numpy as np
import pytest
from hand_games import BATCH, SAMPLES, SIDE, Parameters, dense, hidden_of, softplus
from oracles import flat

import tf_consensus as tfc

LATENTS, WIDTH, HIDDEN, GAMMA, R1 = 2, 3, 3, 0.5, 0.7
VECTORS = np.random.default_rng(4).normal(size=(BATCH, WIDTH)).astype("float32").astype("float64")


def network(numbers, outputs, seed):
    """A network of two inputs, on one that takes them side by side."""
    inputs = keras.Input((numbers,), dtype="float64"), keras.Input((WIDTH,), dtype="float64")
    inner = hand_games.tanh_network(numbers + WIDTH, [HIDDEN, outputs], seed)
    joined = keras.layers.Concatenate(dtype="float64")(list(inputs))
    return keras.Model(list(inputs), inner(joined))


def make():
    networks = network(LATENTS, SIDE, 0), network(SIDE, 1, 1)
    return tfc.models.ConditionalGAN(*networks, penalties=tfc.penalties.R1(R1), seed=5)


def by_hand(latents):
    def losses(x):
        p = Parameters(x)
        made = dense(p, hidden_of(p, np.concatenate([latents, VECTORS], 1), HIDDEN)[0], SIDE)
        start, judged = p.place, []
        for samples in (SAMPLES, made):
            p.place = start
            hidden, back = hidden_of(p, np.concatenate([samples, VECTORS], 1), HIDDEN)
            kernel, bias = p.take(HIDDEN, 1), p.take(1)
            # The penalty is along the samples alone.
            judged.append((hidden @ kernel + bias, back(kernel.T)[:, :SIDE]))
        (real, slope), (fake, _) = judged
        penalty = R1 / 2 * (slope**2).sum(axis=1).mean()
        return [softplus(-fake).mean(), softplus(-real).mean() + softplus(fake).mean() + penalty]

    return losses


@pytest.mark.parametrize(("parts", "replicas"), [(1, False), (4, False), (1, True)])
def test_a_consensus_step_is_that_of_the_dense_jacobian(parts, replicas, two_replicas):
    with two_replicas.scope() if replicas else contextlib.nullcontext():
        model = make()
        model.compile(
            tfc.ConsensusOptimizer("sgd", hand_games.RATE, gamma=GAMMA, microbatches=parts)
        )
    start = flat([x.numpy() for x in model.trainable_variables])
    latents, _ = hand_games.first_draw(make(), (SAMPLES, VECTORS))
    losses = by_hand(latents)
    sizes = [len(flat(x[0].get_weights())) for x in model.players.values()]
    logs = model.fit(SAMPLES, VECTORS, batch_size=BATCH, verbose=0, shuffle=False).history
    found = flat([x.numpy() for x in model.trainable_variables])
    expected = hand_games.consensus_step(losses, sizes, start, hand_games.RATE, GAMMA)
    np.testing.assert_allclose(found, expected, **hand_games.EXACT)
    for key, loss in zip(("generator_loss", "discriminator_loss"), losses(start), strict=True):
        assert logs[key][0] == pytest.approx(loss, rel=1e-5)


def test_a_saved_run_goes_on_exactly_and_samples_are_of_their_vectors(tmp_path):
    model = make()
    inner = keras.optimizers.Adam(1e-2, use_ema=True)
    model.compile(tfc.ConsensusOptimizer(inner, gamma=GAMMA))
    model.fit(SAMPLES, VECTORS, batch_size=4, verbose=0, shuffle=False)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, restored):
        each.fit(SAMPLES, VECTORS, batch_size=4, verbose=0, shuffle=False)
    found = [x.generate(3, seed=1, conditions=VECTORS[:3]) for x in (model, restored)]
    np.testing.assert_array_equal(*found)
    assert not np.array_equal(found[0][1:], model.generate(3, 1, conditions=VECTORS[0])[1:])
    np.testing.assert_array_equal(found[0][0], model.generate(3, 1, conditions=VECTORS[0])[0])

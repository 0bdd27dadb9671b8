"""`ACGAN`: its losses and steps against those by hand, and what saved and resumed runs repeat."""

import contextlib

import hand_games
import keras
import numpy as np
import pytest
import tensorflow as tf
from hand_games import BATCH, SAMPLES, SIDE, Parameters, dense, entropy, hidden_of, softplus
from oracles import flat

import tf_consensus as tfc

CLASSES, LATENTS, HIDDEN, GAMMA, R1 = 3, 2, 3, 0.5, 0.7
WEIGHTS = {"generator_weight": 0.5, "discriminator_weight": 2.0}
LABELS = np.arange(BATCH) % CLASSES


def make(draw_labels=True, seed=5):
    generator = hand_games.tanh_network(LATENTS, [HIDDEN, SIDE], 0, conditions=CLASSES)
    discriminator = hand_games.tanh_network(SIDE, [HIDDEN, 1, CLASSES], 1)
    penalties = tfc.penalties.R1(R1)
    return tfc.models.ACGAN(
        generator, discriminator, penalties=penalties, draw_labels=draw_labels, seed=seed, **WEIGHTS
    )


def by_hand(latents, made_labels):
    """The losses as a function of the flat parameters."""

    def losses(x):
        p = Parameters(x)
        embedded = p.take(CLASSES, 2)[made_labels]
        hidden, _ = hidden_of(p, np.concatenate([latents, embedded], axis=1), HIDDEN)
        made = dense(p, hidden, SIDE)
        start, judged = p.place, []
        for samples in (SAMPLES, made):
            p.place = start
            hidden, back = hidden_of(p, samples, HIDDEN)
            kernel, bias, auxiliary = p.take(HIDDEN, 1), p.take(1), dense(p, hidden, CLASSES)
            judged.append((hidden @ kernel + bias, auxiliary, back(kernel.T)))
        (real, of_real, slope), (fake, of_fake, _) = judged
        c_r, c_f = entropy(of_real, LABELS), entropy(of_fake, made_labels)
        penalty = R1 / 2 * (slope**2).sum(axis=1).mean()
        return [
            softplus(-fake).mean() + WEIGHTS["generator_weight"] * c_f,
            softplus(-real).mean()
            + softplus(fake).mean()
            + WEIGHTS["discriminator_weight"] * (c_r + c_f)
            + penalty,
        ]

    return losses


@pytest.mark.parametrize("draw_labels", [False, True])
def test_losses_are_those_by_hand(draw_labels):
    model = make(draw_labels)
    latents, labels, _ = hand_games.first_draw(model, (SAMPLES, LABELS))
    assert (labels == LABELS).all() != draw_labels
    assert set(labels) <= set(range(CLASSES))
    found = model.game((SAMPLES, LABELS)).linearize(second_order=False).losses
    expected = by_hand(latents, labels)(flat(model.trainable_variables))
    np.testing.assert_allclose(flat(found), expected, rtol=1e-12)


WAYS = {
    "eager": ({"run_eagerly": True}, 1, False),
    "graph": ({}, 1, False),
    "xla": ({"jit_compile": True}, 1, False),
    "microbatches": ({}, 4, False),
    "replicas": ({}, 1, True),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_consensus_step_is_that_of_the_dense_jacobian(way, two_replicas):
    options, parts, replicas = WAYS[way]
    with two_replicas.scope() if replicas else contextlib.nullcontext():
        model = make()
        optimizer = tfc.ConsensusOptimizer("sgd", hand_games.RATE, gamma=GAMMA, microbatches=parts)
        model.compile(optimizer=optimizer, **options)
    start = flat([x.numpy() for x in model.trainable_variables])
    latents, labels, _ = hand_games.first_draw(make(), (SAMPLES, LABELS))
    sizes = [len(flat(parts[0].get_weights())) for parts in model.players.values()]
    model.fit(SAMPLES, LABELS, batch_size=BATCH, verbose=0, shuffle=False)
    found = flat([x.numpy() for x in model.trainable_variables])
    losses = by_hand(latents, labels)
    expected = hand_games.consensus_step(losses, sizes, start, hand_games.RATE, GAMMA)
    tolerance = hand_games.TOLERANCES.get(way, hand_games.EXACT)
    np.testing.assert_allclose(found, expected, **tolerance)
    assert np.abs(found - start).max() > 1e-3


PENALTIES = {
    "lazy": lambda: tfc.penalties.R1(1.0, every=2),
    "drawing": lambda: tfc.penalties.get("wgan_gp"),
    "noise": lambda: tfc.penalties.InstanceNoise(0.1),
}


@pytest.mark.parametrize("penalty", PENALTIES)
def test_parts_of_a_batch_step_as_the_whole_with_any_penalty(penalty, two_replicas):
    weights = []
    for scope, parts in ((None, 1), (None, 4), (two_replicas, 1)):
        with scope.scope() if scope else contextlib.nullcontext():
            pair = tfc.networks.build("mlp", width=4, num_classes=3, head="auxiliary", seed=0)
            model = tfc.models.ACGAN(*pair, penalties=PENALTIES[penalty](), seed=1)
            optimizer = tfc.ConsensusOptimizer(
                "sgd", hand_games.RATE, gamma=GAMMA, microbatches=parts
            )
            model.compile(optimizer=optimizer)
        data = SAMPLES.astype("float32"), LABELS
        model.fit(*data, batch_size=BATCH, epochs=2, verbose=0, shuffle=False)
        weights.append(flat([x.numpy() for x in model.trainable_variables]))
    np.testing.assert_allclose(weights[1], weights[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights[2], weights[0], rtol=1e-5, atol=1e-6)


def test_terms_that_couple_a_batch_are_named_in_microbatches():
    pair = tfc.networks.build("mlp", width=4, num_classes=3, head="auxiliary", seed=0)
    model = tfc.models.ACGAN(*pair, objective="relativistic_average", seed=0)
    model.compile(optimizer=tfc.ConsensusOptimizer("sgd", 0.1, gamma=0.1, microbatches=2))
    with pytest.warns(UserWarning, match="Relativistic.* couples the examples of a batch"):
        model.fit(SAMPLES, LABELS, verbose=0)


def small(epochs, callbacks=()):
    keras.utils.set_random_seed(1)
    pair = tfc.networks.build("mlp", width=4, num_classes=3, head="auxiliary")
    model = tfc.models.ACGAN(*pair, penalties="r1", draw_labels=True, seed=2)
    model.compile(optimizer=tfc.ConsensusOptimizer("adam", 1e-2, gamma=GAMMA))
    fit = {"batch_size": 4, "verbose": 0, "shuffle": False}
    model.fit(SAMPLES, LABELS, epochs=epochs, callbacks=list(callbacks), **fit)
    return model, fit


def test_a_saved_and_loaded_run_goes_on_exactly(tmp_path):
    model, fit = small(2)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.draw_labels
    assert [type(x) for x in restored.penalties] == [tfc.penalties.R1]
    for each in (model, restored):
        each.fit(SAMPLES, LABELS, **fit)
    np.testing.assert_array_equal(
        flat(restored.trainable_variables), flat(model.trainable_variables)
    )
    np.testing.assert_array_equal(restored.generate(4, seed=0), model.generate(4, seed=0))


def test_a_backed_up_run_repeats_the_uninterrupted_one(tmp_path):
    whole = flat(small(4)[0].trainable_variables)
    small(2, [tfc.callbacks.SafeBackup(tmp_path)])
    resumed = small(4, [tfc.callbacks.SafeBackup(tmp_path)])[0]
    np.testing.assert_array_equal(flat(resumed.trainable_variables), whole)


def test_samples_are_the_generators_and_classes_the_second_heads():
    model = make()
    samples = model.generate(4, seed=3, labels=[0, 1, 2, 1])
    np.testing.assert_array_equal(samples, model.generate(4, 3, 2, labels=[0, 1, 2, 1]))
    assert not np.array_equal(samples, model.generate(4, seed=3, labels=0))
    logits = model.discriminator(SAMPLES)[1].numpy()
    found = model.classify(SAMPLES, batch_size=3)
    np.testing.assert_allclose(np.log(found), hand_games.log_softmax(logits), rtol=1e-10)


def test_averages_and_measured_statistics_are_those_of_labelled_inputs():
    pair = tfc.networks.build(
        "dcgan3", image_size=8, filters=2, channels=1, latent_dim=2, num_classes=3,
        head="auxiliary", seed=0,
    )  # fmt: skip
    model = tfc.models.ACGAN(*pair, seed=0)
    inner = keras.optimizers.Adam(1e-2, use_ema=True)
    model.compile(optimizer=tfc.SimultaneousOptimizer(inner))
    images = np.full((8, 8, 8, 1), -1.0, "float32")
    images[:4] = 1.0
    model.fit(images, LABELS, batch_size=4, epochs=2, verbose=0)
    statistics = [*model.generator.non_trainable_variables]
    for variables in (model.trainable_variables, statistics):
        before = flat(variables)
        with tfc.averaged_weights(model):
            assert not np.array_equal(flat(variables), before)
        np.testing.assert_array_equal(flat(variables), before)


def test_a_label_that_is_no_class_has_no_number():
    loss = tfc.models.ACGAN.losses
    model = make(draw_labels=False)
    noise = hand_games.first_draw(model, (SAMPLES, LABELS))
    labels = np.full(BATCH, CLASSES)
    found = loss(model, (tf.constant(SAMPLES), tf.constant(labels)), (noise, 0), True)
    assert np.isnan(found["discriminator"].numpy())


def test_wrong_labels_are_refused():
    model, fit = small(1)
    with pytest.raises(ValueError, match=r"Labels must be from 0 to num_classes - 1 = 2"):
        model.fit(SAMPLES, LABELS + 1, **fit)
    with pytest.raises(ValueError, match="train on pairs"):
        model.fit(SAMPLES, **fit)

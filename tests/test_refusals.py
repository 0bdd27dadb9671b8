"""What a GAN has no use for is refused, and evaluation's noise is its own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import test_conditional
from test_gan import batches, fit, make_gan

import tf_consensus as tfc


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "mse"},
        {"metrics": ["accuracy"]},
        {"loss_weights": [1.0]},
        {"weighted_metrics": ["accuracy"]},
    ],
)
def test_losses_and_metrics_of_examples_are_refused(options):
    (key,) = options
    message = rf"of its objective.*Received: {key}=.*objective=.*EvaluateGAN"
    with pytest.raises(ValueError, match=message):
        make_gan(**options)


def test_they_are_refused_by_position_too():
    gan = make_gan()
    with pytest.raises(ValueError, match="Received: loss='mse'"):
        gan.compile("sgd", "mse")
    gan.compile("sgd", None, metrics=[])


WEIGHTS = np.ones(8, "float32")
POINTS = np.zeros((8, 2), "float32")
LABELS = np.zeros(8, "int32")


@pytest.mark.parametrize(
    "act",
    [
        lambda gan: gan.fit(POINTS, sample_weight=WEIGHTS, verbose=0),
        lambda gan: gan.fit(POINTS, LABELS, class_weight={0: 2.0}, verbose=0),
        lambda gan: gan.fit(
            tf.data.Dataset.from_tensors((POINTS, LABELS, WEIGHTS)), verbose=0, shuffle=False
        ),
        lambda gan: gan.fit(POINTS, validation_data=(POINTS, LABELS, WEIGHTS), verbose=0),
        lambda gan: gan.evaluate(POINTS, sample_weight=WEIGHTS, verbose=0),
        lambda gan: gan.train_on_batch(POINTS, LABELS, sample_weight=WEIGHTS),
        lambda gan: gan.test_on_batch(POINTS, sample_weight=WEIGHTS),
    ],
)
@pytest.mark.parametrize("make", [make_gan, test_conditional.make_gan])
def test_weights_of_examples_are_refused(make, act):
    gan = make()
    if make is not make_gan:
        gan.compile(optimizer="sgd")
    received = "(3 parts|sample_weight=|class_weight=)"
    message = f"every example alike.*Received: {received}.*Leave the weights out"
    with pytest.raises(ValueError, match=message):
        act(gan)


def test_labels_that_are_not_used_are_not_refused():
    gan = make_gan()
    gan.fit(POINTS, LABELS, verbose=0)
    assert np.isfinite(gan.train_on_batch(POINTS, LABELS)).all()


def test_one_batch_of_a_conditional_gan_may_come_alone():
    gan = test_conditional.make_gan()
    gan.compile(optimizer="sgd")
    assert np.isfinite(gan.train_on_batch(POINTS, LABELS)).all()
    with pytest.raises(ValueError, match="Received: samples alone"):
        gan.train_on_batch(POINTS)


def test_a_compiled_gan_still_loads(tmp_path):
    gan = make_gan()
    fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert isinstance(loaded.optimizer, tfc.ConsensusOptimizer)
    assert "_evaluated" not in str([x.path for x in gan.variables])


def test_evaluation_repeats_and_each_of_its_batches_has_noise_of_its_own():
    gan = make_gan()
    first = gan.evaluate(batches(3), verbose=0)
    assert gan.evaluate(batches(3), verbose=0) == first
    fit(gan, steps_per_epoch=1, validation_data=batches(2))
    gan.set_weights(make_gan().get_weights())
    assert gan.evaluate(batches(3), verbose=0) == first
    gan.reset_metrics()
    real = next(iter(batches()))
    draws = [gan.game(real, training=False).batch[1].numpy() for _ in range(2)]
    np.testing.assert_array_equal(*draws)
    gan.test_step(real)
    assert not np.any(gan.game(real, training=False).batch[1].numpy() == draws[0])


def test_evaluations_noise_is_not_keyed_by_a_metric():
    gan = make_gan()
    real = next(iter(batches()))
    before = gan.game(real, training=False).batch[1].numpy()
    fit(gan)  # counts in every metric
    np.testing.assert_array_equal(gan.game(real, training=False).batch[1], before)


def test_one_batch_at_a_time_on_replicas_compiles_once(two_replicas, monkeypatch):
    traced = []
    step = tfc.GAN.train_step
    monkeypatch.setattr(
        tfc.GAN, "train_step", lambda gan, data: traced.append(1) or step(gan, data)
    )
    with two_replicas.scope():
        gan = make_gan()
    for _ in range(2):
        gan.train_on_batch(POINTS)
    before = len(traced)
    gan.train_on_batch(POINTS + 1.0)
    assert len(traced) == before
    assert gan.optimizer.iterations.numpy() == 3

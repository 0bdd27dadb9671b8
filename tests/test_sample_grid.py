"""Grids of samples during training, averaged weights, and backups that stay good."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from test_gan import fit, make_gan, weights

import tf_consensus as tfc
from tf_consensus.callbacks import DivergedError, SafeBackup, SampleGrid, StopWhenDiverged

SIDE = 4


def image_gan(num_classes=None, optimizer=None):
    """Dense networks of images of 4²."""
    latent, label = keras.Input((3,)), keras.Input((), dtype="int32")
    inputs, x = latent, latent
    if num_classes:
        inputs = [latent, label]
        x = keras.layers.Concatenate()([x, keras.layers.Embedding(num_classes, 2)(label)])
    x = keras.layers.Reshape((SIDE, SIDE, 1))(keras.layers.Dense(SIDE * SIDE, "tanh")(x))
    image = keras.Input((SIDE, SIDE, 1))
    logits = keras.layers.Dense(num_classes or 1)(keras.layers.Flatten()(image))
    pair = keras.Model(inputs, x), keras.Model(image, logits)
    gan = tfc.GAN(*pair, latent_dim=3, seed=0, num_classes=num_classes)
    gan.compile(optimizer=optimizer or tfc.SimultaneousOptimizer("adam", learning_rate=1e-2))
    return gan


def train(gan, epochs, callbacks, labels=False):
    images = np.random.default_rng(0).uniform(-1, 1, (8, SIDE, SIDE, 1)).astype("float32")
    data = (images, np.zeros(8, "int32")) if labels else images
    data = tf.data.Dataset.from_tensors(data).repeat()
    return fit(gan, data, epochs=epochs, steps_per_epoch=2, callbacks=callbacks)


def saved(path):
    with Image.open(path) as image:
        return np.asarray(image)


# Sample grids.


def test_pictures_are_those_of_fixed_latents_at_start_epochs_and_end(tmp_path):
    gan = image_gan()
    before = gan.generate(6, seed=3)
    train(gan, 3, [SampleGrid(tmp_path / "new" / "grids", samples=6, every=2, seed=3)])
    names = sorted(path.name for path in (tmp_path / "new" / "grids").iterdir())
    assert names == ["00000000.png", "00000004.png", "00000006.png"]
    for name, images in ((names[0], before), (names[-1], gan.generate(6, seed=3))):
        picture = saved(tmp_path / "new" / "grids" / name)
        np.testing.assert_array_equal(picture, tfc.plotting.image_grid(images))


def test_a_row_is_a_class_unless_labels_are_given(tmp_path):
    gan = image_gan(num_classes=3)
    train(gan, 1, [SampleGrid(tmp_path, samples=8)], labels=True)
    expected = gan.generate(8, seed=0, labels=[0, 0, 0, 1, 1, 1, 2, 2])
    np.testing.assert_array_equal(
        saved(tmp_path / "00000002.png"), tfc.plotting.image_grid(expected)
    )
    grid = SampleGrid(tmp_path, samples=3, labels=[2, 0, 1])
    grid.set_model(gan)
    expected = gan.generate(3, seed=0, labels=[2, 0, 1])
    np.testing.assert_array_equal(grid.save(), tfc.plotting.image_grid(expected))


def test_tensorboard_gets_the_same_pictures(tmp_path):
    gan = image_gan()
    train(gan, 1, [SampleGrid(tmp_path / "grids", samples=4, tensorboard=tmp_path / "board")])
    (path,) = (tmp_path / "board").iterdir()
    events = [tf.compat.v1.Event.FromString(r.numpy()) for r in tf.data.TFRecordDataset(str(path))]
    values = {event.step: value for event in events for value in event.summary.value}
    assert sorted(values) == [0, 2]
    assert values[2].tag == "samples"
    encoded = tf.make_ndarray(values[2].tensor)[2]
    picture = tf.io.decode_png(encoded).numpy()
    np.testing.assert_array_equal(picture, saved(tmp_path / "grids" / "00000002.png"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "`samples` must be an integer of at least 1"),
        ({"every": 0}, "`every` must be an integer of at least 1"),
        ({"seed": 0.5}, "`seed` must be an integer"),
        ({"folder": None}, "`folder` must be a path. Received: folder=None. Pass the name"),
        ({"folder": 3}, "`folder` must be a path"),
        ({"tensorboard": True}, "`tensorboard` must be a path"),
        ({"labels": [0.5] * 64}, "integers from 0. Received: .*dtype float64"),
        ({"labels": [-1] * 64}, "integers from 0"),
        (
            {"labels": [1, 2]},
            r"one label per sample.*shape \(2,\) and dtype int64 for samples=64. Pass 64 integers",
        ),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SampleGrid(**{"folder": "samples", **options})


# Averaged weights.


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.steps = []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append([x.numpy() for x in self.model.trainable_variables])


def averaging(momentum):
    return keras.optimizers.Adam(1e-2, use_ema=True, ema_momentum=momentum)


@pytest.mark.parametrize(
    "make",
    [
        lambda: tfc.ConsensusOptimizer(averaging(0.5), gamma=1.0),
        lambda: tfc.AlternatingOptimizer(averaging(0.5), averaging(0.5)),
        lambda: averaging(0.5),
    ],
)
def test_averages_are_the_moving_ones_and_last_for_the_block(make):
    gan, recorder = make_gan(make()), Recorder()
    seen = {}

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            with tfc.averaged_weights(self.model):
                seen["averaged"] = [x.numpy() for x in self.model.trainable_variables]
            seen["after"] = [x.numpy() for x in self.model.trainable_variables]

    fit(gan, steps_per_epoch=3, callbacks=[recorder, Look()])
    expected = recorder.steps[0]
    for t, step in enumerate(recorder.steps[1:], 1):
        decay = min(0.5, (1 + t) / (10 + t))
        expected = [decay * a + (1 - decay) * b for a, b in zip(expected, step, strict=True)]
    for found, wanted in zip(seen["averaged"], expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    for found, wanted in zip(seen["after"], recorder.steps[-1], strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_without_averages_nothing_changes():
    gan = make_gan()
    before = weights(gan)
    with tfc.averaged_weights(gan):
        np.testing.assert_array_equal(weights(gan), before)
    untrained = make_gan(tfc.ConsensusOptimizer(averaging(0.5)))
    with tfc.averaged_weights(untrained):
        np.testing.assert_array_equal(weights(untrained), before)
    with pytest.raises(RuntimeError, match="stop"), tfc.averaged_weights(gan):
        raise RuntimeError("stop")


def test_pictures_are_the_averaged_generators(tmp_path):
    gan = image_gan(optimizer=tfc.SimultaneousOptimizer(averaging(0.9)))
    train(gan, 1, [SampleGrid(tmp_path, samples=4)])
    # `generate` too is the averaged generator's.
    expected = tfc.plotting.image_grid(gan.generate(4, seed=0))
    np.testing.assert_array_equal(saved(tmp_path / "00000002.png"), expected)


# Backups.


def plain_gan():
    return make_gan(keras.optimizers.SGD(1e-2, momentum=0.9))


class BreakIn(keras.callbacks.Callback):
    """Makes a weight, or with `only_state` a variable of the optimizer, NaN in an epoch."""

    def __init__(self, epoch, only_state=False):
        super().__init__()
        self.epoch, self.only_state = epoch, only_state

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            gan = self.model
            broken = gan.optimizer.variables[-1] if self.only_state else gan.trainable_variables[0]
            broken.assign(np.full(broken.shape, np.nan))


@pytest.mark.parametrize("only_state", [False, True])
def test_a_broken_state_does_not_replace_the_backup(tmp_path, only_state):
    folder = tmp_path / "backup"
    gan = plain_gan()
    with pytest.raises(DivergedError, match=r"must be finite\. Received: .* at step 12\. Lower"):
        fit(gan, epochs=3, callbacks=[BreakIn(1, only_state), SafeBackup(folder)])
    good = plain_gan()
    fit(good)
    again = plain_gan()
    fit(again, epochs=1, callbacks=[SafeBackup(folder, delete_checkpoint=False)])
    assert int(again.optimizer.iterations) == 6
    np.testing.assert_array_equal(weights(again), weights(good))


def test_losses_that_are_not_finite_stop_first():
    gan = make_gan(tfc.SimultaneousOptimizer("sgd", learning_rate=1e38))
    with pytest.raises(DivergedError, match=r"Received: generator_loss=(nan|inf).* at step 6"):
        fit(gan, callbacks=[StopWhenDiverged()])

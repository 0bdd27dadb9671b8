"""Losses that become no numbers are said, and files that could not be loaded are not written."""

import pathlib
import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from bad_calls.things import POINTS, gan, generator, stream

import tf_consensus as tfc

CALLBACKS = keras.callbacks


class Break(CALLBACKS.Callback):
    """Puts a number that is none into a network's weights."""

    def __init__(self, player="discriminator", epoch=1, value=np.nan):
        super().__init__()
        self.player, self.epoch, self.value = player, epoch, value

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            for x in getattr(self.model, self.player).trainable_variables:
                x.assign(x * 0 + self.value)


def said(model, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        options = {"epochs": 4, "verbose": 0, "stop_when_diverged": False, **options}
        model.fit(POINTS, batch_size=4, **options)
    return [str(w.message) for w in caught if "should be finite" in str(w.message)]


@pytest.mark.parametrize("optimizer", ["sgd", tfc.ConsensusOptimizer, tfc.AlternatingOptimizer])
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_losses_that_are_no_numbers_are_said_once_and_training_goes_on(optimizer, player):
    model = gan(optimizer if optimizer == "sgd" else optimizer())
    found = said(model, callbacks=[Break(player)])
    assert len(found) == 1
    message = r"Received: .*_loss=nan.* in epoch 2, since one of the steps 3 to 4\. .*stop_when_div"
    assert re.search(message, found[0])
    assert "SafeBackup" in found[0]
    assert int(model.optimizer.iterations) == 8


@pytest.mark.parametrize("form", [lambda x: x, lambda x: (x,), lambda x: [x]])
def test_however_callbacks_are_given(form):
    assert len(said(gan(), callbacks=form(Break(epoch=0)))) == 1


@pytest.mark.parametrize("callbacks", [None, [], [CALLBACKS.History()]])
def test_nothing_is_said_of_finite_losses(callbacks):
    given = callbacks and list(callbacks)
    assert said(gan(), callbacks=callbacks) == []
    assert callbacks == given


def test_what_ended_training_is_not_said_again(tmp_path):
    for stop in (tfc.callbacks.StopWhenDiverged(), tfc.callbacks.SafeBackup(tmp_path / "b")):
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            with pytest.raises(tfc.callbacks.DivergedError):
                gan().fit(POINTS, epochs=4, verbose=0, callbacks=[Break(), stop])


class Own(CALLBACKS.TerminateOnNaN):
    def on_batch_end(self, batch, logs=None):
        del batch, logs


@pytest.mark.parametrize(
    "callbacks",
    [
        lambda: [CALLBACKS.TerminateOnNaN()],
        lambda: CALLBACKS.TerminateOnNaN(),
        lambda: (CALLBACKS.History(), CALLBACKS.TerminateOnNaN()),
        lambda: CALLBACKS.CallbackList([CALLBACKS.TerminateOnNaN()]),
    ],
)
def test_a_callback_that_never_fires_is_refused(callbacks):
    model = gan()
    with pytest.raises(ValueError, match=r"Received: TerminateOnNaN.*callbacks\.StopWhenDiverged"):
        model.fit(POINTS, verbose=0, callbacks=callbacks())
    model.fit(POINTS, verbose=0, callbacks=[Own()])


@pytest.mark.parametrize("name", ["m.h5", "m.hdf5", "m.H5"])
@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_hdf5_is_refused_before_a_file_is_written(name, kind, tmp_path):
    with pytest.raises(ValueError, match=r"Received: filepath='.*\.(h|H).*'\.keras'"):
        gan().save(kind(tmp_path / name))
    assert not list(tmp_path.iterdir())
    gan().save(kind(tmp_path / "m.keras"))
    gan().save_weights(tmp_path / "m.weights.h5")
    assert isinstance(keras.models.load_model(tmp_path / "m.keras"), tfc.GAN)


NO_DATA = {
    "a list": (POINTS.tolist, r"Python's own\. Pass np\.asarray"),
    "an iterator": (lambda: iter(stream(POINTS)), "an iterator.*Pass the data set"),
    "a function": (lambda: generator, r"the function generator\. Call it: fit\(generator\(\)\)"),
    "ragged": (lambda: tf.ragged.constant([[1.0, 2.0], [1.0]]), "RaggedTensor.*to_tensor"),
    "sparse": (lambda: tf.sparse.from_dense(POINTS), "SparseTensor.*to_dense"),
    "ragged data": (
        lambda: stream(tf.ragged.constant([[1.0, 2.0], [1.0]])),
        "a tf.data.Dataset of type RaggedTensor.*dataset.map",
    ),
    "sparse data": (lambda: stream(tf.sparse.from_dense(POINTS)), "of type SparseTensor"),
}


@pytest.mark.parametrize(("data", "message"), NO_DATA.values(), ids=NO_DATA)
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_what_is_no_data_is_refused_with_what_to_pass(method, data, message):
    with pytest.raises(TypeError, match=f"(?s)Data are arrays.*Received: .*{message}"):
        getattr(gan(), method)(data(), verbose=0)


def test_optimizers_that_keras_has_no_name_for_and_those_of_players():
    with pytest.raises(ValueError, match=r"'lamb'. Keras.*pass keras\.optimizers\.Lamb\(\)"):
        gan("lamb")
    adam = keras.optimizers.Adam
    for player in ("g", "d", "generator", "gen"):
        with pytest.raises(TypeError, match=r"Received: .*_optimizer.*AlternatingOptimizer"):
            gan().compile(**{f"{player}_optimizer": adam(), "d_optimizer": adam()})

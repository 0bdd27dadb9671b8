"""`fit` ends where training has diverged, unless it is told not to."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from bad_calls.things import POINTS, gan, pair, stream
from test_no_numbers import Break

import tf_consensus as tfc
from tf_consensus.callbacks import DivergedError, SafeBackup, StopWhenDiverged

OPTIONS = {"epochs": 4, "batch_size": 4, "verbose": 0}
MESSAGE = r"must be finite.*Received: .* at step \d+\. Lower the learning rate.*stop_when_diverged"


class Record(keras.callbacks.Callback):
    """The epochs that ended for other callbacks."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(epoch)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", tfc.ConsensusOptimizer])
@pytest.mark.parametrize("player", ["generator", "discriminator"])
@pytest.mark.parametrize("mode", [{}, {"steps": 2}, {"steps": 2, "jit_compile": True}])
def test_it_ends_at_the_epoch_before_other_callbacks(optimizer, player, mode):
    model = gan(optimizer if isinstance(optimizer, str) else optimizer(), **mode)
    record = Record()
    with pytest.raises(DivergedError, match=r"at step 4\. "):
        model.fit(POINTS, callbacks=[record, Break(player)], **OPTIONS)
    assert record.epochs == [0]


def test_a_loss_that_explodes_ends_it():
    model = gan()
    with pytest.raises(DivergedError, match=r"losses below 1e\+10\. Received: .*loss="):
        model.fit(POINTS, callbacks=[Break("discriminator", 1, 1e15)], **OPTIONS)


class Ruin(keras.callbacks.Callback):
    """Breaks a weight after the last step of an epoch, which its losses do not show."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            self.model.generator.trainable_variables[0].assign_add(
                np.full((3, 4), np.inf, "float32")
            )


def test_a_weight_alone_ends_it():
    with pytest.raises(DivergedError, match=r"weights must be finite\. Received: .*kernel"):
        gan().fit(POINTS, callbacks=[Ruin()], **OPTIONS)


def test_large_weights_are_finite():
    model = gan()
    model.generator.trainable_variables[0].assign(np.full((3, 4), 1e30, "float32"))
    model.fit(POINTS, **OPTIONS)
    assert int(model.optimizer.iterations) == 8


FORMS = {
    "one": lambda *x: x[0],
    "list": lambda *x: list(x),
    "tuple": lambda *x: x,
    "CallbackList": lambda *x: keras.callbacks.CallbackList(list(x)),
    "CallbackList with a model": lambda *x: keras.callbacks.CallbackList(list(x), add_history=True),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_however_callbacks_are_given(form):
    model, broken = gan(), Break()
    given = form(broken)
    if isinstance(given, keras.callbacks.CallbackList):
        given.set_model(model)
        held = list(given.callbacks)
    with pytest.raises(DivergedError, match=MESSAGE):
        model.fit(POINTS, callbacks=given, **OPTIONS)
    if isinstance(given, keras.callbacks.CallbackList):
        assert given.callbacks == held


@pytest.mark.parametrize("callbacks", [None, [], [keras.callbacks.History()]])
def test_a_healthy_run_is_left_alone(callbacks):
    given = callbacks and list(callbacks)
    history = gan().fit(POINTS, callbacks=callbacks, **OPTIONS)
    assert len(history.history["generator_loss"]) == 4
    assert callbacks == given


def test_false_goes_on_and_warns():
    model = gan()
    with pytest.warns(UserWarning, match=r"training goes on.*stop_when_diverged=True ends"):
        model.fit(POINTS, callbacks=[Break()], stop_when_diverged=False, **OPTIONS)
    assert int(model.optimizer.iterations) == 8


def test_a_backup_and_training_on_contradict_each_other(tmp_path):
    backup = SafeBackup(tmp_path)
    with pytest.raises(ValueError, match=r"no callback must stop that\. Received: SafeBackup"):
        gan().fit(POINTS, callbacks=[backup], stop_when_diverged=False, **OPTIONS)


@pytest.mark.parametrize("stops", [True, False])
def test_ones_own_is_not_doubled(stops, monkeypatch):
    """Its bound holds, whatever the default says."""
    seen = []
    check = StopWhenDiverged.on_epoch_end
    monkeypatch.setattr(
        StopWhenDiverged, "on_epoch_end", lambda *x: (seen.append(x[0]), check(*x))[1]
    )
    model = gan()
    model.fit(POINTS, callbacks=[StopWhenDiverged(1e30)], stop_when_diverged=stops, **OPTIONS)
    assert len(seen) == 4
    options = {"callbacks": [StopWhenDiverged(1e-3)], "stop_when_diverged": stops, **OPTIONS}
    with pytest.raises(DivergedError, match=r"losses below 0\.001"):
        model.fit(POINTS, **options)


def test_the_bound_of_a_backup_is_that_of_both(tmp_path):
    model = gan("sgd")
    model.compile(keras.optimizers.SGD(0.0))
    x = model.discriminator.trainable_variables[-1]
    x.assign(x + 1e12)
    backup = SafeBackup(tmp_path / "b", largest_loss=1e15)
    model.fit(POINTS, callbacks=[backup], **OPTIONS)
    with pytest.raises(DivergedError, match=r"losses below 1e\+10"):
        model.fit(POINTS, **OPTIONS)


@pytest.mark.parametrize("wrong", [None, 1, 0, "yes", np.True_])
def test_what_is_neither_true_nor_false(wrong):
    with pytest.raises(TypeError, match="`stop_when_diverged` must be True or False"):
        gan().fit(POINTS, stop_when_diverged=wrong, **OPTIONS)


def test_on_replicas(two_replicas):
    with two_replicas.scope():
        model = tfc.GAN(*pair(), seed=0)
        model.compile(tfc.SimultaneousOptimizer("sgd"))
    data = stream(tf.constant(POINTS), None)
    with pytest.raises(DivergedError, match=r"at step 4\. "):
        model.fit(data, steps_per_epoch=2, epochs=3, verbose=0, shuffle=False, callbacks=[Break()])

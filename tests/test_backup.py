"""Backups survive kills, damage and other settings, and training goes on to the same weights."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from faults import DAMAGES, damage
from test_gan import OPTIMIZERS, batches, fit, make_gan, weights

import tf_consensus as tfc
from tf_consensus.callbacks import BackupError, DivergedError, SafeBackup
from tf_consensus.support.files import digest

EPOCHS, STEPS = 4, 3


class Stop(keras.callbacks.Callback):
    """Ctrl-C after a step, or before the first."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_begin(self, batch, logs=None):
        if self.step == "begin":
            raise KeyboardInterrupt

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations.numpy()) == self.step:
            raise KeyboardInterrupt


def run(folder, name="consensus", stop=None, gan=None, save=None, options=None, more=(), **changed):
    """A run of four epochs, or until a step; its model and the epochs that it trained."""
    gan = gan or make_gan(OPTIMIZERS[name](), **(options or {}))
    data = tfc.data.mixture_of_gaussians(8, seed=3, start=gan.optimizer.iterations)
    backup = SafeBackup(folder, **{"delete_checkpoint": False, **(save or {})})
    callbacks = [*([Stop(stop)] if stop else []), *more, backup]
    settings = {"epochs": EPOCHS, "steps_per_epoch": STEPS, "shuffle": False, **changed}
    history = None
    try:
        history = gan.fit(data, verbose=0, callbacks=callbacks, **settings).history
    except KeyboardInterrupt:
        assert stop
    return gan, history, backup


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The weights of a run that nothing disturbs."""
    return weights(run(tmp_path_factory.mktemp("whole"))[0])


def files(folder):
    return sorted(path.name for path in pathlib.Path(folder).iterdir())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_stopped_run_ends_as_an_undisturbed_one(name, tmp_path):
    expected = run(tmp_path / "whole", name)[0]
    run(tmp_path / "parts", name, stop=8)
    gan, history, backup = run(tmp_path / "parts", name)
    assert len(history["gradient_norm"]) == 2
    assert [row["epoch"] for row in backup.history] == [0, 1, 2, 3]
    np.testing.assert_array_equal(weights(gan), weights(expected))
    for a, b in zip(gan.optimizer.variables, expected.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("options", [{}, {"jit_compile": True, "steps_per_execution": 2}])
@pytest.mark.parametrize("stop", [2, 4, 7, 10])
def test_a_backup_within_an_epoch_goes_on_within_it(stop, options, tmp_path):
    changed = {"epochs": 3, "steps_per_epoch": 4, "options": options}
    expected = weights(run(tmp_path / "whole", **changed)[0])
    stop += stop % 2 if options else 0
    run(tmp_path / "parts", stop=stop, save={"save_freq": 2}, **changed)
    gan, history, _ = run(tmp_path / "parts", save={"save_freq": 2}, **changed)
    assert int(gan.optimizer.iterations) == 12
    assert len(history["gradient_norm"]) == 3 - (stop - 1) // 2 * 2 // 4
    np.testing.assert_array_equal(weights(gan), expected)


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_backup_is_told_and_the_one_before_taken(kind, tmp_path, whole):
    run(tmp_path, stop=8)
    damage(tmp_path / files(tmp_path)[-1], kind)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gan, history, _ = run(tmp_path)
    told = [str(w.message) for w in caught if "damaged backup" in str(w.message)]
    assert len(told) == (kind != "missing")
    assert len(history["gradient_norm"]) == 3
    np.testing.assert_array_equal(weights(gan), whole)


@pytest.mark.parametrize("kind", [kind for kind in DAMAGES if kind != "missing"])
def test_no_whole_backup_is_refused(kind, tmp_path):
    run(tmp_path, stop=8)
    for name in files(tmp_path):
        damage(tmp_path / name, kind)
    with pytest.raises(BackupError, match=r"must be the file that was written\. Received: .*step-"):
        run(tmp_path)


def test_every_single_flipped_byte_is_seen(tmp_path):
    """Not those of the weights alone: of headers, names and the record too."""
    from tf_consensus.callbacks import backup_files

    run(tmp_path, stop=4)
    (name,) = files(tmp_path)
    content = (tmp_path / name).read_bytes()
    for place in np.linspace(0, len(content) - 1, 200).astype(int):
        flipped = bytearray(content)
        flipped[place] ^= 1
        (tmp_path / name).write_bytes(flipped)
        with pytest.raises(BackupError):
            backup_files.newest(tmp_path)


def test_two_backups_are_kept_and_all_deleted(tmp_path):
    _, _, backup = run(tmp_path / "backup")
    assert [name[:14] for name in files(tmp_path / "backup")] == [
        "step-00000009-",
        "step-00000012-",
    ]
    backup.delete()
    assert not (tmp_path / "backup").exists()
    run(tmp_path / "backup", save={"delete_checkpoint": True})
    assert not (tmp_path / "backup").exists()


def test_a_folder_with_other_things_keeps_them(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    run(tmp_path, save={"delete_checkpoint": True})
    assert files(tmp_path) == ["notes.txt"]


def test_a_finished_run_that_kept_its_backup_trains_no_more(tmp_path, whole):
    run(tmp_path)
    gan, history, backup = run(tmp_path)
    assert history == {}
    assert len(backup.history) == EPOCHS
    np.testing.assert_array_equal(weights(gan), whole)


def test_the_next_fit_of_the_model_begins_at_its_own_epoch(tmp_path):
    """Keras keeps the epoch of a backup in the model."""
    run(tmp_path, stop=8)
    gan, _, _ = run(tmp_path)
    assert len(fit(gan, epochs=2)["gradient_norm"]) == 2


def test_each_fit_needs_a_folder_of_its_own(tmp_path):
    """Else the second takes the first's backup for its own and trains nothing."""
    gan, _, backup = run(tmp_path)
    with pytest.raises(BackupError, match="needs a `backup_dir` of its own"):
        run(tmp_path, gan=gan)
    backup.delete()
    _, history, _ = run(tmp_path, gan=gan)
    assert len(history["gradient_norm"]) == EPOCHS


def test_fewer_epochs_than_there_are_are_refused(tmp_path):
    run(tmp_path, stop=11)
    with pytest.raises(BackupError, match="epochs=2, with a backup of 3 epochs"):
        run(tmp_path, epochs=2)
    assert len(files(tmp_path)) == 2


def test_fit_again_after_ctrl_c_in_one_process(tmp_path, whole):
    """A schedule has changed the rate, and steps were being skipped."""
    halve = [keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)]
    expected = weights(run(tmp_path / "whole", more=halve)[0])
    gan, _, _ = run(tmp_path / "parts", stop=8, more=halve)
    gan, _, _ = run(tmp_path / "parts", gan=gan, more=halve)
    np.testing.assert_array_equal(weights(gan), expected)
    gan, _, _ = run(tmp_path / "skip", stop=5, save={"save_freq": 1})
    run(tmp_path / "skip", gan=gan, stop="begin", save={"save_freq": 1})
    gan, _, _ = run(tmp_path / "skip", gan=gan, save={"save_freq": 1})
    np.testing.assert_array_equal(weights(gan), whole)


class Scale(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        x = self.model.trainable_variables[0]
        x.assign(x * 0.5)


@pytest.mark.parametrize("other", [Scale, lambda: keras.callbacks.SwapEMAWeights(True)])
def test_weights_changed_after_a_backup_are_refused(other, tmp_path):
    inner = keras.optimizers.RMSprop(1e-2, use_ema=True, ema_momentum=0.9)
    gan = make_gan(tfc.ConsensusOptimizer(inner, gamma=1.0))
    data = tfc.data.mixture_of_gaussians(8, seed=3, start=gan.optimizer.iterations)
    options = {"epochs": 2, "steps_per_epoch": 2, "shuffle": False, "verbose": 0}
    with pytest.raises(ValueError, match="another callback has changed since the backup"):
        gan.fit(data, callbacks=[SafeBackup(tmp_path), other()], **options)


def test_a_foreign_file_with_a_backups_name_is_damaged(tmp_path, whole):
    run(tmp_path, stop=8)
    make_gan().save_weights(tmp_path / "a.weights.h5")
    name = f"step-00000099-{digest(tmp_path / 'a.weights.h5')}.weights.h5"
    (tmp_path / "a.weights.h5").rename(tmp_path / name)
    with pytest.warns(UserWarning, match="damaged backup is left out: .*step-00000099"):
        gan, _, _ = run(tmp_path)
    np.testing.assert_array_equal(weights(gan), whole)


def test_other_layers_of_the_same_shapes_are_refused(tmp_path):
    def model(activation, loss):
        made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation)])
        made.compile("sgd", loss)
        return made

    x = np.ones((4, 2), np.float32)
    with pytest.raises(KeyboardInterrupt):
        model("relu", "mse").fit(
            x, x[:, :1], epochs=3, verbose=0, callbacks=[Stop(2), SafeBackup(tmp_path)]
        )
    for other, found in ((("tanh", "mse"), "activation=tanh"), (("relu", "mae"), "loss=mae")):
        with pytest.raises(BackupError, match=rf"{found} \(before: "):
            model(*other).fit(x, x[:, :1], epochs=3, verbose=0, callbacks=[SafeBackup(tmp_path)])


def test_epochs_of_another_length_go_on_from_whole_ones(tmp_path, whole):
    run(tmp_path, stop=8)
    gan, history, _ = run(tmp_path, epochs=2, steps_per_epoch=6)
    assert len(history["gradient_norm"]) == 1
    np.testing.assert_array_equal(weights(gan), whole)


def test_a_model_trained_before_counts_its_epochs_from_there(tmp_path):
    gans = [make_gan() for _ in range(3)]
    for gan in gans:
        fit(gan, steps_per_epoch=5)
    expected = weights(run(tmp_path / "whole", gan=gans[0])[0])
    run(tmp_path / "parts", gan=gans[1], stop=5 + 8)
    with pytest.raises(BackupError, match="that began at step 5, for a model at step 0"):
        run(tmp_path / "parts")
    gan, history, _ = run(tmp_path / "parts", gan=gans[2])
    assert len(history["gradient_norm"]) == 2
    np.testing.assert_array_equal(weights(gan), expected)


def other_gan(**options):
    """The networks of `make_gan` in another game."""
    gan = make_gan()
    other = tfc.GAN(gan.generator, gan.discriminator, **{"latent_dim": 3, "seed": 5, **options})
    other.compile(optimizer=OPTIMIZERS["consensus"]())
    return other


REFUSED = {
    "optimizer": ({"name": "simultaneous"}, "optimizer.class=.*before"),
    "penalties": ({"gan": lambda: other_gan(penalties=[tfc.penalties.R1(3.0)])}, "penalties="),
    "objective": (
        {"gan": lambda: other_gan(objective="js")},
        r"objective.class=\w+ \(before: Standard\)",
    ),
    "seed": ({"gan": lambda: other_gan(seed=6)}, r"seed=6 \(before: 5\)"),
    "rate": (
        {"gan": lambda: make_gan(tfc.ConsensusOptimizer("rmsprop", 5e-3, gamma=1.0))},
        r"optimizer.*learning_rate=0.005 \(before: 0.01\)",
    ),
    "settings": ({"save": {"settings": {"data": "b"}}}, r"settings.data=b \(before: a\)"),
    "epoch": ({"steps_per_epoch": 4}, r"4 steps per epoch \(before: 3\), at step 6"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_backup_of_another_run_is_refused_with_the_difference(case, tmp_path):
    options, message = REFUSED[case]
    options = {key: value() if callable(value) else value for key, value in options.items()}
    run(tmp_path, stop=8, save={"settings": {"data": "a"}})
    with pytest.raises(ValueError, match=message):
        run(tmp_path, **{"save": {"settings": {"data": "a"}}, **options})
    assert len(files(tmp_path)) == 2


def test_other_networks_are_refused(tmp_path):
    run(tmp_path, stop=8)
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(9), keras.layers.Dense(2)])
    gan = tfc.GAN(generator, make_gan().discriminator, 3, seed=5)
    gan.compile(optimizer=OPTIMIZERS["consensus"]())
    with pytest.raises(ValueError, match=r"layers\.|of shape \[|variables \(before"):
        run(tmp_path, gan=gan)


class Break(keras.callbacks.Callback):
    """Weights that are not finite from a step on."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations.numpy()) == self.step:
            x = self.model.generator.trainable_variables[0]
            x.assign(x * np.nan)


@pytest.mark.parametrize("frequency", ["epoch", 1])
def test_a_broken_state_never_replaces_a_good_one(frequency, tmp_path, whole):
    gan = make_gan(OPTIMIZERS["consensus"]())
    data = tfc.data.mixture_of_gaussians(8, seed=3, start=gan.optimizer.iterations)
    callbacks = [Break(7), SafeBackup(tmp_path, save_freq=frequency)]
    options = {"epochs": EPOCHS, "steps_per_epoch": STEPS, "shuffle": False, "verbose": 0}
    with pytest.raises(DivergedError, match=r"at step [789]"):
        gan.fit(data, callbacks=callbacks, **options)
    gan, _, _ = run(tmp_path)
    np.testing.assert_array_equal(weights(gan), whole)


@pytest.mark.parametrize("make", [tfc.callbacks.StopWhenDiverged, SafeBackup])
def test_a_loss_that_explodes_ends_training(make, tmp_path):
    gan = make_gan(tfc.SimultaneousOptimizer("sgd", 1e-3))
    arguments = (tmp_path,) if make is SafeBackup else ()
    x = gan.discriminator.trainable_variables[-1]
    x.assign(x + 1e30)
    with pytest.raises(DivergedError, match=r"losses below 1e\+10\. Received: .*loss=.*e\+\d\d"):
        fit(gan, callbacks=[make(*arguments)])
    assert not list(tmp_path.glob("*.h5"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backup_dir": ""}, "must be the path of a folder"),
        ({"backup_dir": None}, "must be the path of a folder"),
        ({"backup_dir": 3}, "must be the path of a folder"),
        ({"save_freq": 0}, "at least 1"),
        ({"save_freq": "batch"}, 'Pass "epoch", or the number'),
        ({"save_freq": True}, "at least 1"),
        ({"largest_loss": float("nan")}, "must be finite and positive"),
        ({"largest_loss": 0}, "must be finite and positive"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SafeBackup(**{"backup_dir": "backup", **options})


def test_a_place_that_cannot_be_written_is_refused_before_training(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "backup"):
        with pytest.raises(BackupError, match="must be a folder, or a path for a new one"):
            run(place)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(BackupError, match="read-only"):
        run(tmp_path / "backup")


def test_settings_must_be_json(tmp_path):
    with pytest.raises(ValueError, match="`settings` must be what JSON can hold"):
        run(tmp_path, save={"settings": {"data": object()}})


def test_data_of_unknown_size_need_whole_epochs(tmp_path):
    with pytest.raises(ValueError, match="`save_freq` counts steps within epochs"):
        make_gan().fit(
            batches().take(3).filter(lambda x: True),
            shuffle=False,
            callbacks=[SafeBackup(tmp_path, 2)],
        )


def test_any_keras_model_is_backed_up(tmp_path):
    def model():
        keras.utils.set_random_seed(1)
        made = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
        )
        made.compile("adam", "mse")
        return made

    x = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}
    whole, stopped, again = model(), model(), model()
    whole.fit(x, x[:, :1], epochs=4, **options)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(x, x[:, :1], epochs=4, callbacks=[Stop(8), SafeBackup(tmp_path)], **options)
    again.fit(x, x[:, :1], epochs=4, callbacks=[SafeBackup(tmp_path)], **options)
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_ctrl_c_in_a_write_leaves_the_backup_before(tmp_path, whole, monkeypatch):
    gan = make_gan(OPTIMIZERS["consensus"]())
    save, calls = gan.save_weights, []

    def interrupted(path):
        save(path)
        calls.append(path)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(gan, "save_weights", interrupted)
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run(tmp_path, gan=gan, stop=-1)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert [name[5:13] for name in files(tmp_path)] == ["00000003", "00000006"]
    np.testing.assert_array_equal(weights(run(tmp_path)[0]), whole)


class Secret(keras.layers.Layer):
    """A layer that Keras cannot serialize."""

    def __init__(self, function, **options):
        super().__init__(**options)
        self.function = function

    def call(self, x):
        return self.function(x)


class Network(keras.Model):
    """A network of a user's own, without a configuration."""

    def __init__(self, function, outputs):
        super().__init__()
        self.inner = Secret(function)
        self.dense = keras.layers.Dense(outputs)

    def call(self, x):
        return self.dense(self.inner(x))


def test_networks_without_a_configuration_are_backed_up(tmp_path):
    def made():
        keras.utils.set_random_seed(2)
        generator, discriminator = Network(tf.tanh, 2), Network(tf.sin, 1)
        generator(tf.zeros((1, 3)))
        discriminator(tf.zeros((1, 2)))
        gan = tfc.GAN(generator, discriminator, 3, seed=5)
        gan.compile(optimizer=OPTIMIZERS["consensus"]())
        return gan

    expected = weights(run(tmp_path / "whole", gan=made())[0])
    run(tmp_path / "parts", gan=made(), stop=8)
    gan, history, _ = run(tmp_path / "parts", gan=made())
    assert len(history["gradient_norm"]) == 2
    np.testing.assert_array_equal(weights(gan), expected)


RUN = pathlib.Path(__file__).parent / "backup_run.py"


def process(folder, *arguments):
    command = [sys.executable, str(RUN), str(folder), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(RUN.parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def states(folder):
    return dict(np.load(pathlib.Path(folder) / "weights.npz"))


@pytest.mark.slow
def test_a_kill_at_any_write_loses_nothing(tmp_path):
    """SIGKILL as the n-th file is opened, flushed, renamed or deleted, for every n."""
    whole = process(tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    number, kills = int(whole.stdout.split()[-1]), 0
    assert number > 20
    for n in range(1, number + 1):
        folder = tmp_path / str(n)
        killed = process(folder, f"--kill_at={n}")
        if killed.returncode == 0:
            continue
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        kills += 1
        again = process(folder)
        assert again.returncode == 0, again.stderr
        for key, value in states(tmp_path / "whole").items():
            np.testing.assert_array_equal(states(folder)[key], value, err_msg=f"{n}: {key}")
    print(json.dumps({"tried": kills, "exact": kills}))
    assert kills > 20
    assert tf.executing_eagerly()

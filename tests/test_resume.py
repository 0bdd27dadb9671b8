"""An interrupted and resumed run ends with exactly the weights of an uninterrupted one."""

import os
import pathlib
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_gan import OPTIMIZERS, batches, fit, make_gan, weights

import tf_consensus as tfc

RUN = pathlib.Path(__file__).parent / "resume_run.py"


def state(gan):
    return {
        **{x.path: x.numpy() for x in gan.variables},
        **{f"slot {i}": x.numpy() for i, x in enumerate(gan.optimizer.variables)},
    }


def assert_same_state(a, b):
    a, b = state(a), state(b)
    assert len(a) == len(b)
    for (name, x), y in zip(a.items(), b.values(), strict=True):
        np.testing.assert_array_equal(x, y, err_msg=name)


def resumed(steps):
    return batches().skip(steps)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_save_and_load_in_the_middle_changes_nothing(name, tmp_path):
    whole = make_gan(OPTIMIZERS[name]())
    fit(whole, steps_per_epoch=7)
    first = make_gan(OPTIMIZERS[name]())
    fit(first, steps_per_epoch=4)
    first.save(tmp_path / "gan.keras")
    second = keras.models.load_model(tmp_path / "gan.keras")
    assert_same_state(second, first)
    assert int(second.optimizer.iterations) == 4
    assert int(second.noise_counter) == 4
    fit(second, resumed(4), steps_per_epoch=3)
    np.testing.assert_array_equal(weights(second), weights(whole))


def test_a_loaded_model_has_the_same_configuration(tmp_path):
    gamma = keras.optimizers.schedules.PolynomialDecay(2.0, 10, end_learning_rate=1.0)
    generator, discriminator = make_gan().generator, make_gan().discriminator
    gan = tfc.GAN(generator, discriminator, latent_dim=3, objective="js", seed=9)
    gan.compile(optimizer=tfc.ConsensusOptimizer("adam", gamma=gamma, every=2))
    fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.optimizer.get_config() == gan.optimizer.get_config()
    assert (loaded.latent_dim, loaded.seed, loaded.name) == (3, 9, gan.name)
    assert loaded.objective == tfc.objectives.get("js")
    np.testing.assert_array_equal(loaded.generate(4, seed=1), gan.generate(4, seed=1))


def test_save_and_load_under_fused_xla(tmp_path):
    options = {"jit_compile": True, "steps_per_execution": 3}
    whole, first = make_gan(**options), make_gan(**options)
    fit(whole, steps_per_epoch=6)
    fit(first, steps_per_epoch=3)
    first.save(tmp_path / "gan.keras")
    second = keras.models.load_model(tmp_path / "gan.keras")
    fit(second, resumed(3), steps_per_epoch=3)
    np.testing.assert_array_equal(weights(second), weights(whole))


def test_model_checkpoint_keeps_a_model_that_resumes(tmp_path):
    path = tmp_path / "at-{epoch}.keras"
    gan = make_gan()
    fit(gan, epochs=2, steps_per_epoch=3, callbacks=[keras.callbacks.ModelCheckpoint(path)])
    loaded = keras.models.load_model(tmp_path / "at-1.keras")
    fit(loaded, resumed(3), steps_per_epoch=3)
    np.testing.assert_array_equal(weights(loaded), weights(gan))


def test_weights_alone_restore_the_optimizer_too(tmp_path):
    gan, other = make_gan(), make_gan()
    fit(gan, steps_per_epoch=3)
    gan.save_weights(tmp_path / "gan.weights.h5")
    other.optimizer.build(other.trainable_variables)
    other.load_weights(tmp_path / "gan.weights.h5")
    assert_same_state(other, gan)


def test_averaged_weights_survive(tmp_path):
    inner = keras.optimizers.Adam(1e-2, use_ema=True, ema_momentum=0.5)
    gan = make_gan(tfc.ConsensusOptimizer(inner, gamma=1.0))
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    fit(gan, epochs=2, callbacks=[swap])
    gan.save(tmp_path / "gan.keras")
    assert_same_state(keras.models.load_model(tmp_path / "gan.keras"), gan)


def run(folder, *arguments):
    command = [sys.executable, str(RUN), str(folder), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(RUN.parents[1])}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("mode", ["graph", "fused"])
def test_a_run_killed_within_an_epoch_resumes_to_the_same_weights(mode, tmp_path):
    """SIGKILL after step 14 of 16, 4 an epoch: three epochs are kept, the killed one repeated."""
    whole = run(tmp_path / "whole", mode)
    assert whole.returncode == 0, whole.stderr
    killed = run(tmp_path / "killed", mode, "--kill_at=14")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "killed" / "weights.npz").exists()
    again = run(tmp_path / "killed", mode)
    assert again.returncode == 0, again.stderr
    assert "epochs run: 4" in whole.stdout
    assert "epochs run: 1" in again.stdout
    expected = np.load(tmp_path / "whole" / "weights.npz")
    found = np.load(tmp_path / "killed" / "weights.npz")
    assert list(expected) == list(found)
    for key in expected:
        np.testing.assert_array_equal(found[key], expected[key], err_msg=key)


def test_resume_needs_the_right_batches():
    """The oracle of the tests above can fail: other batches, other weights."""
    whole, other = make_gan(), make_gan()
    fit(whole, steps_per_epoch=3)
    fit(other, resumed(1), steps_per_epoch=3)
    assert np.abs(weights(whole) - weights(other)).max() > 1e-4
    assert tf.executing_eagerly()

"""The spectrum example as a user runs it: training, a checkpoint of one's own, wrong flags."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np

import tf_consensus as tfc
from tf_consensus.support.random import normal

ROOT = pathlib.Path(__file__).parents[1]
KEYS = {
    "share_small_real",
    "largest_quotient",
    "largest_real",
    "step_limit",
    "neutral",
    "eigenvalues",
}


def run(*arguments, code=0):
    finished = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "spectrum.py"), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        timeout=300,
        check=False,
    )
    assert finished.returncode == code, finished.stdout
    return finished.stdout


def report(output):
    return json.loads((output / "results.json").read_text())


def small_gan(sample_size=2):
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(sample_size)])
    discriminator = keras.Sequential(
        [
            keras.Input((sample_size,)),
            keras.layers.Dense(4, activation="tanh"),
            keras.layers.Dense(1),
        ]
    )
    gan = tfc.GAN(generator, discriminator, latent_dim=3, seed=0)
    gan.compile(optimizer=tfc.ConsensusOptimizer(learning_rate=1e-3, gamma=2.0))
    return gan


def test_trains_both_methods_and_leaves_numbers_and_pictures(tmp_path):
    output = tmp_path / "new" / "run"
    replicas = ("--strategy=mirrored", "--replicas=2")  # .ci/run trains without
    printed = run("--steps=20", "--batches=1", "--frames=2", f"--output_dir={output}", *replicas)
    assert "after consensus: eigenvalue" in printed
    for method in ("consensus", "simultaneous"):
        assert f"training by {method}: step 20 of 20" in printed
    assert "spectrum 1 of 8: before consensus, batches: 1" in printed
    assert "spectrum 8 of 8: simultaneous, step 20, batches: 1" in printed
    found = report(output)
    assert set(found["spectra"]) == {"consensus", "simultaneous"}
    for rows in found["spectra"].values():
        assert set(rows) == {"before", "after"}
        for matrices in rows.values():
            assert set(matrices) == {"v_prime", "w_prime"}
            for numbers in matrices.values():
                assert set(numbers) >= KEYS
                assert numbers["eigenvalues"] == 2003
    assert found["settings"]["gamma"] == 10.0
    assert {"tensorflow", "keras", "tf_consensus"} <= set(found["versions"])
    for name in ("figure_1.png", "figure_3_consensus.png", "figure_3_simultaneous.png"):
        assert (output / name).stat().st_size > 1000
    arrays = np.load(output / "eigenvalues.npz")
    before, after = (arrays[f"consensus_{state}_v"] for state in ("before", "after"))
    assert before.shape == (2003,)
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(before, arrays["simultaneous_frame_0_v"])
    np.testing.assert_array_equal(after, arrays["consensus_frame_20_v"])
    assert (output / "spectra.gif").stat().st_size > 1000


def test_measures_a_checkpoint_as_the_library_does(tmp_path):
    path, output = tmp_path / "mine.keras", tmp_path / "run"
    gan = small_gan()
    gan.save(path)
    printed = run(f"--checkpoint={path}", "--batches=2", f"--output_dir={output}")
    assert "plain gradient ascent is" in printed
    assert "consensus at gamma=2 is" in printed
    found = report(output)
    assert found["settings"]["gamma"] == 2.0
    assert found["spectra"]["checkpoint"]["saved"]["v_prime"]["eigenvalues"] == 25
    for name in ("figure_1.png", "figure_3_checkpoint.png"):
        assert (output / name).stat().st_size > 1000

    real = list(tfc.data.mixture_of_gaussians(512, seed=1).take(2))
    batches = [(x, normal((512, 3), 1, draw)) for draw, x in enumerate(real)]
    game = gan.game(real[0], training=False)
    arrays = np.load(output / "eigenvalues.npz")
    for key, gamma in (("v", 0.0), ("w", 2.0)):
        expected = tfc.spectrum.eigenvalues(game, gamma, batches).real
        np.testing.assert_allclose(
            np.sort(arrays[f"checkpoint_saved_{key}"].real), np.sort(expected), atol=1e-5
        )


def test_refuses_a_checkpoint_of_other_samples(tmp_path):
    path, output = tmp_path / "mine.keras", tmp_path / "run"
    small_gan(sample_size=5).save(path)
    printed = run(f"--checkpoint={path}", f"--output_dir={output}", code=1)
    assert "Received: samples of shape (5,), --data=mixture_of_gaussians of shape (2,)" in printed
    assert not output.exists()


def test_refuses_a_wrong_flag(tmp_path):
    assert "flag --frames=1" in run("--frames=1", f"--output_dir={tmp_path / 'run'}", code=1)
    assert not (tmp_path / "run").exists()

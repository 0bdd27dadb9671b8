"""Callbacks during fit: evaluation of samples and the spectrum."""

import math

import keras
import numpy as np
import pytest
from test_gan import OPTIMIZERS, batches, fit, make_gan

import tf_consensus as tfc
from tf_consensus.callbacks import EvaluateGAN, SpectrumMonitor, describe_spectrum

MODES = [[0.0, 0.0]]


def test_evaluation_is_that_of_the_generators_samples():
    gan = make_gan()
    seen = []
    coverage = tfc.metrics.ModeCoverage(MODES, stddev=0.1)
    monitor = EvaluateGAN([coverage], samples=64, on_samples=lambda *args: seen.append(args))
    history = fit(gan, epochs=2, steps_per_epoch=3, callbacks=[monitor])
    assert [step for step, _ in seen] == [0, 3, 6]
    last = gan.generate(64, seed=0, batch_size=64)
    np.testing.assert_array_equal(seen[-1][1], last)
    share = np.mean(np.linalg.norm(last, axis=1) <= 0.3)
    assert history["within_3_sigma"][-1] == pytest.approx(share)
    assert len(history["mode_kl"]) == 2


def test_epochs_between_evaluations_hold_nan():
    mean = keras.metrics.Mean(name="mean")
    history = fit(make_gan(), epochs=3, callbacks=[EvaluateGAN([mean], samples=8, every=2)])
    assert [math.isnan(value) for value in history["mean"]] == [True, False, True]


def test_spectrum_in_the_logs_is_that_of_the_dense_jacobian(capsys):
    gan = make_gan(OPTIMIZERS["consensus"]())
    real = next(iter(batches()))
    monitor = SpectrumMonitor(real, every=2, neutral=0.0)
    draws = int(gan.noise_counter)
    history = fit(gan, epochs=2, callbacks=[monitor])
    assert int(gan.noise_counter) == draws + 12
    matrix = tfc.spectrum.jacobian(monitor._game)
    values = np.linalg.eigvals(matrix.astype("float64"))
    assert math.isnan(history["spectrum_real"][0])
    assert history["spectrum_real"][1] == pytest.approx(values.real.max(), rel=1e-4)
    assert history["spectrum_rotation"][1] == pytest.approx(np.abs(values.imag).max(), rel=1e-4)
    assert history["step_limit_gradient"][1] == 0.0
    regularized = matrix.astype("float64") - matrix.T.astype("float64") @ matrix
    values = np.linalg.eigvals(regularized)
    assert history["consensus_spectrum_real"][1] == pytest.approx(values.real.max(), rel=1e-4)
    rotation = np.abs(values.imag).max()
    assert history["consensus_spectrum_rotation"][1] == pytest.approx(rotation, rel=1e-4)
    assert history["consensus_spectrum_quotient"][1] > 0
    assert history["step_limit_consensus"][1] == 0.0
    assert "this direction grows" in capsys.readouterr().out


def test_matrix_free_finds_the_same_ends():
    gan = make_gan()
    real = next(iter(batches()))
    results = []
    for limit in (5000, 1):
        monitor = SpectrumMonitor(real, dense_limit=limit, report=None)
        monitor.set_model(gan)
        results.append(monitor.measure())
    dense, free = results
    assert set(dense) == set(free)
    for key in ("spectrum_real", "spectrum_rotation"):
        assert free[key] == pytest.approx(dense[key], rel=1e-2)


def test_the_line_names_the_eigenvalue_that_limits_the_step():
    line = describe_spectrum(np.array([-0.003 + 1.9j, -0.003 - 1.9j, -1.0]), {})
    expected = "eigenvalue -0.003 ± 1.9i: rotation dominates; plain gradient ascent is stable only"
    assert line == f"{expected} for h < 0.0017"
    line = describe_spectrum(np.array([-10.0, -1.0]), {"step_limit_consensus": 0.1}, gamma=2.0)
    assert line == (
        "eigenvalue -10: rotation does not limit the step; plain gradient ascent is stable only "
        "for h < 0.2; consensus at gamma=2 is stable only for h < 0.1"
    )
    line = describe_spectrum(np.array([0.5, -9.0]), {}, inner=keras.optimizers.Adam())
    assert "eigenvalue 0.5: this direction grows; plain gradient ascent is unstable" in line
    assert line.endswith("(for plain steps: Adam rescales each parameter's)")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EvaluateGAN(samples=0), "`samples` must be an integer of at least 1"),
        (lambda: EvaluateGAN(every=1.5), "`every` must be an integer of at least 1"),
        (lambda: SpectrumMonitor([[0.0]], every=0), "`every` must be an integer of at least 1"),
        (lambda: SpectrumMonitor([[0.0]], dense_limit=0), "`dense_limit` must be an integer"),
        (lambda: SpectrumMonitor([[0.0]], neutral=-1.0), "`neutral` must be finite and not neg"),
    ],
)
def test_bad_options_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

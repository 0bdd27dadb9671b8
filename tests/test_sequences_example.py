"""The waves of the example of sequences, and their scores."""

import numpy as np
import pytest
import tensorflow as tf

from tests.in_process import example, refusal

LENGTH = 32


@pytest.fixture(scope="module")
def waves():
    with pytest.MonkeyPatch.context() as patch, example("waves", patch) as module:
        yield module


def sine(frequency, amplitude, phase):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(LENGTH) / LENGTH + phase)


def test_a_waves_numbers_are_found_again(waves):
    samples = np.stack([sine(1.25, 0.5, 0.3), sine(3.0, 0.8, 2.0), sine(4.0, 1.0, 5.0)])
    frequencies, amplitudes, rest = waves.fitted(samples[..., None])
    np.testing.assert_allclose(frequencies, [1.25, 3.0, 4.0], atol=1e-9)
    np.testing.assert_allclose(amplitudes, [0.5, 0.8, 1.0], atol=1e-9)
    np.testing.assert_allclose(rest, 0, atol=1e-9)


def test_noise_and_zeros_are_no_sines(waves):
    noise = np.random.default_rng(0).normal(size=(200, LENGTH, 1))
    assert waves.fitted(noise)[2].mean() > 0.6
    np.testing.assert_array_equal(waves.fitted(np.zeros((2, LENGTH, 1)))[2], 1)


def test_a_wave_is_that_of_its_numbers(waves):
    made, numbers = waves.waves(tf.constant([[0.0, 1.0, 0.0], [1.0, 0.0, 0.25]]), LENGTH)
    np.testing.assert_allclose(made[0, :, 0], sine(1.0, 1.0, 0.0), atol=1e-5)
    np.testing.assert_allclose(made[1, :, 0], sine(4.0, 0.5, np.pi / 2), atol=1e-5)
    np.testing.assert_allclose(numbers, [[-1, 1], [1, -1]])


def test_scores_are_zero_for_the_true_waves_and_large_for_others(waves):
    scores = waves.WaveScores(300, LENGTH, 0, numbers=True)
    uniform = tf.random.stateless_uniform((300, 3), [0, -1])
    wave, numbers = (x.numpy() for x in waves.waves(uniform, LENGTH))
    assert all(map(np.isnan, scores.result().values()))
    for start in (0, 100):
        part = slice(start, start + 100 + start)
        scores.update_state({"wave": wave[part], "numbers": numbers[part]})
    found = scores.result()
    assert found["frequency"] == found["amplitude"] == found["autocovariance"] == 0
    assert found["no_sine"] < 0.01
    assert found["numbers"] < 0.02
    scores.reset_state()
    scores.update_state({"wave": wave[:1].repeat(300, axis=0), "numbers": -numbers})
    found = scores.result()
    assert found["frequency"] > 0.5
    assert found["amplitude"] > 0.1
    assert found["numbers"] > 0.3


def test_a_stream_goes_on_where_it_stopped(waves):
    whole = iter(waves.stream(4, LENGTH, seed=3, numbers=True))
    batches = [next(whole) for _ in range(20)]
    later = next(iter(waves.stream(4, LENGTH, seed=3, start=18, numbers=True)))
    for name in ("wave", "numbers"):
        np.testing.assert_array_equal(later[name], batches[18][name])
        assert not np.array_equal(batches[18][name], batches[17][name])


@pytest.mark.parametrize("arguments", [("--steps=3", "--eval_every=2"), ("--width=0",), ("x",)])
def test_wrong_flags_are_refused(arguments, monkeypatch):
    assert refusal("sequences", monkeypatch, *arguments)

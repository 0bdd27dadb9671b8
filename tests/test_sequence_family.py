"""Waves, scores of sequences by closed forms, and files of sequences that are refused."""

import numpy as np
import pytest
import tensorflow as tf

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families import sequence_scores, waves
from tf_consensus.experiments.families.presets import FAMILIES
from tf_consensus.experiments.families.sequence_files import read_sequences, write_sequences
from tf_consensus.experiments.families.sequence_scores import (
    SequenceComparison,
    SequenceScores,
    autocovariance,
)
from tf_consensus.experiments.families.sequence_source import (
    in_own_units,
    look_at_sequences,
    read_source,
)

LENGTH = 32
RNG = np.random.default_rng(0)


# Waves.


def sine(frequency, amplitude, phase):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(LENGTH) / LENGTH + phase)


def test_a_waves_numbers_are_found_again():
    samples = np.stack([sine(1.25, 0.5, 0.3), sine(3.0, 0.8, 2.0), sine(4.0, 1.0, 5.0)])
    frequencies, amplitudes, rest = waves.fitted(samples[..., None])
    np.testing.assert_allclose(frequencies, [1.25, 3.0, 4.0], atol=1e-9)
    np.testing.assert_allclose(amplitudes, [0.5, 0.8, 1.0], atol=1e-9)
    np.testing.assert_allclose(rest, 0, atol=1e-9)


def test_noise_and_zeros_are_no_sines():
    noise = RNG.normal(size=(200, LENGTH, 1))
    assert waves.fitted(noise)[2].mean() > 0.6
    np.testing.assert_array_equal(waves.fitted(np.zeros((2, LENGTH, 1)))[2], 1)


def test_a_wave_is_that_of_its_numbers():
    made, numbers = waves.waves(tf.constant([[0.0, 1.0, 0.0], [1.0, 0.0, 0.25]]), LENGTH)
    np.testing.assert_allclose(made[0, :, 0], sine(1.0, 1.0, 0.0), atol=1e-5)
    np.testing.assert_allclose(made[1, :, 0], sine(4.0, 0.5, np.pi / 2), atol=1e-5)
    np.testing.assert_allclose(numbers, [[-1, 1], [1, -1]])


def test_scores_are_zero_for_the_true_waves_and_large_for_others():
    uniform = tf.random.stateless_uniform((300, 3), [0, -1])
    wave, numbers = (x.numpy() for x in waves.waves(uniform, LENGTH))
    np.testing.assert_array_equal(wave, waves.true_waves(300, LENGTH, 0))
    compare = waves.WaveComparison(wave, numbers=True)
    scores = SequenceScores(compare.names, compare)
    assert scores.result().keys() == scores.directions.keys()
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


def test_a_stream_goes_on_where_it_stopped():
    whole = iter(waves.stream(4, LENGTH, seed=3, numbers=True))
    batches = [next(whole) for _ in range(20)]
    later = next(iter(waves.stream(4, LENGTH, seed=3, start=18, numbers=True)))
    for name in ("wave", "numbers"):
        np.testing.assert_array_equal(later[name], batches[18][name])
        assert not np.array_equal(batches[18][name], batches[17][name])


# Scores of any sequences.


def test_the_autocovariance_is_that_of_the_sum(monkeypatch):
    x = RNG.normal(size=(3, 5, 2))
    expected = [(x[:, : 5 - lag] * x[:, lag:]).sum(axis=1).mean(axis=0) / 5 for lag in range(5)]
    np.testing.assert_allclose(autocovariance(x), expected, atol=1e-12)
    monkeypatch.setattr(sequence_scores, "_AT_ONCE", 20)
    np.testing.assert_allclose(autocovariance(x), expected, atol=1e-12)


def test_sequences_that_are_shifted_or_scaled_are_as_far_as_that():
    x = RNG.normal(size=(40, 6, 2)) * [3.0, 0.1]
    compare = SequenceComparison(x)
    assert list(compare(x).values()) == [0.0] * 5
    found = compare(x + 0.5 * x.std(axis=(0, 1)))
    assert found["mean_difference"] == pytest.approx(0.5)
    assert found["wasserstein1"] == pytest.approx(0.5)
    rest = ("deviation_difference", "autocorrelation_difference", "correlation_difference")
    assert [found[name] for name in rest] == pytest.approx([0, 0, 0], abs=1e-12)
    found = compare(3 * (x - x.mean(axis=(0, 1))) + x.mean(axis=(0, 1)))
    assert found["deviation_difference"] == pytest.approx(2)
    assert found["mean_difference"] == pytest.approx(0, abs=1e-12)


def test_sequences_of_another_course_are_as_far_as_the_closed_form():
    signs = np.array([1.0, -1.0])[:, None, None]
    constant = signs * np.ones((1, 8, 1))
    turning = signs * np.array([1.0, -1.0] * 4)[:, None]
    compare = SequenceComparison(constant)
    assert compare.names[-1] == "autocorrelation_difference"
    found = compare(turning)
    # A(k) = (T - k)/T of the one, (-1)^k (T - k)/T of the other.
    assert found["autocorrelation_difference"] == pytest.approx(2 * 7 / 8)
    assert [found[name] for name in compare.names[:3]] == pytest.approx([0, 0, 0])
    assert compare(0 * turning)["autocorrelation_difference"] == pytest.approx(1)


def test_channels_that_go_apart_have_other_correlations():
    x = RNG.normal(size=(20, 4, 1))
    compare = SequenceComparison(np.concatenate([x, x], axis=2))
    found = compare(np.concatenate([x, -x], axis=2))
    assert found["correlation_difference"] == pytest.approx(2)


# Files.


def saved(path, array):
    np.save(path, array)
    return path


WRONG = {
    "dtype complex64": np.ones((4, 3, 1), "complex64"),
    "dtype bool": np.eye(4, dtype=bool)[..., None],
    "dtype <U1": np.array([[["a"]]]),
    "of shape (4, 3). Reshape it; of one channel the last size is 1": np.ones((4, 3)),
    "of shape (4, 3, 1, 1)": np.ones((4, 3, 1, 1)),
    "of shape (4, 3, 0)": np.ones((4, 3, 0)),
    "with two samples at least": np.ones((1, 3, 2)),
    "with two times at least": np.ones((4, 1, 2)),
    "with nan at [1, 2, 0]": np.where(np.arange(12).reshape(4, 3, 1) == 5, np.nan, 1.0),
    "with inf at [0, 0, 0]": np.full((4, 3, 1), np.inf),
    "finite, and within ±1e+150": np.full((4, 3, 1), 1e300),
    "with 1e+200 at [0, 1, 0]": np.where(np.arange(12).reshape(4, 3, 1) == 1, 1e200, 1.0),
    "within ±2⁵³ if they are whole": np.full((4, 3, 1), 2**60),
    "with 18446744073709551615 at [0, 0, 0]": np.full((4, 3, 1), 2**64 - 1, "uint64"),
    "with -9007199254740993 at [0, 0, 0]": np.full((4, 3, 1), -(2**53) - 1),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_file_of_something_else_is_refused(tmp_path, message):
    path = saved(tmp_path / "x.npy", WRONG[message])
    with pytest.raises(RunError) as caught:
        read_sequences(path)
    assert message in str(caught.value)
    assert f"Received: {path}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.npy", b"text", "x.npy, damaged. Write it by numpy.save, of numbers: Python"),
        ("x.npy", b"", "x.npy, damaged."),
        ("x.npz", b"PK\x03\x04", "x.npz, damaged."),
        ("no.npy", None, "no.npy, no such file or directory."),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RunError) as caught:
        read_sequences(tmp_path / name)
    assert message in str(caught.value)


def test_python_objects_are_never_read(tmp_path):
    np.save(tmp_path / "x.npy", np.array([[[{}]]]), allow_pickle=True)
    with pytest.raises(RunError, match="of numbers: Python objects are never read"):
        read_sequences(tmp_path / "x.npy")


def test_an_archive_holds_one_array_or_one_by_its_name(tmp_path):
    x = RNG.integers(0, 9, (4, 3, 2))
    np.savez(tmp_path / "one.npz", whatever=x)
    np.savez(tmp_path / "named.npz", sequences=x, numbers=x[..., 0])
    for name in ("one.npz", "named.npz"):
        found = read_sequences(tmp_path / name)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, x)
    np.savez(tmp_path / "two.npz", a=x, b=x)
    with pytest.raises(RunError, match=r"with a, b\. Write one by numpy\.save\."):
        read_sequences(tmp_path / "two.npz")
    np.savez(tmp_path / "none.npz")
    with pytest.raises(RunError, match=r"none\.npz, an .npz file without arrays"):
        read_sequences(tmp_path / "none.npz")


def test_what_is_written_is_read_again(tmp_path):
    x = RNG.normal(size=(4, 3, 2)).astype("float32")
    for name in ("x.npy", "new/x.npz", "x.NPY"):
        write_sequences({"sequences": x}, tmp_path / name)
        np.testing.assert_array_equal(read_sequences(tmp_path / name), x)


# Sources.


def settings_of(path, **more):
    found = look_at_sequences(str(path))[1]
    return FAMILIES["sequences"].settings | found | {"dataset": str(path), "seed": 0} | more


def test_a_fifth_of_a_file_is_held_out_and_each_channel_has_unit_scale(tmp_path):
    x = RNG.normal(size=(10, 4, 2)) * [5.0, 0.1] + [100.0, -3.0]
    settings = settings_of(saved(tmp_path / "x.npy", x), batch_size=64)
    source = read_source(settings)
    held_out, trained = source.compare.real, source.others
    assert (len(held_out), len(trained)) == (2, 8)
    scaled = np.concatenate([held_out, trained])
    np.testing.assert_allclose(scaled.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=(0, 1)), 1, rtol=1e-5)
    again = in_own_units(scaled, settings)
    order = [np.abs(x - row).max(axis=(1, 2)).argmin() for row in again]
    assert sorted(order) == list(range(10))
    np.testing.assert_allclose(again, x[order], rtol=1e-5)
    stream = iter(source.stream(0))
    batches = [next(stream).numpy() for _ in range(18)]
    rows = {row.tobytes() for batch in batches for row in batch}
    assert rows == {row.tobytes() for row in trained}
    np.testing.assert_array_equal(next(iter(source.stream(17))), batches[17])


LARGE = {
    "clock": 1.7e9 + 3600 * RNG.normal(size=(40, 8, 1)),
    "offset": 1e8 + 3 * RNG.normal(size=(40, 8, 1)),
    "fine": 1e9 + 1e-3 * RNG.normal(size=(40, 8, 1)),
    "integers": 10**15 + RNG.integers(-50, 50, (40, 8, 1)),
    "huge": 1e100 * RNG.normal(size=(40, 8, 1)),
    "beyond float32": 1e38 * RNG.uniform(-3, 3, (40, 8, 1)).astype("float32"),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_offset_or_size_costs_no_digits(tmp_path, name):
    x = LARGE[name]
    settings = settings_of(saved(tmp_path / "x.npy", x))
    # The oracle subtracts an exact offset first.
    exact = x if x.dtype.kind == "i" else x.astype(np.float64)
    shifted = (exact - exact[0, 0, 0]).astype(np.float64)
    np.testing.assert_allclose(settings["scale"], shifted.std(), rtol=1e-6)
    source = read_source(settings)
    scaled = np.concatenate([source.compare.real, source.others])
    assert scaled.dtype == np.float32
    expected = np.sort((shifted - shifted.mean()).ravel() / shifted.std())
    np.testing.assert_allclose(np.sort(scaled.ravel()), expected, atol=5e-4)
    again = in_own_units(scaled, settings)
    assert again.dtype == np.float64
    found, wanted = np.sort(again.ravel()), np.sort(exact.ravel())
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-3 * shifted.std())
    assert np.isfinite(in_own_units(9 * np.ones((1, 8, 1), np.float32), settings)).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "int16", "uint8"])
def test_numbers_that_float32_holds_are_made_as_such(tmp_path, dtype):
    x = (50 + 9 * RNG.normal(size=(10, 4, 2))).astype(dtype)
    settings = settings_of(saved(tmp_path / "x.npy", x))
    assert settings["dtype"] is None
    del settings["dtype"]  # as in a run of an older version
    assert in_own_units(x, settings).dtype == np.float32


COARSE = {
    "single": (np.float32(1e8) + 4 * RNG.normal(size=(40, 8, 1))).astype("float32"),
    "half": (1000 + 0.1 * RNG.normal(size=(40, 8, 1))).astype("float16"),
    "double": 1e16 + RNG.normal(size=(40, 8, 1)),
    "tiny": 1e-300 * RNG.normal(size=(40, 8, 1)),
    "extended": np.longdouble(1e9) + np.longdouble(1e-9) * RNG.normal(size=(40, 8, 1)),
}


@pytest.mark.parametrize("name", COARSE)
def test_a_channel_that_its_own_type_does_not_resolve_is_refused(tmp_path, name):
    x = COARSE[name]
    x = np.concatenate([RNG.normal(size=x.shape).astype(x.dtype), x], axis=2)
    with pytest.raises(RunError, match=r"resolve\. Received: .* whose channel 1 has a stand"):
        settings_of(saved(tmp_path / "x.npy", x))


def test_a_part_that_float32_does_not_resolve_beside_far_numbers_is_refused(tmp_path):
    x = RNG.normal(size=(10, 4, 1))
    x[np.random.default_rng(0).permutation(10)[5]] += 1e12  # a sequence to train on
    with pytest.raises(RunError, match=r"channel 0 does not in its held-out fifth, because other"):
        read_source(settings_of(saved(tmp_path / "x.npy", x)))


def test_two_samples_are_enough(tmp_path):
    path = saved(tmp_path / "x.npy", RNG.normal(size=(2, 4, 1)))
    source = read_source(settings_of(path))
    assert (len(source.compare.real), len(source.others)) == (1, 1)


def test_a_channel_of_one_value_is_refused_in_each_part(tmp_path):
    x = RNG.normal(size=(10, 4, 2))
    x[:, :, 1] = 0
    path = saved(tmp_path / "x.npy", x)
    with pytest.raises(RunError, match=r"channel 1 has one value\. Leave the channel out"):
        look_at_sequences(str(path))
    trained = np.random.default_rng(0).permutation(10)[2:]
    x[trained[0], 0, 1] = 1
    with pytest.raises(RunError, match="channel 1 has one value in its held-out fifth"):
        read_source(settings_of(saved(path, x)))


def test_waves_are_looked_at_without_a_file():
    assert look_at_sequences("waves") == ("sine waves of 1 to 4 cycles", {})
    assert in_own_units(RNG, {"offset": None}) is RNG

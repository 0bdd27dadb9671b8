import doctest
import importlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tf_consensus import data
from tf_consensus.data.stream import BLOCK

CENTRES = {data.mixture_of_gaussians: data.ring_modes(), data.grid_of_gaussians: data.grid_modes()}
CURVES = [data.line, data.circle, data.four_lines]
PIPELINES = [*CENTRES, data.gaussian, *CURVES]
HEIGHTS = np.array([-1, -1 / 3, 1 / 3, 1], "float32")


def take(dataset, n):
    return np.stack([batch.numpy() for batch in dataset.take(n)])


def nearest(points, centres):
    return np.linalg.norm(points[:, None] - centres, axis=-1).argmin(axis=1)


def test_ring_modes_lie_on_the_circle_at_equal_angles():
    expected = [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]]
    np.testing.assert_allclose(data.ring_modes(4, radius=2.0), expected, atol=1e-6)
    assert data.ring_modes(1).tolist() == [[1.0, 0.0]]
    assert data.ring_modes().dtype == np.float32


def test_grid_modes_fill_the_square():
    centres = data.grid_modes()
    assert centres.shape == (25, 2)
    assert centres.dtype == np.float32
    assert len(np.unique(centres, axis=0)) == 25
    assert sorted(set(centres.ravel().tolist())) == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert data.grid_modes(1).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_batches_are_float32_of_static_shape_without_end(pipeline):
    dataset = pipeline(batch_size=7, seed=0)
    assert dataset.element_spec == tf.TensorSpec((7, 2), tf.float32)
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    assert len(take(dataset, 3 * BLOCK + 1)) == 3 * BLOCK + 1


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_seed_determines_the_stream(pipeline):
    first, again, other = (take(pipeline(batch_size=8, seed=s), 40) for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not (first == other).all(axis=-1).any()


@pytest.mark.parametrize("pipeline", [data.mixture_of_gaussians, data.gaussian, data.circle])
def test_no_batch_repeats(pipeline):
    batches = take(pipeline(batch_size=8, seed=0), 100)
    assert len(np.unique(batches.reshape(-1, 2), axis=0)) == 800


def test_without_a_seed_iterations_agree_and_constructions_differ():
    dataset = data.mixture_of_gaussians(batch_size=8)
    np.testing.assert_array_equal(take(dataset, 3), take(dataset, 3))
    assert not np.array_equal(take(dataset, 3), take(data.mixture_of_gaussians(batch_size=8), 3))


def test_keras_global_seed_determines_the_drawn_one():
    streams = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        streams.append(take(data.mixture_of_gaussians(batch_size=8), 2))
    np.testing.assert_array_equal(*streams)


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("start", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, np.int64(3 * BLOCK + 5)])
def test_starting_at_n_is_skipping_n(pipeline, start):
    # 13 points a batch: no multiple of the modes, so the mode of point 0 moves as well.
    skipped = take(pipeline(batch_size=13, seed=0).skip(int(start)), 2 * BLOCK)
    np.testing.assert_array_equal(
        take(pipeline(batch_size=13, seed=0, start=start), 2 * BLOCK), skipped
    )


def test_a_far_start_keeps_counts():
    batch = take(data.mixture_of_gaussians(batch_size=512, seed=0, start=10**12 + 3), 1)[0]
    counts = np.bincount(nearest(batch, data.ring_modes()))
    assert counts.tolist() == [64] * 8


@pytest.mark.parametrize(
    "variable", [tf.Variable, lambda value: keras.Variable(value, dtype="int64", trainable=False)]
)
def test_a_start_variable_is_read_when_iteration_starts(variable):
    start = variable(2)
    dataset = data.mixture_of_gaussians(batch_size=8, seed=0, start=start)
    stream = take(data.mixture_of_gaussians(batch_size=8, seed=0), 60)
    for value in (2, 37, 5):
        start.assign(value)
        np.testing.assert_array_equal(take(dataset, 20), stream[value : value + 20])


def test_a_resumed_fit_goes_on_with_the_next_batch():
    class Recorder(keras.Model):
        def train_step(self, batch):
            seen.append(tf.convert_to_tensor(batch).numpy())
            self.optimizer.iterations.assign_add(1)
            return {"seen": tf.constant(len(seen))}

    seen = []
    model = Recorder()
    model.compile(optimizer="sgd", run_eagerly=True)
    start = model.optimizer.iterations
    dataset = data.mixture_of_gaussians(batch_size=8, seed=0, start=start)
    for epochs, steps in ((2, 3), (1, 20)):
        model.fit(dataset, epochs=epochs, steps_per_epoch=steps, shuffle=False, verbose=0)
    np.testing.assert_array_equal(
        np.stack(seen), take(data.mixture_of_gaussians(batch_size=8, seed=0), 26)
    )


@pytest.mark.parametrize("pipeline", CENTRES)
def test_unbalanced_points_are_independent_draws(pipeline):
    centres = CENTRES[pipeline]
    k = len(centres)
    batches = take(pipeline(batch_size=8, seed=1, balanced=False), 3000)
    modes = nearest(batches.reshape(-1, 2), centres)
    assert stats.chisquare(np.bincount(modes, minlength=k)).pvalue > 1e-3
    # Of neighbours within a batch and across batches, every pair of modes is as likely.
    pairs = np.bincount(k * modes[:-1] + modes[1:], minlength=k**2)
    assert stats.chisquare(pairs).pvalue > 1e-3
    offsets = (batches.reshape(-1, 2) - centres[modes]) / 0.01
    assert stats.kstest(offsets.ravel(), "norm").pvalue > 1e-3
    # Nor does the noise tell the mode.
    assert stats.kruskal(*(offsets[modes == m, 0] for m in range(k))).pvalue > 1e-3


def test_unbalanced_streams_start_anywhere():
    settings = {"batch_size": 13, "seed": 0, "balanced": False}
    skipped = take(data.mixture_of_gaussians(**settings).skip(BLOCK + 3), 2 * BLOCK)
    started = take(data.mixture_of_gaussians(**settings, start=BLOCK + 3), 2 * BLOCK)
    np.testing.assert_array_equal(started, skipped)


@pytest.mark.parametrize("pipeline", CENTRES)
@pytest.mark.parametrize("batch_size", [3, 64, 100])
def test_counts_differ_by_one_in_a_batch_and_even_out(pipeline, batch_size):
    centres = CENTRES[pipeline]
    batches = take(pipeline(batch_size=batch_size, seed=1), len(centres))
    counts = np.stack([np.bincount(nearest(b, centres), minlength=len(centres)) for b in batches])
    assert (np.ptp(counts, axis=1) <= 1).all()
    assert (counts.sum(axis=0) == batch_size).all()


@pytest.mark.parametrize("pipeline", CENTRES)
def test_every_mode_has_the_requested_mean_and_stddev(pipeline):
    centres, stddev = CENTRES[pipeline], 0.02
    points = take(pipeline(batch_size=1000, stddev=stddev, seed=2), 40).reshape(-1, 2)
    mode = nearest(points, centres)
    for j, centre in enumerate(centres):
        noise = (points[mode == j] - centre) / stddev
        n = len(noise)
        assert np.abs(noise.mean(axis=0)).max() < 4.5 / np.sqrt(n)
        assert np.abs(noise.std(axis=0) - 1).max() < 4.5 / np.sqrt(2 * n)
        assert abs((noise[:, 0] * noise[:, 1]).mean()) < 4.5 / np.sqrt(n)


def test_zero_stddev_gives_the_centres():
    points = take(data.mixture_of_gaussians(batch_size=8, stddev=0, seed=0), 1)[0]
    np.testing.assert_array_equal(points, data.ring_modes())


def sample_of(pipeline, **settings):
    return take(pipeline(batch_size=1000, seed=2, **settings), 40).reshape(-1, 2)


def assert_uniform(values, low, high):
    assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 0.01


def test_the_gaussian_has_the_requested_moments():
    sample = sample_of(data.gaussian, stddev=0.3) / 0.3
    n = len(sample)
    covariance = np.cov(sample.T)
    assert np.abs(sample.mean(axis=0)).max() < 5 / np.sqrt(n)
    assert np.abs(covariance.diagonal() - 1).max() < 5 * np.sqrt(2 / n)
    assert abs(covariance[0, 1]) < 5 / np.sqrt(n)
    assert stats.kstest(sample.ravel(), stats.norm.cdf).pvalue > 0.01


@pytest.mark.parametrize("length", [2.0, 0.5])
def test_the_line_is_uniform_on_its_segment(length):
    x, y = sample_of(data.line, length=length).T
    assert (y == 0).all()
    assert np.abs(x).max() <= length / 2
    assert_uniform(x, -length / 2, length / 2)


@pytest.mark.parametrize("radius", [1.0, 3.0])
def test_the_circle_is_uniform_on_its_circumference(radius):
    x, y = sample_of(data.circle, radius=radius).astype("float64").T
    np.testing.assert_allclose(np.hypot(x, y), radius, rtol=2e-7)
    assert_uniform(np.arctan2(y, x), -np.pi, np.pi)


def test_each_of_the_four_lines_is_uniform():
    sample = sample_of(data.four_lines)
    assert np.abs(sample).max() <= 1
    for height in HEIGHTS:
        x = sample[sample[:, 1] == height, 0]
        assert len(x) == len(sample) / 4
        assert_uniform(x, -1, 1)


@pytest.mark.parametrize("batch_size", [3, 64, 101])
def test_the_four_lines_share_evenly(batch_size):
    batches = take(data.four_lines(batch_size=batch_size, seed=1), 4)
    counts = (batches[:, :, 1, None] == HEIGHTS).sum(axis=1)
    assert (np.ptp(counts, axis=1) <= 1).all()
    assert (counts.sum(axis=0) == batch_size).all()


@pytest.mark.parametrize("pipeline", CURVES)
def test_noise_is_isotropic_and_independent_of_the_place(pipeline):
    place = sample_of(pipeline)
    noise = (sample_of(pipeline, stddev=0.1) - place) / 0.1
    n = len(noise)
    assert np.abs(np.cov(noise.T) - np.eye(2)).max() < 5 * np.sqrt(2 / n)
    assert stats.kstest(noise.ravel(), stats.norm.cdf).pvalue > 0.01
    centred = (place - place.mean(axis=0)) / (place.std(axis=0) + 1e-9)
    for function in (np.asarray, np.square):
        assert np.abs(centred.T @ function(noise)).max() / n < 5 * np.sqrt(2 / n)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, r"`batch_size` must be an integer of at least 1\. .*batch_size=0\. P"),
        ({"batch_size": 1.5}, r"`batch_size` must be an integer .*Received: batch_size=1\.5"),
        ({"batch_size": True}, r"`batch_size` must be an integer .*Received: batch_size=True"),
        ({"modes": 0}, r"`modes` must be an integer of at least 1\. Received: modes=0\. Pass"),
        ({"radius": 0.0}, r"`radius` must be finite and positive\. Received: radius=0\.0\. Pass"),
        ({"stddev": -1.0}, r"`stddev` must be finite and not negative\. .*stddev=-1\.0\. Pass a"),
        ({"stddev": np.inf}, r"`stddev` must be finite .*Received: stddev=inf"),
        ({"stddev": "1"}, r"`stddev` must be finite .*Received: stddev='1'"),
        ({"seed": 0.5}, r"`seed` must be an integer\. Received: seed=0\.5\. Pass"),
        ({"start": -1}, r"`start` must be an integer of at least 0\. Received: start=-1\. Pass"),
        ({"start": 1.0}, r"`start` must be an integer of at least 0\. Received: start=1\.0"),
        ({"start": tf.Variable(1.0)}, r"`start` must be a scalar of an integer type\. Received: "),
        ({"start": tf.Variable([1])}, r"scalar of an integer type\. .*`optimizer\.iterations`"),
    ],
)
def test_bad_arguments_raise(settings, message):
    with pytest.raises(ValueError, match=message):
        data.mixture_of_gaussians(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"side": 0}, r"`side` must be an integer of at least 1\. Received: side=0\. Pass"),
        ({"spacing": -0.5}, r"`spacing` must be finite and positive\. Received: spacing=-0\.5"),
    ],
)
def test_bad_grids_raise(settings, message):
    with pytest.raises(ValueError, match=message):
        data.grid_of_gaussians(**settings)


@pytest.mark.parametrize("pipeline", [data.gaussian, *CURVES])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, r"`batch_size` must be an integer of at least 1\. .*batch_size=0\. P"),
        ({"stddev": -1.0}, r"`stddev` must be finite and not negative\. .*stddev=-1\.0\. Pass a"),
        ({"seed": 0.5}, r"`seed` must be an integer\. Received: seed=0\.5\. Pass"),
        ({"start": -1}, r"`start` must be an integer of at least 0\. Received: start=-1\. Pass"),
    ],
)
def test_bad_arguments_of_shapes_raise(pipeline, settings, message):
    with pytest.raises(ValueError, match=message):
        pipeline(**settings)


@pytest.mark.parametrize(
    ("pipeline", "name"),
    [(data.line, "length"), (data.four_lines, "length"), (data.circle, "radius")],
)
@pytest.mark.parametrize("value", [0.0, np.inf, "1"])
def test_bad_sizes_of_shapes_raise(pipeline, name, value):
    message = rf"`{name}` must be finite and positive\. Received: {name}=.*\. Pass a"
    with pytest.raises(ValueError, match=message):
        pipeline(**{name: value})


def test_a_negative_start_variable_raises_when_iteration_starts():
    dataset = data.mixture_of_gaussians(batch_size=8, seed=0, start=tf.Variable(-1))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Received: start=-1"):
        take(dataset, 1)


@pytest.mark.parametrize("module", ["gaussians", "shapes"])
def test_documented_examples(module):
    results = doctest.testmod(importlib.import_module(f"tf_consensus.data.{module}"))
    assert results.attempted > 0
    assert results.failed == 0

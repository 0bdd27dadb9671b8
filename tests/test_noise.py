"""Normal and uniform numbers as functions of seed and draw."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tf_consensus.support.random import Draws, _normal_quantile, normal, uniform


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_the_same_eagerly_in_a_graph_and_under_xla(dtype):
    def draw(index):
        return normal((16, 3), 5, index, dtype)

    index = tf.constant(7, tf.int64)
    eager = draw(index)
    assert eager.dtype == dtype
    for jit in (False, True):
        compiled = tf.function(draw, jit_compile=jit)(index)
        np.testing.assert_allclose(
            tf.cast(compiled, "float32"), tf.cast(eager, "float32"), atol=2e-6 if jit else 0
        )


def test_standard_normal_in_every_part_of_the_range():
    numbers = normal((100_000,), seed=1, draw=0).numpy()
    assert stats.kstest(numbers, "norm").pvalue > 1e-3
    assert np.isfinite(numbers).all()
    assert 4 < np.abs(numbers).max() < 5.5


@pytest.mark.parametrize("jit", [False, True])
def test_every_number_that_can_be_drawn_is_finite_and_accurate(jit):
    """Of the 2^24 numbers u the 10,000 at either end, where rounding strikes, and every 97th."""
    ends = np.r_[0:10_000, 2**24 - 10_000 : 2**24, 0 : 2**24 : 97]
    u = ((2 * ends + 1) / 2**24 - 1).astype(np.float32)
    compute = tf.function(_normal_quantile, jit_compile=jit)
    exact = stats.norm.ppf((u.astype(np.float64) + 1) / 2)
    np.testing.assert_allclose(compute(tf.constant(u)), exact, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(compute(tf.constant(u)), -compute(tf.constant(-u)).numpy())


def test_seeds_and_draws_are_independent():
    pairs = [(0, 0), (0, 1), (1, 0)]
    draws = np.stack([normal((10_000,), seed, draw).numpy() for seed, draw in pairs])
    correlation = np.corrcoef(draws) - np.eye(3)
    assert np.abs(correlation).max() < 5 / np.sqrt(10_000)
    np.testing.assert_array_equal(draws[0], normal((10_000,), 0, 0))


def test_uniform_numbers():
    numbers = uniform((100_000,), seed=1, draw=0).numpy()
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert uniform((3,), 1, 0, "bfloat16").dtype == tf.bfloat16


def test_every_call_of_the_draws_is_a_stream_of_its_own():
    draws = Draws(5, 7)
    streams = [draws.normal((10_000,)).numpy() for _ in range(3)]
    np.testing.assert_array_equal(streams[0], normal((10_000,), 5, 7))
    others = [Draws(5, 8), Draws(6, 7)]
    streams += [other.normal((10_000,)).numpy() for other in others]
    streams.append(draws.uniform((10_000,)).numpy())
    correlation = np.corrcoef(streams) - np.eye(6)
    assert np.abs(correlation).max() < 5 / np.sqrt(10_000)
    again = Draws(5, 7)
    for stream in streams[:3]:
        np.testing.assert_array_equal(again.normal((10_000,)), stream)


def test_seeds_at_the_ends_of_their_range():
    for seed in (-(2**63), 2**63 - 1, 0):
        draws = Draws(seed, 0)
        assert all(np.isfinite(draws.normal((2,))).all() for _ in range(5))

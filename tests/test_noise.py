"""Normal numbers as a function of seed and draw."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tf_consensus.noise import normal


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


def test_seeds_and_draws_are_independent():
    pairs = [(0, 0), (0, 1), (1, 0)]
    draws = np.stack([normal((10_000,), seed, draw).numpy() for seed, draw in pairs])
    correlation = np.corrcoef(draws) - np.eye(3)
    assert np.abs(correlation).max() < 5 / np.sqrt(10_000)
    np.testing.assert_array_equal(draws[0], normal((10_000,), 0, 0))

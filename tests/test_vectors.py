"""Linear algebra on lists of tensors against NumPy on one array."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.oracles import flat
from tf_consensus import vectors

SHAPES = [(2, 3), (), (4,), (1, 1, 2)]


def random_list(seed, dtype="float64"):
    rng = np.random.default_rng(seed)
    return [tf.constant(rng.normal(size=shape), dtype) for shape in SHAPES]


def test_dot_and_norm_are_those_of_the_whole_vector():
    a, b = random_list(0), random_list(1)
    np.testing.assert_allclose(vectors.dot(a, b), flat(a) @ flat(b), rtol=1e-14)
    np.testing.assert_allclose(vectors.norm(a), np.linalg.norm(flat(a)), rtol=1e-14)


def test_dot_of_low_precision_is_summed_in_float32():
    ones = [tf.ones(300, "bfloat16"), tf.ones(301, "bfloat16")]
    assert vectors.dot(ones, ones).dtype == tf.float32
    assert float(vectors.dot(ones, ones)) == 601.0  # bfloat16 cannot hold 601


@pytest.mark.parametrize("order", [1, -1])
def test_dot_of_mixed_lists_is_summed_in_float64(order):
    a = [tf.constant([1.0, 1e-12], tf.float64), tf.constant([2.0], tf.float32)][::order]
    ones = [tf.ones_like(t) for t in a]
    assert float(vectors.dot(a, ones)) == 1.0 + 1e-12 + 2.0


@pytest.mark.parametrize("function", [vectors.dot, lambda a, b: vectors.add_scaled(a, 1.0, b)])
def test_lists_of_different_lengths_are_refused(function):
    with pytest.raises(ValueError, match=r"the same shapes. Received: a=.* of 4, b=.* of 3"):
        function(random_list(0), random_list(1)[:-1])


@pytest.mark.parametrize("factor", [-1.5, tf.constant(-1.5), tf.constant(-1.5, tf.float64)])
@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_scale_and_add_scaled_keep_the_dtype(dtype, factor):
    a, b = random_list(0, dtype), random_list(1, dtype)
    tolerance = {"bfloat16": 2e-2, "float32": 1e-6, "float64": 1e-14}[dtype]
    for got, exact in (
        (vectors.scale(a, factor), -1.5 * flat(a)),
        (vectors.add_scaled(a, factor, b), flat(a) - 1.5 * flat(b)),
    ):
        assert {t.dtype.name for t in got} == {dtype}
        assert [t.shape for t in got] == SHAPES
        np.testing.assert_allclose(flat(got), exact, rtol=tolerance, atol=tolerance)


def test_flatten_keeps_the_order_and_unflatten_inverts_it():
    a = random_list(0)
    one = vectors.flatten(a)
    np.testing.assert_array_equal(one, flat(a))
    for got, tensor in zip(vectors.unflatten(one, a), a, strict=True):
        np.testing.assert_array_equal(got, tensor)


def test_unflatten_takes_shapes_and_dtypes_from_variables():
    like = [keras.Variable(np.zeros((2, 1)), dtype="float32"), tf.Variable(0.0, dtype="float64")]
    a, b = vectors.unflatten(tf.constant([1.0, 2.0, 3.0], tf.float64), like)
    assert (a.dtype, b.dtype) == (tf.float32, tf.float64)
    np.testing.assert_array_equal(a, [[1.0], [2.0]])
    assert float(b) == 3.0


def test_replica_mean_of_one_replica_is_the_list_itself():
    a = random_list(0)
    assert all(t is s for t, s in zip(vectors.replica_mean(a), a, strict=True))


def test_replica_mean_averages_over_replicas(two_replicas):
    def on_replica():
        index = tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.float64)
        return vectors.replica_mean([index * tf.ones((2,), tf.float64), 10 * index])

    ones, ten = two_replicas.run(tf.function(on_replica))
    for value in two_replicas.experimental_local_results(ones):
        np.testing.assert_array_equal(value, [0.5, 0.5])
    assert [float(t) for t in two_replicas.experimental_local_results(ten)] == [5.0, 5.0]


def test_replica_mean_between_replicas_is_the_list_itself(two_replicas):
    a = random_list(0)
    with two_replicas.scope():
        assert tf.distribute.get_replica_context() is None
        assert all(t is s for t, s in zip(vectors.replica_mean(a), a, strict=True))

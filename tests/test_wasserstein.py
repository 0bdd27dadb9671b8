"""Wasserstein-1 distances against closed forms, brute force and a linear program."""

import doctest
import importlib
import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from scipy.optimize import linprog
from scipy.spatial.distance import cdist
from test_gan import fit, make_gan

from tf_consensus.callbacks import EvaluateGAN
from tf_consensus.metrics import Wasserstein1, sliced_wasserstein1, wasserstein1

DISTANCES = [wasserstein1, sliced_wasserstein1]
ANGLE = np.array([math.cos(0.7), math.sin(0.7)])


def cloud(n, d=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def two_clouds(n, d=2):
    return cloud(n, d, seed=1), 0.5 * cloud(n, d, seed=2) + 0.3


def directions(projections, seed):
    normal = np.random.default_rng(seed).normal(size=(projections, 2))
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def brute_force(a, b):
    orders = itertools.permutations(range(len(b)))
    return min(np.linalg.norm(a - b[list(order)], axis=1).mean() for order in orders)


def transport_program(a, b):
    """The optimal plan's cost, from equality constraints on the plan's margins."""
    n, m = len(a), len(b)
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    margins = np.concatenate([np.full(n, 1 / n), np.full(m, 1 / m)])
    plan = linprog(cdist(a, b).ravel(), A_eq=np.concatenate([rows, columns]), b_eq=margins)
    return plan.fun


@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("shift", [[0.0, 0.0], [3.0, -4.0], [1e-3, 0.0], [1e5, 1e5]])
def test_a_translation_is_as_far_as_it_moves(n, shift):
    a = cloud(n)
    distance = wasserstein1(a, a[::-1] + shift)
    assert distance == pytest.approx(np.linalg.norm(shift), rel=1e-9, abs=1e-12)
    assert isinstance(distance, float)


@pytest.mark.parametrize("n", [2, 6])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_agrees_with_all_permutations(n, d):
    a, b = two_clouds(n, d)
    assert wasserstein1(a, b) == pytest.approx(brute_force(a, b), rel=1e-12)


@pytest.mark.parametrize("make", [two_clouds, lambda n: (np.zeros((n, 2)), cloud(n))])
def test_agrees_with_the_linear_program(make):
    a, b = make(8)
    assert wasserstein1(a, b) == pytest.approx(transport_program(a, b), rel=1e-9)


def test_on_a_line_it_is_the_one_dimensional_distance():
    a, b = two_clouds(200, d=1)
    expected = stats.wasserstein_distance(a[:, 0], b[:, 0])
    assert wasserstein1(a * ANGLE, b * ANGLE) == pytest.approx(expected, rel=1e-12)


def test_a_collapsed_cloud_is_at_the_mean_distance():
    b = cloud(500)
    expected = np.linalg.norm(b - [1.0, 0.0], axis=1).mean()
    assert wasserstein1(np.tile([1.0, 0.0], (500, 1)), b) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("distance", DISTANCES)
def test_is_a_metric_of_clouds(distance):
    a, b = two_clouds(100)
    c, order = cloud(100, seed=3), np.random.default_rng(0).permutation(100)
    assert distance(a, b) == pytest.approx(distance(b, a), rel=1e-12)
    assert distance(a[order], b) == pytest.approx(distance(a, b), rel=1e-12)
    assert distance(a, a[order]) == 0
    assert distance(a, c) <= distance(a, b) + distance(b, c)


@pytest.mark.parametrize(("n", "m"), [(50, 50), (1, 1), (50, 30), (7, 64), (1, 9)])
def test_sliced_is_the_mean_of_one_dimensional_distances(n, m):
    a, b = cloud(n, seed=1), 0.5 * cloud(m, seed=2) + 0.3
    expected = [stats.wasserstein_distance(a @ u, b @ u) for u in directions(16, seed=5)]
    sliced = sliced_wasserstein1(a, b, projections=16, seed=5)
    assert sliced == pytest.approx(np.mean(expected), rel=1e-12)


@pytest.mark.parametrize("n", [1, 10, 400])
def test_sliced_is_at_most_exact(n):
    a, b = two_clouds(n)
    assert sliced_wasserstein1(a, b) <= wasserstein1(a, b)


def test_in_one_dimension_sliced_is_exact():
    a, b = two_clouds(50, d=1)
    assert sliced_wasserstein1(a, b, projections=3) == pytest.approx(wasserstein1(a, b))


def test_sliced_of_a_translation():
    a, shift, k = cloud(20), np.array([3.0, -4.0]), 4000
    cosines = np.abs(directions(k, seed=0) @ shift) / 5
    sliced = sliced_wasserstein1(a, a + shift, projections=k)
    assert sliced == pytest.approx(5 * cosines.mean(), rel=1e-12)
    # The relative standard error of the docstring: a cosine's variance is 1/2 - 4/π².
    relative = math.sqrt(0.5 - 4 / math.pi**2) * math.pi / 2
    assert relative == pytest.approx(0.48, abs=0.005)
    assert abs(sliced / (5 * 2 / math.pi) - 1) < 4 * relative / math.sqrt(k)


def test_directions_follow_the_seed():
    a, b = two_clouds(50)
    first, again, other = (sliced_wasserstein1(a, b, projections=4, seed=s) for s in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e200])
def test_diverged_samples_are_refused(distance, bad):
    a, b = two_clouds(5)
    a[3, 1] = bad
    for name, pair in (("a", (a, b)), ("b", (b, a)), ("a", (a, a))):
        with pytest.raises(
            ValueError, match=rf"`{name}` must be finite\. Received: .* 1 are NaN, "
        ):
            distance(*pair)


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_largest_float32_is_not_infinite(distance):
    a, b = two_clouds(5)
    a[3, 1] = np.finfo("float32").max
    assert math.isfinite(distance(a, b))


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.zeros(3), np.zeros(3)),
        (np.zeros((3, 2)), np.zeros((3, 3))),
        (np.zeros((0, 2)), np.zeros((0, 2))),
        (np.zeros((3, 0)), np.zeros((3, 0))),
        (np.zeros((3, 2, 1)), np.zeros((3, 2))),
    ],
)
def test_other_shapes_raise(distance, a, b):
    with pytest.raises(ValueError, match=r"`a` and `b` must be .*Received: a of shape .*Flatten"):
        distance(a, b)


def test_exact_distances_of_other_sizes_raise():
    message = r"as many points .*Received: a of shape \(3, 2\), b of shape \(4, 2\)\. Take equal"
    with pytest.raises(ValueError, match=message):
        wasserstein1(np.zeros((3, 2)), np.zeros((4, 2)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"projections": 0}, r"`projections` must be an integer of at least 1\. Received: .*=0\. "),
        ({"seed": -1}, r"`seed` must be an integer of at least 0\. Received: seed=-1\. Pass"),
        ({"seed": None}, r"`seed` must be an integer of at least 0\. Received: seed=None\. Pass"),
    ],
)
@pytest.mark.parametrize(
    "use", [lambda **s: sliced_wasserstein1([[0.0]], [[1.0]], **s), lambda **s: metric(**s)]
)
def test_bad_options_raise(use, settings, message):
    with pytest.raises(ValueError, match=message):
        use(**settings)


# --- the Keras metric ----------------------------------------------------------------------------


def metric(n=30, **settings):
    return Wasserstein1(**{"target": cloud(n), **settings})


@pytest.mark.parametrize(
    ("settings", "distance"),
    [
        ({}, wasserstein1),
        (
            {"sliced": True, "projections": 8, "seed": 3},
            lambda a, b: sliced_wasserstein1(a, b, projections=8, seed=3),
        ),
    ],
)
def test_the_metric_takes_all_batches_at_once(settings, distance):
    samples = 2 * cloud(30, seed=1)
    streamed = metric(**settings)
    for part in np.split(samples, [1, 17]):
        streamed.update_state(tf.constant(part))
    assert streamed.result() == distance(samples, cloud(30))


def test_the_metric_forgets_on_reset_and_measures_anew_after_a_batch():
    distance = metric(n=2)
    assert distance.result() == math.inf
    with pytest.raises(ValueError, match=r"`samples` must be finite\. Received: .* infinitely far"):
        distance.update_state([[math.nan, 0.0], [0.0, 0.0]])
    assert distance.result() == math.inf
    distance.update_state(cloud(2)[:1])
    distance.update_state(cloud(2)[1:] + np.array([0.0, 1.0]))
    assert distance.result() == pytest.approx(0.5)
    distance.reset_state()
    assert distance.result() == math.inf


def test_the_metric_measures_once(monkeypatch):
    distance = metric()
    distance.update_state(cloud(30) + np.array([0.0, 1.0]))
    first = distance.result()
    monkeypatch.setattr(distance, "_measure", lambda: pytest.fail("measured twice"))
    assert distance.result() == first


def test_only_the_sliced_metric_takes_other_sizes():
    sliced, exact = metric(sliced=True), metric()
    for distance in (sliced, exact):
        distance.update_state(cloud(31, seed=1))
    assert sliced.result() == sliced_wasserstein1(cloud(31, seed=1), cloud(30))
    message = r"as many samples .*Received: 31 samples, target of shape \(30, 2\)\. Generate 30 sa"
    with pytest.raises(ValueError, match=message):
        exact.result()


def test_serializes():
    original = metric(sliced=True, projections=7, seed=3, name="distance")
    config = keras.saving.serialize_keras_object(original)
    restored = keras.saving.deserialize_keras_object(config)
    assert config["registered_name"] == "tf_consensus>Wasserstein1"
    assert restored.get_config() == original.get_config()
    for distance in (original, restored):
        distance.update_state(cloud(12, seed=1))
    assert restored.result() == original.result()


def test_joins_the_logs_through_the_callback():
    gan = make_gan()
    evaluate = EvaluateGAN([metric(), metric(sliced=True, name="sliced")], samples=30, every=2)
    history = fit(gan, epochs=3, callbacks=[evaluate])
    first, second, third = history["wasserstein1"]
    assert first == math.inf
    assert second == third < math.inf
    values = evaluate.evaluate()
    samples = gan.generate(30, seed=0, batch_size=30)
    assert values["wasserstein1"] == wasserstein1(samples, cloud(30))
    assert values["sliced"] == sliced_wasserstein1(samples, cloud(30))


def test_in_a_graph_it_raises():
    update = tf.function(metric().update_state)
    message = r"needs the values .*Received: samples=.* in a graph\. Evaluate it outside"
    with pytest.raises(RuntimeError, match=message):
        update(tf.zeros((30, 2)))


@pytest.mark.parametrize("shape", [(2,), (4, 3), (4, 2, 1)])
def test_samples_of_another_shape_raise(shape):
    with pytest.raises(ValueError, match=r"`samples` must have shape \(n, 2\).*Received: .*Flat"):
        metric().update_state(np.zeros(shape))


@pytest.mark.parametrize("target", [[1.0, 2.0], [[math.nan, 0.0]], [[math.inf, 0.0]], [[]]])
def test_bad_targets_raise(target):
    message = r"`target` must be a finite array .*Received: target=array.*Pass for example `next"
    with pytest.raises(ValueError, match=message):
        metric(target=target)


@pytest.mark.parametrize("module", ["mode_coverage", "wasserstein", "wasserstein_metric"])
def test_documented_examples(module):
    results = doctest.testmod(importlib.import_module(f"tf_consensus.metrics.{module}"))
    assert results.attempted > 0
    assert results.failed == 0

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_consensus.metrics import ModeCoverage

MODES = [[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
KEYS = ["modes_covered", "within_3_sigma", "within_0.05", "mode_kl"]


def metric(**settings):
    return ModeCoverage(**{"modes": MODES, "stddev": 0.01, **settings})


def values(metric):
    return {key: float(value) for key, value in metric.result().items()}


def measure(samples, weight=None, **settings):
    coverage = metric(**settings)
    coverage.update_state(samples, sample_weight=weight)
    return values(coverage)


def oracle(samples, modes, stddev, within):
    distances = np.linalg.norm(samples[:, None] - np.asarray(modes), axis=-1)
    p = np.bincount(distances.argmin(axis=1), minlength=len(modes)) / len(samples)
    close = (distances <= 3 * stddev).mean(axis=0)
    return {
        "modes_covered": (close >= 0.01).sum(),
        "within_3_sigma": (distances.min(axis=1) <= 3 * stddev).mean(),
        f"within_{within}": (distances.min(axis=1) <= within).mean(),
        "mode_kl": sum(x * math.log(x * len(modes)) for x in p if x),
    }


def mixture(n, stddev, seed=0):
    generator = np.random.default_rng(seed)
    mode = generator.choice(3, size=n, p=[0.7, 0.295, 0.005])
    noise = stddev * generator.normal(size=(n, 2))
    return (np.asarray(MODES)[mode] + noise).astype("float32")


@pytest.mark.parametrize(("stddev", "within"), [(0.01, 0.05), (0.1, 0.05), (0.3, 0.4), (0.5, 1.0)])
def test_agrees_with_numpy(stddev, within):
    samples = mixture(4000, stddev=0.2)
    expected = oracle(samples, MODES, stddev, within)
    assert measure(samples, stddev=stddev, within=within) == pytest.approx(expected, abs=1e-6)


def test_perfect_samples():
    expected = {"modes_covered": 3, "within_3_sigma": 1, "within_0.05": 1, "mode_kl": 0}
    result = measure(MODES)
    assert list(result) == KEYS
    assert result == pytest.approx(expected, abs=1e-6)


def test_one_mode_only():
    expected = {"modes_covered": 1, "within_3_sigma": 1, "within_0.05": 1, "mode_kl": math.log(3)}
    assert measure([MODES[1]] * 10) == pytest.approx(expected, rel=1e-6)


def test_between_the_radii():
    result = measure([[1.0, 0.029], [1.0, 0.031], [1.0, 0.049], [1.0, 0.051]])
    assert (result["within_3_sigma"], result["within_0.05"]) == (0.25, 0.75)


@pytest.mark.parametrize(("close", "covered"), [(1, 1), (0, 0)])
def test_a_mode_is_covered_from_one_in_a_hundred_of_all_samples(close, covered):
    samples = [MODES[0]] * close + [[5.0, 5.0]] * (100 - close)
    assert measure(samples)["modes_covered"] == covered
    assert measure([*samples, [5.0, 5.0]])["modes_covered"] == 0


def test_overlapping_modes_share_a_sample():
    result = measure([[0.0, 0.0]], modes=[[0.0, 0.0], [0.01, 0.0]])
    assert result["modes_covered"] == 2
    assert result["mode_kl"] == pytest.approx(math.log(2))


def test_other_dimensions():
    assert measure([[0.0, 0, 0], [1, 1, 1]], modes=np.eye(3), stddev=0.4)["modes_covered"] == 3


def test_no_samples():
    expected = dict.fromkeys(KEYS, 0.0) | {"mode_kl": math.inf}
    assert values(metric()) == expected
    assert measure(np.zeros((0, 2))) == expected


def in_a_graph(samples):
    coverage = metric()
    tf.function(coverage.update_state)(tf.constant(samples))
    return values(coverage)


@pytest.mark.parametrize(
    ("bad", "measured"),
    [*[(x, in_a_graph) for x in (math.nan, math.inf, -math.inf, 1e30)], (1e30, measure)],
)
def test_a_sample_without_a_mode_is_within_nothing_and_spoils_the_kl(bad, measured):
    result = measured([*MODES, [bad, 0.0]])
    expected = {"modes_covered": 3, "within_3_sigma": 0.75, "within_0.05": 0.75}
    assert result == expected | {"mode_kl": math.inf}


def test_what_stands_for_samples_that_cannot_be_measured_is_what_the_worst_ones_give():
    expected = dict.fromkeys(KEYS, 0.0) | {"mode_kl": math.inf}
    assert in_a_graph([[math.nan, math.nan]] * 5) == expected == metric().worst


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_samples_that_are_not_finite_are_refused_where_values_are_known(bad):
    coverage = metric()
    with pytest.raises(
        ValueError, match=r"`samples` must be finite\. Received: .* 1 are NaN, .*Leave"
    ):
        coverage.update_state([*MODES, [bad, 0.0]])
    assert values(coverage) == values(metric())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_weights_that_are_no_weights_are_refused(bad):
    with pytest.raises(ValueError, match="`sample_weight` must be finite and not negative"):
        metric().update_state(MODES, sample_weight=[1.0, bad, 1.0])


def test_order_and_batching_do_not_matter():
    samples = mixture(1000, stddev=0.03)
    whole = measure(samples)
    streamed = metric()
    for part in np.split(samples[::-1], [1, 17, 400, 400]):
        streamed.update_state(part)
    assert values(streamed) == whole


def test_weights_count_samples_several_times():
    samples, weight = mixture(50, stddev=0.03), np.arange(50) % 4
    assert measure(samples, weight) == measure(np.repeat(samples, weight, axis=0))
    assert measure([*MODES, [1e30, 0.0]], [1, 1, 1, 0]) == measure(MODES)


def test_reset():
    coverage = metric()
    coverage.update_state([[1e30, 0.0]])
    coverage.reset_state()
    coverage.update_state(MODES)
    assert values(coverage) == measure(MODES)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_works_in_a_function_with_unknown_batch_size(jit_compile):
    coverage, samples = metric(), mixture(300, stddev=0.03)

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32)], jit_compile=jit_compile)
    def update(batch):
        coverage.update_state(batch)
        return coverage.result()

    update(samples[:100])
    result = {key: float(value) for key, value in update(samples[100:]).items()}
    assert result == pytest.approx(measure(samples), rel=1e-6)


def test_serializes():
    original = metric(stddev=0.02, within=0.1, name="coverage")
    config = keras.saving.serialize_keras_object(original)
    restored = keras.saving.deserialize_keras_object(config)
    assert config["registered_name"] == "tf_consensus>ModeCoverage"
    assert restored.get_config() == original.get_config()
    assert list(restored.result())[2] == "within_0.1"


def test_keras_merges_the_result_into_the_logs():
    class Sampler(keras.Model):
        def __init__(self):
            super().__init__()
            self.coverage = metric()
            self.built = True

        @property
        def metrics(self):
            return [self.coverage]

        def train_step(self, batch):
            self.coverage.update_state(batch)
            return self.get_metrics_result()

    samples = mixture(64, stddev=0.03)
    model = Sampler()
    model.compile(optimizer="sgd")
    dataset = tf.data.Dataset.from_tensor_slices(samples).batch(16)
    history = model.fit(dataset, epochs=2, shuffle=False, verbose=0).history
    expected = measure(samples)
    assert history == {key: pytest.approx([value] * 2) for key, value in expected.items()}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"modes": [1.0, 2.0]}, r"`modes` must be a finite array .*Received: modes=\[1\.0, 2\.0\]"),
        ({"modes": [[math.nan, 0.0]]}, r"`modes` must be a finite array of shape \(k, d\)"),
        ({"modes": np.zeros((0, 2))}, r"Pass for example `tf_consensus\.data\.ring_modes\(8\)`"),
        ({"stddev": 0.0}, r"`stddev` must be finite and positive\. Received: stddev=0\.0\. Pass a"),
        ({"stddev": "1"}, r"`stddev` must be finite and positive\. Received: stddev='1'"),
        ({"within": math.inf}, r"`within` must be finite and positive\. Received: within=inf"),
    ],
)
def test_bad_arguments_raise(settings, message):
    with pytest.raises(ValueError, match=message):
        metric(**settings)


@pytest.mark.parametrize("shape", [(2,), (4, 3), (4, 2, 1)])
def test_samples_of_another_shape_raise(shape):
    with pytest.raises(ValueError, match=r"`samples` must have shape \(n, 2\).*Received: .*Flat"):
        metric().update_state(np.zeros(shape))


@pytest.mark.parametrize("shape", [(), (3,), (4, 1)])
def test_weights_of_another_shape_raise(shape):
    with pytest.raises(ValueError, match=r"`sample_weight` must have shape \(4,\).*Received: .*Sq"):
        metric().update_state(np.zeros((4, 2)), np.ones(shape))

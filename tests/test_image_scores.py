"""Metrics of images: extractors, references and the metric that joins the logs."""

import doctest
import importlib
import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_consensus import metrics
from tf_consensus.metrics import Extractor, ImageScores, Reference

CLASSES, FEATURES = 5, 4


def classifier(activation=None, seed=0, layers=()):
    init = [keras.initializers.GlorotUniform(seed=seed + i) for i in range(2)]
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(FEATURES, "tanh", kernel_initializer=init[0], name="hidden"),
            keras.layers.Dense(CLASSES, activation, kernel_initializer=init[1], name="classes"),
            *layers,
        ]
    )


def make_extractor(**options):
    return Extractor(classifier(), name="small", **options)


def images(n, seed=0, channels=1, size=6):
    shape = (n, size, size, channels)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def batched(array, size):
    return [array[i : i + size] for i in range(0, len(array), size)]


# --- extractor -----------------------------------------------------------------------------------


def by_hand(model, x):
    hidden = model.get_layer("hidden").get_weights()
    classes = model.get_layer("classes").get_weights()
    features = np.tanh(x.reshape(len(x), -1) @ hidden[0] + hidden[1])
    return features, features @ classes[0] + classes[1]


def test_features_are_the_input_of_the_last_dense_layer():
    model, x = classifier(), images(3)
    features, logits = Extractor(model, name="small")(x)
    expected = by_hand(model, x)
    np.testing.assert_allclose(features, expected[0], atol=1e-6)
    np.testing.assert_allclose(logits, expected[1], atol=1e-6)


@pytest.mark.parametrize(
    ("activation", "layers"),
    [("softmax", ()), (None, ["activation"]), (None, ["layer"])],
)
def test_a_softmax_gives_log_probabilities(activation, layers):
    softmax = {"activation": keras.layers.Activation("softmax"), "layer": keras.layers.Softmax()}
    model, x = classifier(activation, layers=[softmax[name] for name in layers]), images(4)
    extractor = Extractor(model, name="small")
    features, logits = extractor(x)
    expected = by_hand(model, x)
    np.testing.assert_allclose(features, expected[0], atol=1e-6)
    log_p = expected[1] - np.log(np.exp(expected[1]).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(logits, log_p, atol=1e-5)
    assert extractor.description["logits"] == "log-probabilities of the softmax"


def test_a_softmax_in_a_model_within_the_model_is_seen():
    inner, x = classifier("softmax"), images(4)
    inputs = keras.Input((6, 6, 1))
    flat = keras.layers.Flatten(name="pixels")(inputs)
    outer = keras.Model(inputs, inner(keras.layers.Reshape((6, 6, 1))(flat)))
    with pytest.raises(ValueError, match="Without `features` the model must end in a Dense"):
        Extractor(outer, name="nested")
    extractor = Extractor(outer, "pixels", name="nested")
    np.testing.assert_allclose(extractor(x).logits, np.log(inner(x)), atol=1e-5)
    assert extractor.description["logits"] == "log-probabilities of the softmax"


def test_a_softmax_that_cannot_be_seen_is_found_out():
    model, x = classifier("softmax", layers=[keras.layers.Flatten()]), images(4)
    extractor = Extractor(model, "hidden", name="hidden softmax")
    with pytest.raises(ValueError, match=r"must not be probabilities.*Received: .*\. Name the la"):
        extractor(x)


def test_named_layers_and_none():
    model, x = classifier("softmax"), images(2)
    only = Extractor(model, features="hidden", logits=False, name="features")
    features, logits = only(x)
    np.testing.assert_allclose(features, by_hand(model, x)[0], atol=1e-6)
    assert logits is None
    assert only.description["logits"] == "none"


def test_preprocessing_comes_before_resizing_and_grey_becomes_colour():
    inputs = keras.Input((2, 2, 3))
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True, name="pool")(inputs)
    model = keras.Model(inputs, pooled)

    def squared(x):
        return x**2

    extractor = Extractor(
        model, "pool", False, name="mean", preprocess=squared, image_size=2, resizer="tf1_bilinear"
    )
    x = images(2, size=4)
    # Halved by TensorFlow 1, every second pixel is left out.
    expected = np.repeat((x[:, ::2, ::2] ** 2).mean(axis=(1, 2)), 3, axis=1)
    np.testing.assert_allclose(extractor(x).features, expected, rtol=2e-6)
    description = extractor.description
    assert (description["preprocess"], description["image_size"]) == ("squared", 2)
    assert description["resizer"] == "tf1_bilinear"


def test_description_tells_networks_apart():
    small, same, other = (
        make_extractor(),
        make_extractor(),
        Extractor(classifier(seed=9), name="small"),
    )
    assert small.description == same.description
    assert small.description["fingerprint"] != other.description["fingerprint"]
    assert small.description["reference_network"] is False
    json.dumps(small.description)


def branching(units=CLASSES):
    inputs = keras.Input((6, 6, 1))
    flat = keras.layers.Flatten()(inputs)
    outputs = [keras.layers.Dense(units, name=f"{name}")(flat) for name in "ab"]
    return keras.Model(inputs, keras.layers.Add()(outputs))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Extractor("vgg", name="x"), "`model` must be a built .*Received: 'vgg'. Wrap it"),
        (
            lambda: Extractor(keras.Sequential([keras.layers.Dense(2)]), name="x"),
            "`model` must be a built",
        ),
        (
            lambda: Extractor(
                keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), name="x"
            ),
            r"`model` must take images .*Received: input shape \(None, 3\). Reshape",
        ),
        (
            lambda: Extractor(branching(), name="x"),
            "Without `features` the model must end in a Dense .*Received: input.*a, b.*Pass the",
        ),
        (
            lambda: Extractor(classifier(), "nothing", name="x"),
            "`features` must name a layer .*Received: features='nothing'. Choose one of .*hidden",
        ),
        (
            lambda: Extractor(classifier(), logits="nothing", name="x"),
            "`logits` must name a layer .*Received: logits='nothing'",
        ),
        (
            lambda: Extractor(classifier("sigmoid"), name="x"),
            "Logits must be linear or .*Received: classes with activation sigmoid. Name another",
        ),
        (
            lambda: Extractor(branching(1), "a", name="x"),
            r"Logits must have shape \(n, k\).*Received: the output of add.*shape \(None, 1\)",
        ),
        (
            lambda: make_extractor(resizer="nearest"),
            "`resizer` must be a name .*Received: resizer='nearest'. Choose one of bicubic, ",
        ),
        (lambda: make_extractor(image_size=0), "`image_size` must be an integer of at least 1"),
        (lambda: make_extractor()(images(2)[0]), r"Images must have shape .*Received: .*\(6, 6, 1"),
        (lambda: make_extractor()(images(2, channels=3)), "Images must have shape .*Received: "),
        (lambda: make_extractor()(images(2, size=8)), "Images must have the size .*Pass `image_s"),
        (
            lambda: make_extractor()(np.full((1, 6, 6, 1), 255, "uint8")),
            "Images must be floats in .*Received: images of dtype uint8 from 255 to 255. Scale",
        ),
        (lambda: make_extractor()(255 * abs(images(1))), "Received: images of dtype float32 from"),
    ],
)
def test_bad_networks_and_images_raise(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_features_must_be_pooled():
    inputs = keras.Input((6, 6, 1))
    conv = keras.layers.Conv2D(2, 3, name="conv")(inputs)
    with pytest.raises(
        ValueError, match=r"Features must have shape .*Received: the output of conv"
    ):
        Extractor(keras.Model(inputs, conv), "conv", False, name="x")


def tf1_bilinear_oracle(image, size):
    """Output pixel i at i · old / size, between the two neighbours; the last one is repeated."""
    result = image
    for axis in (0, 1):
        old = image.shape[axis]
        position = np.arange(size) * (old / size)
        low = np.floor(position).astype(int)
        high = np.minimum(low + 1, old - 1)
        weight = (position - low).reshape([-1 if a == axis else 1 for a in range(3)])
        a, b = np.take(result, low, axis), np.take(result, high, axis)
        result = a + (b - a) * weight
    return result


@pytest.mark.parametrize(("old", "new"), [(6, 13), (13, 5), (4, 4)])
def test_tf1_bilinear_is_that_of_tensorflow_1(old, new):
    x = images(2, size=old, channels=3)
    expected = [tf1_bilinear_oracle(image.astype(float), new) for image in x]
    result = metrics.resizing.tf1_bilinear(x, new)
    np.testing.assert_allclose(result, expected, atol=1e-6)
    if old != new:
        other = metrics.resizing.bilinear(x, new)
        assert np.abs(other - expected).max() > 0.1


# --- reference -----------------------------------------------------------------------------------


def test_reference_holds_the_statistics_of_all_and_a_sample(tmp_path):
    extractor, x = make_extractor(), images(40)
    features = extractor(x).features.astype(float)
    reference = Reference.of(extractor, batched(x, 7), split="train", keep=15)
    np.testing.assert_allclose(reference.mean, features.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(reference.cov, np.cov(features.T), atol=1e-6)
    assert (reference.n_real, reference.split) == (40, "train")
    nearest = np.linalg.norm(reference.sample[:, None] - features, axis=-1)
    assert nearest.shape == (15, 40)
    assert nearest.min(axis=1).max() < 1e-6
    assert len(set(nearest.argmin(axis=1))) == 15
    reference.save(tmp_path / "real.npz")
    loaded = Reference.load(tmp_path / "real.npz")
    np.testing.assert_array_equal(loaded.cov, reference.cov)
    np.testing.assert_array_equal(loaded.sample, reference.sample)
    assert loaded.description == reference.description == extractor.description
    assert (loaded.n_real, loaded.split) == (40, "train")
    loaded.check(extractor)


def test_reference_samples_every_image_alike():
    extractor, x = make_extractor(), images(20)
    features = extractor(x).features
    counts = np.zeros(20)
    for seed in range(200):
        sample = Reference.of(extractor, [x], keep=5, seed=seed).sample
        counts[[np.argmin(np.abs(features - row).sum(axis=1)) for row in sample]] += 1
    assert counts.sum() == 1000
    # Binomial of 200 trials at 1/4.
    assert np.abs(counts - 50).max() < 4.5 * math.sqrt(200 * 0.25 * 0.75)


def test_reference_of_a_data_set_with_labels_and_an_end():
    extractor, x = make_extractor(), images(10)
    dataset = tf.data.Dataset.from_tensor_slices((x, np.arange(10))).repeat().batch(4)
    reference = Reference.of(extractor, dataset, n_real=10)
    assert reference.n_real == 10
    np.testing.assert_allclose(reference.mean, extractor(x).features.mean(axis=0), atol=1e-6)
    with pytest.raises(ValueError, match=r"must end\. Received: an infinite .*Pass `n_real`"):
        Reference.of(extractor, dataset)


def test_bad_references_raise(tmp_path):
    extractor = make_extractor()
    with pytest.raises(ValueError, match=r"A reference needs 2 real images\. Received: 1"):
        Reference.of(extractor, [images(1)])
    with pytest.raises(ValueError, match=r"A reference needs 9 real images\. Received: 5"):
        Reference.of(extractor, [images(5)], n_real=9)
    with pytest.raises(ValueError, match="`keep` must be an integer of at least 1"):
        Reference.of(extractor, [images(5)], keep=0)
    reference = Reference.of(extractor, [images(5)])
    with pytest.raises(ValueError, match=r"A reference is an .npz file\. Received: path="):
        reference.save(tmp_path / "real")
    np.savez(tmp_path / "other.npz", x=1)
    with pytest.raises(
        ValueError, match=r"A reference holds mean, cov, sample and about\. Received"
    ):
        Reference.load(tmp_path / "other.npz")
    other = Extractor(classifier(seed=5), name="small", weights="mine")
    with pytest.raises(
        ValueError, match=r"the same extractor\. Received: .*weights: 'as given' and"
    ):
        ImageScores(other, reference)


# --- metric --------------------------------------------------------------------------------------


def make_scores(**options):
    extractor = make_extractor()
    reference = Reference.of(extractor, [images(60)], split="test")
    return ImageScores(extractor, reference, **options)


@pytest.mark.parametrize("size", [1, 8, 50])
def test_scores_are_those_of_the_functions_whatever_the_batch_size(size):
    options = {"kid": True, "precision_recall": True, "density_coverage": True}
    scores, x = make_scores(splits=5, **options), images(50, seed=1) / 2
    for batch in batched(x, size):
        scores.update_state(batch)
    features, logits = scores.extractor(x)
    real = scores.extractor(images(60)).features.astype(float)
    features = features.astype(float)
    moments = [(a.mean(axis=0), np.cov(a.T)) for a in (features, real)]
    score = metrics.classifier_score(logits, 5)
    kernel = metrics.kernel_distance(real, features)
    precision, recall = metrics.precision_recall(real, features)
    density, coverage = metrics.density_coverage(real, features)
    assert 0 < coverage < 1
    assert scores.result() == pytest.approx(
        {
            "classifier_score": score.mean,
            "classifier_score_std": score.std,
            "frechet_distance": metrics.frechet_distance(*moments[0], *moments[1]),
            "kernel_distance": kernel.mean,
            "kernel_distance_std": kernel.std,
            "precision": precision,
            "recall": recall,
            "density": density,
            "coverage": coverage,
        },
        rel=1e-4,
    )


def test_without_images_everything_is_nan_and_reset_forgets():
    scores = make_scores(splits=2)
    empty = scores.result()
    assert list(empty) == ["classifier_score", "classifier_score_std", "frechet_distance"]
    assert all(math.isnan(value) for value in empty.values())
    scores.update_state(images(20))
    assert math.isfinite(scores.result()["frechet_distance"])
    scores.reset_state()
    assert math.isnan(scores.result()["frechet_distance"])
    assert scores.description()["n_fake"] == 0


def test_the_real_images_are_at_distance_0():
    scores = make_scores(kid=True, precision_recall=True)
    scores.update_state(images(60))
    results = scores.result()
    assert results["frechet_distance"] == pytest.approx(0, abs=1e-8)
    assert (results["precision"], results["recall"]) == (1.0, 1.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_diverged_images_are_refused_before_the_network_makes_numbers_of_them(bad):
    """A network of ReLUs gives finite features of NaN on a CPU."""
    init = keras.initializers.GlorotUniform(seed=0)
    hidden = keras.layers.Dense(FEATURES, "relu", kernel_initializer=init)
    network = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), hidden])
    network.add(keras.layers.Dense(CLASSES))
    extractor = Extractor(network, name="small")
    scores = ImageScores(extractor, Reference.of(extractor, [images(60)]), splits=2)
    x = images(20)
    x[3, 2, 1, 0] = bad
    message = r"Images must be finite\. Received: 1 of 20 images with NaN or infinity\. The gener"
    with pytest.raises(ValueError, match=message):
        scores.update_state(x)
    with pytest.raises(ValueError, match=message):
        Reference.of(extractor, [images(5), x])
    assert math.isnan(scores.result()["frechet_distance"])
    assert scores.description()["n_fake"] == 0


def test_description_states_what_the_numbers_depend_on():
    scores = make_scores(splits=2, kid=True)
    scores.update_state(images(20))
    about = scores.description()
    json.dumps(about)
    expected = {
        "n_fake": 20,
        "n_real": 60,
        "n_sample": 60,
        "reference_split": "test",
        "splits": 2,
        "network": "small",
        "reference_network": False,
        "weights": "as given",
        "features": "input of classes",
        "logits": "output of classes",
        "preprocess": "None",
        "image_size": "as given",
        "resizer": "none",
    }
    assert expected.items() <= about.items()
    assert scores.directions == {
        "classifier_score": "up",
        "frechet_distance": "down",
        "kernel_distance": "down",
    }


def test_single_metrics_are_parts_of_all():
    scores = make_scores(splits=4, kid=True, precision_recall=True, density_coverage=True)
    extractor, reference = scores.extractor, scores.reference
    singles = [
        metrics.InceptionScore(extractor, splits=4),
        metrics.FrechetDistance(extractor, reference),
        metrics.KernelDistance(extractor, reference),
        metrics.PrecisionRecall(extractor, reference),
        metrics.DensityCoverage(extractor, reference),
    ]
    results = {}
    for metric in [scores, *singles]:
        metric.update_state(images(30, seed=2))
    for metric in singles:
        results |= metric.result()
    assert results == scores.result()
    assert "n_real" not in singles[0].description()


def test_without_logits_there_is_no_score():
    extractor = Extractor(classifier(), "hidden", False, name="features")
    scores = ImageScores(extractor, Reference.of(extractor, [images(20)]))
    scores.update_state(images(30))
    assert list(scores.result()) == ["frechet_distance"]
    with pytest.raises(ValueError, match=r"A score needs logits\. Received: .*'features'\. Pass"):
        metrics.InceptionScore(extractor)


def test_distances_need_real_images():
    with pytest.raises(ValueError, match=r"Distances need real .*Received: reference=None\. Pass"):
        ImageScores(make_extractor(), None)


def test_splits_must_be_positive():
    with pytest.raises(ValueError, match="`splits` must be an integer of at least 1"):
        make_scores(splits=0)


@pytest.mark.parametrize(
    "name", ["extractor", "feature_statistics", "frechet", "kernel", "neighbours", "score"]
)
def test_documented_examples(name):
    module = importlib.import_module(f"tf_consensus.metrics.{name}")
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0

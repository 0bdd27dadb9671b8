"""The Inception networks: a small frozen graph with the reference's names, and Keras'."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_image_scores import tf1_bilinear_oracle

from tf_consensus.metrics import ImageScores, InceptionScore, KernelDistance, Reference, inception

FEATURES, CLASSES = 2048, 1008
EPSILON = 0.001


def weights(classes=CLASSES):
    generator = np.random.default_rng(0)
    return {
        "mean": generator.normal(0, 0.1, 3),
        "variance": generator.uniform(0.5, 2, 3),
        "filters": generator.normal(size=(3, FEATURES)),
        "classes": generator.normal(0, 0.1, (FEATURES, classes)),
        "biases": generator.normal(0, 10, classes),
    }


def node(graph, op, name, inputs, **attributes):
    made = graph.node.add(op=op, name=name, input=inputs)
    for key, value in attributes.items():
        made.attr[key].CopyFrom(value)


def tiny_graph(classes=CLASSES, last="softmax/logits/MatMul"):
    """A GraphDef in the form of 2015: its operations, its batch of one, its tensors' names.

    From bytes by (x - 128) / 128 and an old batch normalization to the mean over positions, then
    2,048 features and 1,008 classes.
    """
    values = {key: value.astype("float32") for key, value in weights(classes).items()}
    with tf.Graph().as_default() as graph:
        constants = {key: tf.constant(value, name=key) for key, value in values.items()}
        x = tf.compat.v1.placeholder(tf.float32, (None, None, None, 3), name="ResizeBilinear")
        x = tf.multiply(tf.subtract(x, 128.0, name="Sub"), 1 / 128, name="Mul")
        x = tf.reduce_mean(x, axis=(1, 2), keepdims=True, name="average")
        filters = tf.reshape(constants["filters"], (1, 1, 3, FEATURES))
        pool = tf.nn.conv2d(x, filters, 1, "VALID", name="pool_3")
        row = tf.reshape(pool, (1, FEATURES), name="pool_3/_reshape")
        logits = tf.matmul(row, constants["classes"], name=last)
        tf.nn.softmax(tf.nn.bias_add(logits, constants["biases"]), name="softmax")
    graph_def = graph.as_graph_def()
    # Removed since, so that no function of TensorFlow 2 makes it.
    attribute = tf.compat.v1.AttrValue
    node(
        graph_def,
        "BatchNormWithGlobalNormalization",
        "batchnorm",
        ["average", "mean", "variance", "mean", "variance"],
        T=attribute(type=tf.float32.as_datatype_enum),
        variance_epsilon=attribute(f=EPSILON),
        scale_after_normalization=attribute(b=False),
    )
    for made in graph_def.node:
        if made.name == "pool_3":
            made.input[0] = "batchnorm"
    graph_def.versions.producer, graph_def.versions.min_consumer = 8, 0
    return graph_def


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("inception") / "classify_image_graph_def.pb"
    path.write_bytes(tiny_graph().SerializeToString())
    return path


def images(n, seed=0, channels=3, size=8):
    shape = (n, size, size, channels)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def by_hand(batch):
    """Features and logits, in float64."""
    values = weights()
    pixels = np.round(127.5 * (batch.astype(float) + 1))
    resized = np.stack([tf1_bilinear_oracle(image, 299) for image in pixels])
    x = ((resized - 128) / 128).mean(axis=(1, 2))
    # The old batch normalization multiplies by no gamma and adds beta, here the mean again.
    x = (x - values["mean"]) / np.sqrt(values["variance"] + EPSILON) + values["mean"]
    features = x @ values["filters"]
    return features, features @ values["classes"]


def test_frozen_graph_gives_features_and_logits_without_the_bias(path):
    batch = images(3)
    features, logits = inception.frozen_inception(path)(batch)
    expected = by_hand(batch)
    assert features.shape == (3, FEATURES)
    assert logits.shape == (3, CLASSES)
    np.testing.assert_allclose(features, expected[0], atol=1e-4)
    np.testing.assert_allclose(logits, expected[1], atol=1e-3)


def test_images_are_rounded_to_bytes_and_grey_becomes_colour(path):
    network, grey = inception.frozen_inception(path), images(2, channels=1)
    pixels = np.round(127.5 * (grey + 1)).astype("uint8")
    as_read = pixels.astype("float32") / 127.5 - 1
    colour = np.repeat(as_read, 3, axis=-1)
    np.testing.assert_array_equal(network(grey).features, network(colour).features)


def test_only_the_reference_network_gives_the_published_names(path):
    network = inception.frozen_inception(path)
    reference = Reference.of(network, [images(12)], split="train")
    scores = ImageScores(network, reference, splits=2, kid=True, precision_recall=True)
    # Of no images, because a distance of 2,048 features takes its time.
    names = ["inception_score", "inception_score_std", "fid", "kid", "kid_std"]
    assert list(scores.result()) == [*names, "precision", "recall"]
    assert scores.directions["inception_score"] == "up"
    assert scores.directions["fid"] == scores.directions["kid"] == "down"
    for metric in (InceptionScore(network, splits=2), KernelDistance(network, reference)):
        for batch in (images(7, seed=1), images(5, seed=2)):
            metric.update_state(batch)
        assert all(math.isfinite(value) for value in metric.result().values())
    about = scores.description()
    assert about["reference_network"] is True
    assert about["network"] == "Inception 2015-12-05"
    assert (about["resizer"], about["features"]) == ("tf1_bilinear", "pool_3")
    assert "without the bias" in about["logits"]


def test_a_missing_file_says_how_to_get_it(tmp_path):
    message = r"does not contain\. Received: path='.*nowhere.pb', .*download\.tensorflow\.org/.*tgz"
    with pytest.raises(FileNotFoundError, match=message):
        inception.frozen_inception(tmp_path / "nowhere.pb")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no graph at all", r"of 2015-12-05, .*Received: path=.*a file that is no GraphDef\. It"),
        (b"", r"a graph without Mul, pool_3, softmax/logits/MatMul\. It is the file"),
        (tiny_graph(last="other").SerializeToString, "a graph without softmax/logits/MatMul"),
        (tiny_graph(classes=1000).SerializeToString, r"a last layer of shape \(2048, 1000\)"),
    ],
)
def test_another_file_raises(tmp_path, content, message):
    path = tmp_path / "other.pb"
    path.write_bytes(content if isinstance(content, bytes) else content())
    with pytest.raises(ValueError, match=message):
        inception.frozen_inception(path)


def test_keras_inception_cannot_be_mistaken_for_the_reference():
    extractor = inception.keras_inception(weights=None)
    features, logits = extractor(images(1))
    assert features.shape == (1, 2048)
    assert logits.shape == (1, 1000)
    about = extractor.description
    assert about["reference_network"] is False
    assert "not the reference" in about["network"]
    assert about["weights"] == "keras.applications, None"
    assert (about["image_size"], about["resizer"]) == (299, "bilinear")
    scores = InceptionScore(extractor)
    assert next(iter(scores.result())) == "classifier_score"
    keras.backend.clear_session()

"""Inception networks: the reference one from a file, and the one that Keras has."""

import pathlib

import keras
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from tf_consensus.metrics import resizing
from tf_consensus.metrics.extractor import Extractor, ImageNetwork, fingerprint

_HOW_TO_GET_IT = (
    "It is the file classify_image_graph_def.pb of inception-2015-12-05.tgz, 88 MB, which "
    "TensorFlow publishes: download "
    "http://download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz, unpack it, and "
    "pass the path of the file."
)
_SIZE = 299
_FEATURES, _CLASSES = 2048, 1008


def to_bytes(images):
    """The images, in [-1, 1], as they would be in a file: whole numbers from 0 to 255, float32."""
    return tf.round(tf.clip_by_value(127.5 * (images + 1.0), 0.0, 255.0))


def frozen_inception(path) -> "FrozenInception":
    """The reference network of the inception score and the FID.

    Args:
        path: of the frozen graph, classify_image_graph_def.pb.

    Raises:
        FileNotFoundError: if it is not there, with how to get it.
        ValueError: if the file is not that graph.
    """
    return FrozenInception(path)


def keras_inception(weights: str | None = "imagenet") -> Extractor:
    """Keras' InceptionV3, which is not the reference network.

    Its weights were trained separately, so scores and distances differ from published ones; they
    carry other names. Images are rounded to bytes and resized bilinearly, with antialiasing.

    Args:
        weights: as in `keras.applications.InceptionV3`: "imagenet", which Keras downloads once,
            a path, or None for random ones.
    """
    model = keras.applications.InceptionV3(weights=weights, classifier_activation=None)

    def bytes_to_unit(images):
        return to_bytes(images) / 127.5 - 1.0

    return Extractor(
        model,
        "avg_pool",
        name="InceptionV3 of keras.applications (not the reference Inception)",
        preprocess=bytes_to_unit,
        image_size=_SIZE,
        resizer="bilinear",
        weights=f"keras.applications, {weights}",
    )


class FrozenInception(ImageNetwork):
    """The Inception network of 2015-12-05, as the published metrics use it.

    Images in [-1, 1] are rounded to bytes x, resized to 299 by `resizing.tf1_bilinear`, and enter
    as (x - 128) / 128. Features are `pool_3`, (n, 2048); logits are its product with the weights
    of the last layer, (n, 1008), without the bias, which the inception score has never had.

    The graph has operations that TensorFlow 2 runs only in a session of TensorFlow 1, so this is
    one, on the GPU if there is one.

    Args:
        path: of the frozen graph.

    Raises:
        FileNotFoundError: if it is not there, with how to get it.
        ValueError: if the file is not that graph.

    Reference:
        Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2015.
    """

    reference_network = True

    def __init__(self, path):
        super().__init__("Inception 2015-12-05", channels=3)
        content = _read(path)
        self._fingerprint = fingerprint([content])
        graph_def = _parse(path, content)
        with tf.Graph().as_default() as graph:
            self._images = tf.compat.v1.placeholder(tf.float32, (None, None, None, 3))
            self._outputs = _connect(path, graph_def, self._images)
        self._session = tf.compat.v1.Session(graph=graph)

    def _run(self, images):
        return self._session.run(self._outputs, {self._images: np.asarray(images)})

    def _details(self):
        return {
            "weights": "inception-2015-12-05, frozen",
            "fingerprint": self._fingerprint,
            "features": "pool_3",
            "logits": "softmax/logits/MatMul, without the bias",
            "preprocess": "round(127.5 (x + 1)), after resizing (x - 128) / 128",
            "image_size": _SIZE,
            "resizer": "tf1_bilinear",
        }


def _connect(path, graph_def, images):
    """Features and logits, as tensors, of images in [-1, 1]."""
    x = (resizing.tf1_bilinear(to_bytes(images), _SIZE) - 128.0) / 128.0
    names = {node.name for node in graph_def.node}
    missing = {"Mul", "pool_3", "softmax/logits/MatMul"} - names
    if missing:
        raise _not_the_graph(path, f"a graph without {', '.join(sorted(missing))}")
    pool, product = tf.compat.v1.import_graph_def(
        graph_def, {"Mul:0": x}, ["pool_3:0", "softmax/logits/MatMul"], name=""
    )
    weights = product.inputs[1]
    if tuple(weights.shape) != (_FEATURES, _CLASSES):
        raise _not_the_graph(path, f"a last layer of shape {tuple(weights.shape)}")
    # The graph's own reshape is for one image.
    features = tf.reshape(pool, (-1, _FEATURES))
    return features, features @ weights


def _read(path) -> bytes:
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            "The reference Inception is a file that tf_consensus does not contain. Received: "
            f"path={str(path)!r}, where there is no file. {_HOW_TO_GET_IT}"
        )
    return path.read_bytes()


def _parse(path, content):
    graph_def = tf.compat.v1.GraphDef()
    try:
        graph_def.ParseFromString(content)
    except DecodeError as error:
        raise _not_the_graph(path, "a file that is no GraphDef") from error
    return graph_def


def _not_the_graph(path, what):
    return ValueError(
        "The reference Inception is the frozen graph of 2015-12-05, with 2,048 features and 1,008 "
        f"classes. Received: path={str(path)!r}, {what}. {_HOW_TO_GET_IT}"
    )

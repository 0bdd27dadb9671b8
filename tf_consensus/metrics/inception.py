"""Inception networks: the reference network from a file, and Keras' own."""

import os
import warnings

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.metrics import (
    fingerprints,
    frozen_graph,
    frozen_sizes,
    inception_file,
    inception_graph,
    inception_images,
)
from tf_consensus.metrics.extractor import Extractor
from tf_consensus.metrics.image_network import ImageNetwork
from tf_consensus.metrics.inception_file import HOW_TO_GET_IT

_SIZE = 299
_INPUT, _FEATURES, _LOGITS = "Mul", "pool_3", "softmax/logits/MatMul"


def to_bytes(images: tf.Tensor) -> tf.Tensor:
    """Images as they would be in a file: whole numbers from 0 to 255, float32.

    Args:
        images: in [-1, 1], of any shape; values outside are clipped.
    """
    return tf.round(tf.clip_by_value(127.5 * (images + 1.0), 0.0, 255.0))


def frozen_inception(path: str | os.PathLike[str], tool: str = "ttur") -> "FrozenInception":
    """The reference network of the inception score and the FID.

    Args:
        path: path of the frozen graph, classify_image_graph_def.pb.
        tool: the tool whose treatment of images is followed, as `FrozenInception` says.

    Raises:
        FileNotFoundError: if it is not there; the message says how to get it.
        OSError: if it cannot be read.
        ValueError: if `path` is not a path, or the file is not a graph with the nodes of this
            network, holds an operation that is not one of `frozen_graph.OPERATIONS`, or would take
            too much memory, or `tool` is no tool.
    """
    return FrozenInception(path, tool)


def keras_inception(weights: str | None = "imagenet") -> Extractor:
    """Keras' InceptionV3, which is not the reference network.

    Its weights were trained separately, so scores and distances differ from published ones and
    have other names. Images are rounded to bytes and resized bilinearly, with antialiasing.

    Args:
        weights: as in `keras.applications.InceptionV3`: "imagenet", which Keras downloads once,
            a path, or None for random weights.
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

    Images in [-1, 1] are rounded to bytes x and resized to 299. Three tools of the field run this
    network; their numbers differ, because they resize and scale images differently:

    - "ttur", the published code of the FID, and that of the inception score:
      `resizing.tf1_bilinear`, then (x - 128) / 128;
    - "pytorch-fid": `resizing.torch_bilinear`, then (x - 127.5) / 127.5;
    - "clean-fid": `resizing.clean_bicubic`, then (x - 128) / 128.

    Features are `pool_3`, (n, 2048); logits are its product with the weights of the last layer,
    (n, 1008), without the bias, which the inception score has never used.

    TensorFlow 2 runs some operations of the graph only in a session of TensorFlow 1, so this is
    such a session, on the GPU if there is one. The whole file is first checked to hold nothing but
    allowed operations; then only the part between `Mul` and these two is imported.

    A graph that has these nodes but whose imported part is not the reference network
    (`inception_graph.differences`) is accepted with a warning: its results have the names of any
    other network's, never `fid`, `kid` or `inception_score`. So have those of "pytorch-fid" and
    "clean-fid": there `frechet_distance` is comparable with the FIDs of the same tool alone.

    Args:
        path: path of the frozen graph.
        tool: "ttur", "pytorch-fid" or "clean-fid".

    Attributes:
        reference_network: whether the graph is the reference network and `tool` is "ttur".
        tool: the tool; None if the graph is not the reference network.
        fingerprint: sixteen hexadecimal digits of the SHA-256 of the file and of the preprocessing
            of images.

    Raises:
        FileNotFoundError: if it is not there; the message says how to get it.
        OSError: if it cannot be read.
        ValueError: if the file is not a graph with these nodes, or may do more than compute, or
            `tool` is none of the three.

    Reference:
        Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2015.
    """

    def __init__(self, path: str | os.PathLike[str], tool: str = "ttur") -> None:
        self._treated_by = inception_images.check_tool(tool)
        content = inception_file.read(path)
        try:
            graph_def = frozen_graph.parse(content)
            used = frozen_graph.part(graph_def, (_FEATURES, _LOGITS), (_INPUT,))
            frozen_sizes.check(used, _INPUT, (1, _SIZE, _SIZE, 3))
            with tf.Graph().as_default() as graph:
                self._images = tf.compat.v1.placeholder(tf.float32, (None, None, None, 3))
                self._outputs = _connect(used, self._images, tool)
        except ValueError as error:
            raise ValueError(
                "The reference Inception is the frozen graph of 2015-12-05, with 2,048 features "
                f"and 1,008 classes. Received: path={str(path)!r}, {error}. {HOW_TO_GET_IT}"
            ) from error
        differences = inception_graph.differences(used)
        self.tool = None if differences else tool
        self.reference_network = self.tool == inception_images.TTUR
        name = "Inception 2015-12-05"
        if differences:
            _warn(path, differences)
            name = f"frozen graph that is not {name}"
        super().__init__(name, channels=3)
        self._weights = fingerprints.of_weights([content])
        self._session = tf.compat.v1.Session(graph=graph)

    @property
    def dim(self) -> int:
        """The number of features."""
        return inception_graph.FEATURES

    @property
    def fingerprint(self) -> str:
        """The fingerprint that the class describes."""
        return fingerprints.digest([self._weights, str(self._treatment())])

    def _run(self, images):
        try:
            return self._session.run(self._outputs, {self._images: np.asarray(images)})
        except tf.errors.OpError as error:
            # TensorFlow's message has the place before the reason, and the node again after it.
            reason = error.message.partition("\n\t [[")[0].splitlines()[-1].rstrip(".")
            raise ValueError(
                f"A frozen graph must take images of 299². Received: {self.name}, of which "
                f"TensorFlow says: {reason}. {HOW_TO_GET_IT}"
            ) from error

    def _details(self):
        source = "another graph's" if self.tool is None else "inception-2015-12-05, frozen"
        return {"weights": source, "weights_fingerprint": self._weights, **self._treatment()}

    def _treatment(self):
        resizer, preprocess = inception_images.TOOLS[self._treated_by]
        return {
            "features": _FEATURES,
            "logits": f"{_LOGITS}, without the bias",
            "preprocess": preprocess,
            "image_size": _SIZE,
            "resizer": resizer,
        }


def _connect(used, images, tool):
    """Features and logits, as tensors, of images in [-1, 1].

    Raises:
        ValueError: If the graph does not give them; the message is without the path.
    """
    x = inception_images.entering(to_bytes(images), _SIZE, tool)
    pool, product = tf.compat.v1.import_graph_def(
        used, {f"{_INPUT}:0": x}, [f"{_FEATURES}:0", _LOGITS], name=""
    )
    weights = product.inputs[1]
    wanted = inception_graph.FEATURES, inception_graph.CLASSES
    if product.type != "MatMul" or tuple(weights.shape) != wanted:
        raise ValueError(f"a last layer {product.type} of shape {tuple(weights.shape)}")
    # The graph's own reshape is for one image.
    features = tf.reshape(pool, (-1, inception_graph.FEATURES))
    return features, features @ weights


def _warn(path, differences):
    warnings.warn(
        f"{str(path)!r} is not the Inception network of 2015-12-05: {differences[0]} ("
        f"{len(differences)} differences). Its results get the names of another network's, such as "
        "`frechet_distance` instead of `fid`.",
        stacklevel=4,
    )

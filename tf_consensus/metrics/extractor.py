"""A Keras network that gives image metrics the features and logits of an image."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.metrics import checks, fingerprints, layers, resizing
from tf_consensus.metrics.image_network import ImageNetwork
from tf_consensus.metrics.score import check_not_probabilities
from tf_consensus.support.checks import check_int


class Extractor(ImageNetwork):
    """A Keras classifier or feature extractor as the network of image metrics.

    The images, in [-1, 1], go through `preprocess`, the resizer and the network, which is called
    with training=False. Metrics from different networks must not be compared, so results are
    labelled with `description`.

    Args:
        model: built Keras model of images (batch, H, W, C), with one output.
        features: name of the layer whose output, (n, d) or (n, 1, 1, d), is the features. None:
            the input of the last Dense layer, if the model ends in it, or in it and a softmax.
        logits: name of the layer whose output is the logits; False: no logits, for a network
            without classes. None: the output of the model. If a softmax returns it, its logarithm
            is used; this is enough for a score, which takes the log-softmax of the logits.
        name: name of the network in results.
        preprocess: function of the images in [-1, 1], before they are resized; None: none. Its
            own name is its description.
        image_size: side to which images are resized; None: they have the model's size.
        resizer: one of `resizing.RESIZERS`, or a function of (images, size).
        weights: where the weights come from, in words.

    Attributes:
        fingerprint: sixteen hexadecimal digits of the SHA-256 of the layers in use, their
            connections and weights, the preprocessing, size and resizer; layers' names do not
            count. Equal extractors have the same fingerprint in every process.

    Raises:
        ValueError: if the model has several inputs or outputs, a layer cannot be told or found,
            the logits go through another activation, or an option is none of those above; when
            called, if the logits turn out to be probabilities.

    Example:
        >>> classifier = keras.Sequential(
        ...     [
        ...         keras.Input((8, 8, 1)),
        ...         keras.layers.Flatten(),
        ...         keras.layers.Dense(16, "relu"),
        ...         keras.layers.Dense(10, "softmax"),
        ...     ]
        ... )
        >>> extractor = Extractor(classifier, name="digits", weights="none, an example")
        >>> features, logits = extractor(np.zeros((5, 8, 8, 1), "float32"))
        >>> features.shape, logits.shape, extractor.description["logits"]
        ((5, 16), (5, 10), 'log-probabilities of the softmax')
    """

    def __init__(
        self,
        model: keras.Model,
        features: str | None = None,
        logits: str | bool | None = None,
        *,
        name: str,
        preprocess: Callable | None = None,
        image_size: int | None = None,
        resizer: str | Callable = "bilinear",
        weights: str = "as given",
    ) -> None:
        layers.check_model(model)
        super().__init__(name, model.input_shape[-1])
        self.weights = str(weights)
        self.preprocess = preprocess
        self.image_size = None if image_size is None else check_int("image_size", image_size, 1)
        self.resizer = resizing.get(resizer)
        self._features, tensor = layers.feature_tensor(model, features)
        self._logits, outputs = layers.logit_tensor(model, logits)
        self._network = keras.Model(model.inputs[0], {"features": tensor, **outputs})
        self._size = model.input_shape[1:3]
        self._forward = tf.function(self._compute, reduce_retracing=True)

    def _run(self, images):
        if self.image_size is None:
            self._check_size(images)
        elif self.resizer is resizing.clean_bicubic and self.preprocess is not None:
            checks.clipping(self.preprocess(images))
        features, logits = self._forward(images)
        if logits is not None and self._logits != layers.SOFTMAX:
            # The user may have a softmax that no layer's type or activation shows.
            check_not_probabilities(logits.numpy())
        return features, logits

    def _compute(self, images):
        if self.preprocess is not None:
            images = self.preprocess(images)
        if self.image_size is not None:
            images = self.resizer(images, self.image_size)
        outputs = self._network(images, training=False)
        features = tf.cast(outputs["features"], "float32")
        features = tf.reshape(features, (-1, features.shape[-1]))
        if "logits" not in outputs:
            return features, None
        logits = tf.cast(outputs["logits"], "float32")
        if self._logits == layers.SOFTMAX:
            # At least the smallest normal number: a class of probability 0 adds 0 to a score.
            logits = tf.math.log(tf.maximum(logits, np.finfo("float32").tiny))
        return features, logits

    @property
    def dim(self) -> int:
        """The number of features."""
        return self._network.output["features"].shape[-1]

    @property
    def fingerprint(self) -> str:
        """The fingerprint that the class describes, of the present weights."""
        functions = [fingerprints.of_function(f) for f in (self.preprocess, self.resizer)]
        about = [*functions[: 1 if self.image_size is None else 2], str(self.image_size)]
        about.append(str(self._logits == layers.SOFTMAX))
        return fingerprints.digest([fingerprints.of_network(self._network), "\n".join(about)])

    def _details(self):
        return {
            "weights": self.weights,
            "weights_fingerprint": fingerprints.of_weights(self._network.get_weights()),
            "features": self._features,
            "logits": self._logits,
            "preprocess": fingerprints.name_of(self.preprocess),
            "image_size": "as given" if self.image_size is None else self.image_size,
            "resizer": "none" if self.image_size is None else self.resizer.__name__,
        }

    def _check_size(self, images):
        sizes = zip(images.shape[1:3], self._size, strict=True)
        if any(wanted not in (None, size) for size, wanted in sizes):
            raise ValueError(
                f"Images must have the size of the network's input, {self._size}. Received: "
                f"images of shape {tuple(images.shape)}. Pass `image_size` to resize them."
            )

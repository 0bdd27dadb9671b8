"""The base of all networks of image metrics: checked images in, features and logits out."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus.metrics import checks
from tf_consensus.support.arrays import check_finite


class Extracted(NamedTuple):
    """A network's output for a batch of images.

    Attributes:
        features: (n, d), float32.
        logits: (n, k), float32, up to a constant per image; None for a network without classes.
    """

    features: np.ndarray
    logits: np.ndarray | None


class ImageNetwork:
    """Base of the extractors: checks images, and describes where the numbers come from.

    A subclass defines `_run`, `dim`, `fingerprint`, which differs whenever a metric's value would,
    and `_details`, which says the same in words.

    Args:
        name: name of the network in results.
        channels: colour channels that the network takes.

    Attributes:
        name: as given.
        channels: as given.
    """

    # Only the Inception network of 2015-12-05 gives numbers that are comparable between papers.
    reference_network = False
    # The tool of the field whose features the network gives.
    tool: str | None = None

    def __init__(self, name: str, channels: int) -> None:
        self.name = str(name)
        self.channels = channels

    def __call__(self, images: np.ndarray | tf.Tensor) -> Extracted:
        """The network's features and logits.

        Args:
            images: floats (batch, height, width, channels) in [-1, 1]. Grey images become three
                equal channels if the network takes three.

        Raises:
            ValueError: if the images are not such a batch or not finite, or the network's output is
                not finite or not one row per image.
        """
        images = checks.images(images, self.channels)
        features, logits = self._run(images)
        extracted = Extracted(np.asarray(features), None if logits is None else np.asarray(logits))
        for name, array in extracted._asdict().items():
            if array is not None:
                self._check_rows(name, array, len(images))
                remedy = f"The images were finite: look at the weights of {self.name!r}."
                check_finite(name, array, remedy, checks.LARGEST)
        return extracted

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digits that differ whenever a metric's value would."""
        raise NotImplementedError

    @property
    def dim(self) -> int:
        """The number of features."""
        raise NotImplementedError

    def _run(self, images):
        raise NotImplementedError

    def _details(self):
        raise NotImplementedError

    def _check_rows(self, name, array, number):
        if array.ndim != 2 or len(array) != number:
            raise ValueError(
                f"A network must give one row of {name} per image. Received: {name} of shape "
                f"{array.shape} for {number} images, from {self.name!r}. Take a network that "
                "treats each image by itself."
            )

    @property
    def description(self) -> dict:
        """What determines the numbers, as strings, integers and booleans."""
        return {
            "network": self.name,
            "reference_network": self.reference_network,
            "fingerprint": self.fingerprint,
            **self._details(),
        }


def check_extractor(extractor: object) -> ImageNetwork:
    """Returns the extractor.

    Raises:
        ValueError: If it is not an extractor.
    """
    if isinstance(extractor, ImageNetwork):
        return extractor
    raise ValueError(
        "`extractor` must be an `Extractor` or what `inception` makes. Received: "
        f"extractor={extractor!r}. Wrap a Keras classifier: Extractor(model, name=...)."
    )

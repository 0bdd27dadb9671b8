"""What models from images to images share: pairs as batches, their checks, made images."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.adversarial_model import AdversarialModel
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.models.checks import Shape
from tf_consensus.models.pairs import PairShapes, as_images, as_pair
from tf_consensus.models.range_looks import RangeLooks
from tf_consensus.models.words import PAIRS
from tf_consensus.support.checks import check_count
from tf_consensus.support.inputs import sample_dtype


class ImageTranslation(RangeLooks, AdversarialModel):
    """Base class: its batches are pairs (sources, targets), and it makes images of images.

    A subclass sets `shapes`, `generator` and `discriminator`, and defines `draw` and `losses`.

    Attributes:
        generator: the network from sources to images of the targets' kind.
        discriminator: the network that judges them.
        shapes: of sources and targets.
    """

    words = PAIRS
    unlike_gan = (
        "which makes images of given images",
        "Call model.translate(images) in a keras.callbacks.Callback of your own.",
    )
    generator: keras.Model
    discriminator: keras.Model
    shapes: PairShapes

    def prepared(self, data: Any) -> Any:
        """Sources and targets of the networks' shapes, in their precision."""
        return as_pair(super().prepared(data), self.shapes, self.image_dtype)

    def check_data(self, data: Any) -> None:
        """Raises if arrays, or a first batch, are no pairs of the networks' shapes."""
        as_pair(data, self.shapes, self.image_dtype)

    def without_data(self) -> None:
        """Nothing: it is of data."""

    @property
    def image_dtype(self) -> str:
        """The floating type of images in a step: that of the discriminator's variables."""
        return sample_dtype(self.discriminator)

    def imitated(self, batch: Any = None) -> Sequence[tuple[keras.Model, Any]]:
        """The generator, and the images of its kind."""
        _, targets = self.shapes if batch is None else batch
        return [(self.generator, targets)]

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """Images of sources."""
        return self.generator(inputs, training=training)

    def made_by(
        self, network: keras.Model, taken: Shape, images: Any, batch_size: int
    ) -> np.ndarray:
        """What a generator makes of images, with averages of the weights where they are kept.

        Args:
            network: the generator.
            taken: the shape of the images that it takes, (None, …).
            images: (n, …).
            batch_size: how many are computed at a time.
        """
        batch_size = check_count("batch_size", batch_size, "Leave it at 256.")
        images = as_images("images", images, taken, self.image_dtype)
        if images.shape[0] == 0:
            raise ValueError(
                "There is at least one image to translate. Received: images of shape "
                f"{tuple(images.shape)}. Pass some."
            )
        with averaged_weights(self):
            made = network.predict(np.asarray(images), batch_size=batch_size, verbose=0)
        return np.asarray(made).astype(self.image_dtype)  # NumPy itself has no bfloat16

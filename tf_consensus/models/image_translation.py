"""What models from images to images share: pairs as batches, their checks, made images."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.adversarial_model import AdversarialModel
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.models.checks import Shape
from tf_consensus.models.pairs import PairShapes, as_images, as_pair
from tf_consensus.models.range_warnings import warn_of_probabilities, warn_of_range
from tf_consensus.support.checks import check_count
from tf_consensus.support.inputs import sample_dtype


class ImageTranslation(AdversarialModel):
    """Base class: its batches are pairs (sources, targets), and it makes images of images.

    A subclass sets `shapes`, `generator` and `discriminator`, and defines `draw` and `losses`.

    Attributes:
        generator: the network from sources to images of the targets' kind.
        discriminator: the network that judges them.
        shapes: of sources and targets.
    """

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

    def imitated(self, pair: Any) -> Sequence[tuple[keras.Model, Any]]:
        """Each generator, and what a pair has for the kind that it makes: images, or shapes."""
        return [(self.generator, pair[1])]

    def see_batch(self, batch: Any) -> tf.Tensor:
        """As `GameModel`'s, and the ends of the range of each generator's kind of images."""
        kinds = [images for _, images in self.imitated(batch)]
        ends = [end(images) for images in kinds for end in (tf.reduce_min, tf.reduce_max)]
        return tf.concat([super().see_batch(batch), tf.cast(tf.stack(ends), tf.float64)], axis=0)

    def nothing_seen(self) -> tuple[list[tf.Tensor], list[tf.TensorShape]]:
        """What `seen_of_batch` returns without a batch, and its shapes with one."""
        width = 2 + 2 * len(self.imitated(self.shapes))
        return [tf.zeros(width, tf.float64)], [tf.TensorShape(width)]

    def inspect_batch(self, numbers: Any, batch: Any = None, *, trains: bool) -> None:
        """As `GameModel`'s; it warns of images out of a generator's range too."""
        numbers = np.asarray(numbers)
        super().inspect_batch(numbers[:2], batch, trains=trains)
        if not trains:
            return
        ends = numbers[2:].reshape(-1, 2)
        for (generator, shape), (low, high) in zip(self.imitated(self.shapes), ends, strict=True):
            values = int(numbers[0]) * math.prod(side or 1 for side in shape[1:])
            warn_of_range(generator, (float(low), float(high)), values, self.warned)
        for network in self.discriminators():
            if isinstance(network, keras.Model):
                warn_of_probabilities(network, self.objective, self.warned)

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

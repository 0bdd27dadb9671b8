"""How many of the modes of stacked images a generator makes, and how evenly."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.metrics.image_network import ImageNetwork, check_extractor
from tf_consensus.support.arrays import check_unmasked


class StackedModes:
    """Modes among images of three stacked grey ones, as on Stacked-MNIST, streamed over batches.

    A classifier of grey images with k classes names each colour of an image; the three names are
    the image's mode, one of k³. With p the shares of the modes among N images, `result()` holds

    - `modes_covered`: the number of modes with at least one image;
    - `mode_kl`: Σ_j p_j log(k³ p_j) in nats, the divergence KL(p ‖ uniform).

    The papers measure 26,000 images. Perfect samples of so many have about 1,000 modes, and a
    divergence of about (k³ - 1)/(2N) = 0.019 for k = 10, not 0. The classifier's own mistakes count
    too: measure the real images beside the made ones. Without images there are 0 modes, and the
    divergence is infinite.

    Args:
        extractor: network of grey images, with classes.
        name: name of the metric; the logs show the keys of `result()`.

    Raises:
        ValueError: if it is no extractor, it takes colours, or it has no logits; when updated, if
            the images do not have three colours.

    Example:
        >>> modes = StackedModes(Extractor(classifier, name="digits"))
        >>> gan.fit(dataset, callbacks=[callbacks.EvaluateGAN([modes], samples=26_000)])

    Reference:
        Lin, Khetan, Fanti, Oh, PacGAN: The power of two samples in generative adversarial
        networks, 2018, section 4.2.
    """

    reference = None  # the uniform distribution is its target

    def __init__(self, extractor: ImageNetwork, name: str = "stacked_modes") -> None:
        self.extractor, self.name = check_extractor(extractor), name
        if extractor.channels != 1 or extractor.description["logits"] == "none":
            raise ValueError(
                "Modes of stacked images need a classifier of grey images, with logits. Received: "
                f"{extractor.name!r}, which takes {extractor.channels} channels and has logits: "
                f"{extractor.description['logits']}. Train it on the grey images."
            )
        self.reset_state()

    @property
    def directions(self) -> dict[str, str]:
        """The better end, "up" or "down", of each result."""
        return {"modes_covered": "up", "mode_kl": "down"}

    @property
    def worst(self) -> dict[str, float]:
        """The value that replaces each result if the samples cannot be measured."""
        return {"modes_covered": 0.0, "mode_kl": math.inf}

    def reset_state(self) -> None:
        """Forgets all images."""
        self._counts: np.ndarray | None = None

    def update_state(self, images: np.ndarray | tf.Tensor) -> None:
        """Adds a batch.

        Args:
            images: (batch, height, width, 3) in [-1, 1].
        """
        check_unmasked("images", images)
        images = keras.ops.convert_to_numpy(images)
        if images.ndim != 4 or images.shape[-1] != 3:
            raise ValueError(
                "Stacked images have three colours, (batch, height, width, 3). Received: images of "
                f"shape {images.shape}. Measure images of `data.images('stacked:…')`."
            )
        # One call per batch: the three colours as one batch of grey images.
        grey = np.moveaxis(images, -1, 1).reshape(-1, *images.shape[1:3], 1)
        logits: Any = self.extractor(grey).logits
        classes = logits.shape[-1]
        kinds = logits.argmax(axis=-1).reshape(-1, 3) @ classes ** np.arange(2, -1, -1)
        found = np.bincount(kinds, minlength=classes**3)
        self._counts = found if self._counts is None else self._counts + found

    def result(self) -> dict[str, float]:
        """The results that the class describes."""
        if self._counts is None:
            return self.worst
        shares = self._counts[self._counts > 0] / self._counts.sum()
        divergence = float((shares * np.log(len(self._counts) * shares)).sum())
        return {"modes_covered": float(len(shares)), "mode_kl": divergence}

    def description(self) -> dict[str, Any]:
        """What the numbers depend on besides the images: their count, and the classifier."""
        counted = 0 if self._counts is None else int(self._counts.sum())
        return {"n_fake": counted, **self.extractor.description}

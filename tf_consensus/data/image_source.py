"""What a set of images must offer to become a stream: `ImageSource` and `ImageInfo`."""

import abc
from typing import NamedTuple

import numpy as np
from PIL import Image


class ImageInfo(NamedTuple):
    """What is known about a set of images without decoding it.

    Attributes:
        num_classes: Number of labels; None for images without labels.
        num_examples: Number of images of each split.
        image_size: (height, width) in pixels; None if images differ.
        channels: 1 for grey images, 3 for colour.
    """

    num_classes: int | None
    num_examples: dict[str, int]
    image_size: tuple[int, int] | None
    channels: int


class ImageSource(abc.ABC):
    """One split of a set of images, read by number.

    Attributes:
        identity: Equal for two sources only if they hold the same images.
        crop: Default side of the centre crop; None for the shorter side.
        channels: Default channels of the images.
        labelled: Whether `open` returns labels.
        tolerant: Whether images that cannot be read are left out instead of raising.
        remedy: What to do about an image that cannot be read, a sentence.
    """

    identity: tuple
    crop: int | None = None
    channels: int = 3
    labelled: bool = True
    tolerant: bool = False
    remedy: str = "Prepare the data set again."

    @abc.abstractmethod
    def __len__(self) -> int:
        """Return the number of images."""

    @abc.abstractmethod
    def open(self, index: int) -> tuple[Image.Image, int]:
        """Return image `index` and its label, 0 if there is none. Several threads call it.

        Raises:
            ImageTooLargeError: If it has more pixels than the source may decode.
            ValueError, OSError: If it is broken.
        """

    @abc.abstractmethod
    def describe(self, index: int) -> str:
        """Return the name of image `index`, for messages."""

    @abc.abstractmethod
    def fingerprint(self) -> dict[str, str | int]:
        """Return what tells these images from others: see `data.fingerprint`."""

    def colours(self) -> tuple[int, int]:
        """Return how many images are in colour, and how many were looked at."""
        return (len(self) if self.channels == 3 else 0), len(self)

    def decoded(
        self, image_size: int, crop: int | None, channels: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return all images, (n, image_size, image_size, channels) uint8, and their int32 labels.

        None if they are not available in this form; they are then opened one by one.
        """
        return None

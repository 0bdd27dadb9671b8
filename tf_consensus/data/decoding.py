"""Turns any image that Pillow opens into a square array of bytes."""

import warnings

import numpy as np
from PIL import Image

from tf_consensus.data.opening import is_grey

_DEEP = ("I", "I;16", "I;16L", "I;16B", "I;16N")


class SquareDecoder:
    """Turns a Pillow image into an array of shape (image_size, image_size, channels), uint8.

    In this order: 16-bit grey is scaled to 8 bits; transparent pixels are laid over white; colours
    become RGB, or grey as 0.299 R + 0.587 G + 0.114 B; the centre square of side `crop` is cut out;
    it is resized by Pillow's bilinear filter, which averages over the whole footprint of a pixel
    (antialiased, triangle filter) when images shrink. Warnings name the first image that has to be
    enlarged, and the first that loses its colours.

    Args:
        image_size: Side of the result in pixels.
        crop: Side of the centre crop in pixels; None for the image's shorter side.
        channels: 1 or 3.
        told: Whether the user knows that colours are lost, so no warning is needed.
    """

    def __init__(
        self, image_size: int, crop: int | None, channels: int, told: bool = False
    ) -> None:
        self.image_size = image_size
        self.crop = crop
        self.channels = channels
        self._enlarged = False
        self._greyed = told or channels == 3

    def __call__(self, image: Image.Image, name: str = "an image") -> np.ndarray:
        """Return the array.

        Raises:
            ValueError: If the image is smaller than `crop`, or its values do not have 8 or 16 bits.
            OSError: If its data are broken.
        """
        self._note_greyed(image, name)
        square = self._square(image)
        square = _eight_bit(square).convert("L" if self.channels == 1 else "RGB")
        if square.width != self.image_size:
            self._note_enlarged(square.width, name)
            square = square.resize((self.image_size,) * 2, Image.Resampling.BILINEAR)
        return np.asarray(square).reshape(self.image_size, self.image_size, self.channels)

    def _square(self, image):
        width, height = image.size
        side = self.crop or min(width, height)
        if side > min(width, height):
            raise ValueError(f"{width}×{height} pixels, smaller than crop={side}")
        if width == height == side:
            return image
        left, top = (width - side) // 2, (height - side) // 2
        return image.crop((left, top, left + side, top + side))

    def _note_greyed(self, image, name):
        if not self._greyed and not is_grey(image):
            self._greyed = True
            warnings.warn(
                f"Images must be grey for channels=1. The first that loses its colours is {name}. "
                "Pass channels=3 to keep them.",
                stacklevel=2,
            )

    def _note_enlarged(self, side, name):
        if side < self.image_size and not self._enlarged:
            self._enlarged = True
            warnings.warn(
                f"Images smaller than image_size={self.image_size} are enlarged. The first is "
                f"{name}, a square of {side} pixels.",
                stacklevel=2,
            )


def _eight_bit(image: Image.Image) -> Image.Image:
    """The image with 8 bits per channel, opaque."""
    if image.mode in _DEEP:
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("grey values beyond 16 bits")
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("floating point values")
    if image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image

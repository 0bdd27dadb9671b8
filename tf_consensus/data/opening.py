"""Opens image files without decoding them, for their size and whether they are in colour."""

import os
import struct
import zlib
from typing import BinaryIO

import numpy as np
from PIL import Image

# A PNG of about 200 KB can hold this many pixels, and takes a second to decode. Cameras' pictures
# have fewer.
MAX_PIXELS = 8192**2
# Pillow decodes these formats itself; for others it starts programs such as Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F")

# Pillow raises these for files that are broken or not images.
BROKEN = (
    *(OSError, ValueError, TypeError, SyntaxError, EOFError, LookupError, ArithmeticError),
    *(struct.error, zlib.error),
)


class ImageTooLargeError(ValueError):
    """An image with more pixels than may be decoded; the message says its size."""


def open_image(file: str | os.PathLike | BinaryIO, max_pixels: int) -> Image.Image:
    """Return an image whose pixels are not decoded yet.

    Args:
        file: A path, or a file that is open for reading.
        max_pixels: Largest number of pixels that it may have, as its header says.

    Raises:
        ImageTooLargeError: If it has more.
        OSError: If it has none of the `FORMATS`, or its header is broken.
    """
    try:
        image = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = Image.MAX_IMAGE_PIXELS
        raise ImageTooLargeError(
            f"{str(error).split(',')[0]} of Pillow, PIL.Image.MAX_IMAGE_PIXELS={limit}"
        ) from error
    if image.width * image.height > max_pixels:
        size = f"{image.width} × {image.height} pixels"
        image.close()
        raise ImageTooLargeError(size)
    return image


def is_grey(image: Image.Image) -> bool:
    """Whether an image's format has no colours: its mode, or its whole palette, is grey.

    Grey pixels that are stored as RGB count as colours: only decoding them would tell.
    """
    if image.mode in ("P", "PA"):
        palette = np.reshape(image.getpalette() or [0, 0, 0], (-1, 3))
        return bool((palette == palette[:, :1]).all())
    return image.mode in _GREY

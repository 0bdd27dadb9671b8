"""Pictures from files as parts of the page, none larger than the room for it."""

import base64
import functools
import io
import pathlib
import warnings
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.files import reason
from tf_consensus.experiments.report.text import escape

# Bytes for all samples, and for all other pictures, of a page: 24 MB when encoded as text.
SAMPLES_ROOM, PICTURES_ROOM = 14_000_000, 4_000_000
# Largest number of samples per run on a page, and the bytes that each should get at least.
MOST, EACH = 60, 60_000
# Pictures with more pixels per side are reduced if there is no room for all of them.
_SIDE = 1024
# Pictures that are wider than this multiple of their height take the page's whole width.
_WIDE = 2


class Picture(NamedTuple):
    """A picture in the page.

    Attributes:
        source: A data: address.
        width: In pixels.
        height: In pixels.
    """

    source: str
    width: int
    height: int


def evenly(items: Sequence, most: int) -> list:
    """At most `most` of the items, evenly spread, always with the first and the last."""
    if len(items) <= most:
        return list(items)
    last = len(items) - 1
    return [items[round(i * last / (most - 1))] for i in range(most)]


def share(runs: int) -> tuple[int, int]:
    """How many samples each of `runs` runs shows, and the most bytes per sample."""
    room = SAMPLES_ROOM // runs
    most = min(MOST, max(2, room // EACH))
    return most, room // most


def embed(path: pathlib.Path, room: int) -> Picture:
    """A picture from a file, reduced if it takes more than `room` bytes.

    Raises:
        RunError: If it is damaged, or an animation with more bytes.
    """
    try:
        state = path.stat()
        return _embedded(path, room, state.st_mtime_ns, state.st_size)
    # Pillow raises these for files that are not pictures, or only in part.
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        what = reason(error)
    except Image.DecompressionBombError:
        what = "of more pixels than Pillow takes"
    raise RunError(
        f"A picture must be a whole PNG or GIF file. Received: {path}, {what}. The rest of the "
        "page is complete without it; restore it from a copy."
    )


# The page of a running run is written again and again, with the same pictures except the last.
@functools.lru_cache(maxsize=128)
def _embedded(path, room, changed, size):
    del changed, size
    content = path.read_bytes()
    with warnings.catch_warnings():
        # Grids of large images have many pixels without being an attack.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(content), formats=("PNG", "GIF")) as image:
            kind, shape, frames = image.format, image.size, getattr(image, "n_frames", 1)
            image.verify()
        if len(content) > room and frames > 1:
            raise RunError(
                f"An animation must have at most {room:,} bytes to be in a page. Received: {path}, "
                f"{len(content):,} bytes. Open the file itself."
            )
        if len(content) > room:
            content, kind = _smaller(content, room), "JPEG"
    text = base64.b64encode(content).decode("ascii")
    return Picture(f"data:image/{kind.lower()};base64,{text}", *shape)


def _smaller(content, room):
    """The picture as JPEG of at most `room` bytes."""
    with Image.open(io.BytesIO(content)) as image:
        image = image.convert("RGB")
    side = _SIDE
    while True:
        image.thumbnail((side, side))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=85)
        if file.tell() <= room or side < 32:
            return file.getvalue()
        side = side * 3 // 4


def image(picture: Picture, alt: str) -> str:
    """The element that shows a picture."""
    # The pixels of small samples should be visible.
    look = "picture" + " pixels" * (max(picture.width, picture.height) < 700)
    # Small beside others, a row of plots could not be read.
    look += " wide" * (picture.width > _WIDE * picture.height)
    return (
        f'<img class="{look}" src="{picture.source}" width="{picture.width}" '
        f'height="{picture.height}" alt="{escape(alt)}">'
    )

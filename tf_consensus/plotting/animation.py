"""Densities over training as an animated GIF: arrays of palette indices, put together like text."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from tf_consensus.plotting.densities import (
    check_rows,
    even_lightness,
    message_instead,
    padded,
    peak_density,
    shades,
)
from tf_consensus.plotting.saving import save
from tf_consensus.support.checks import check_float, is_real

# The GIF's palette: blue for methods, red for the target, grey for text and frames.
_SHADES = {"blue": 96, "red": 96, "grey": 64}
_FIRST = {"blue": 0, "red": 96, "grey": 192}
_FRAME, _WHITE = 237, 255
_PANEL, _GAP, _TEXT_HEIGHT = 240, 8, 24  # pixels
_REST_MS = 2000


def density_animation(
    frames: Mapping[str, Sequence],
    path: str | os.PathLike,
    titles: Sequence[str],
    target: ArrayLike | None = None,
    extent: float = 1.6,
    fps: float = 8,
) -> None:
    """Writes an animated GIF of densities over training, the methods side by side.

    The pixels are the density's grid cells, coloured by a palette. A frame takes about 15 ms, a
    drawn figure half a second. The animation repeats, and rests on its last frame.

    Args:
        frames: For each method its samples (n, 2), one array per frame. A method may have fewer
            frames than the others or hold None: its panel then shows a dash.
        path: Where to write the GIF.
        titles: One caption per frame, e.g. "1000 iterations".
        target: Samples (n, 2) of the target, shown in red at the right. Without them the
            darkest colour is the highest peak of the methods' last densities.
        extent: Half the side of the box.
        fps: Frames per second, 1 to 50; GIF rounds the duration of a frame to 10 ms.

    Raises:
        OSError: If the file cannot be written; an old one is then still in its place.
        ValueError: If there are no methods, a method has more frames than titles, samples are
            not of shape (n, 2), the target's are not finite, a number is out of range, or the path
            does not end in .gif.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(2, 500, 2))
        >>> density_animation({"SimGA": noise}, "simga.gif", ["start", "end"])
    """
    check_rows("frames", frames, titles)
    extent = check_float("extent", extent, zero=False)
    if not is_real(fps) or not 1 <= fps <= 50:
        raise ValueError(
            f"Frames per second must lie between 1 and 50, which viewers show. Received: fps={fps}."
            " Pass e.g. `fps=8`."
        )
    rows = {method: padded(arrays, len(titles)) for method, arrays in frames.items()}
    last = [_last_drawable(row, extent) for row in rows.values()]
    peak = peak_density(last if target is None else [target], extent)
    fixed = [] if target is None else [_column("target", target, extent, peak, "red")]
    images = []
    for title, *arrays in zip(titles, *rows.values(), strict=True):
        moving = [_column(*pair, extent, peak, "blue") for pair in zip(rows, arrays, strict=True)]
        images.append(_frame([*moving, *fixed], title))
    durations = [10 * round(100 / fps)] * (len(images) - 1) + [_REST_MS]
    options = {"append_images": images[1:], "duration": durations, "loop": 0}
    save(path, [".gif"], lambda partial: images[0].save(partial, save_all=True, **options))


def _last_drawable(arrays, extent):
    return next((a for a in reversed(arrays) if message_instead(a, extent) is None), None)


def _palette():
    grey = np.repeat(np.linspace(0, 1, _SHADES["grey"])[:, None], 3, axis=1)
    parts = [even_lightness(f"{c.title()}s", _SHADES[c]) for c in ("blue", "red")]
    return np.round(255 * np.concatenate([*parts, grey])).astype(np.uint8).tobytes()


def _text(text, width, height, size=14):
    """Renders centred text, in the palette's greys."""
    from matplotlib.font_manager import findfont
    from PIL import ImageDraw, ImageFont

    image = Image.new("L", (width, height), 255)
    # matplotlib ships this font, and it knows γ.
    font = ImageFont.truetype(findfont("DejaVu Sans"), size)
    centre = (width / 2, height / 2)
    ImageDraw.Draw(image).text(centre, str(text), fill=0, font=font, anchor="mm", align="center")
    return _FIRST["grey"] + np.asarray(image) // 4


def _column(method, samples, extent, peak, color):
    """Renders a panel below the name of its method."""
    if message := message_instead(samples, extent):
        panel = _text(message, _PANEL, _PANEL)
    else:
        upright = shades(samples, extent, peak, bins=_PANEL)[::-1]
        panel = _FIRST[color] + np.round((_SHADES[color] - 1) * upright)
    framed = np.pad(panel, 1, constant_values=_FRAME)
    return np.vstack([_text(method, _PANEL + 2, _TEXT_HEIGHT), framed])


def _frame(columns, title):
    gap = np.full((len(columns[0]), _GAP), _WHITE)
    row = np.hstack([gap, *(part for column in columns for part in (column, gap))])
    indices = np.vstack([row, _text(title, row.shape[1], _TEXT_HEIGHT + 4)])
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette(_palette())
    return image

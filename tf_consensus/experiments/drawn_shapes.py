"""Pictures of coloured shapes, drawn at random, as files of a folder."""

import pathlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from PIL import Image, ImageDraw

from tf_consensus.support.files import replacing

# Pictures are drawn this many times as large, then reduced, for smooth edges.
OVERSAMPLING = 4


def _corners(number, inner=1.0):
    """Corners of a regular polygon, or, with an inner radius below 1, of a star."""
    angles = np.arange(2 * number) * np.pi / number
    radii = np.where(np.arange(2 * number) % 2, inner, 1.0)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
    return points if inner < 1 else points[::2]


def _disk(draw, centre, radius, turn, colour, ground):
    """A disk."""
    del turn, ground
    draw.ellipse([*(centre - radius), *(centre + radius)], fill=colour)


def _ring(draw, centre, radius, turn, colour, ground):
    """A disk with a hole."""
    _disk(draw, centre, radius, turn, colour, ground)
    _disk(draw, centre, 0.55 * radius, turn, ground, ground)


def _polygon(points):
    """A function that draws the polygon of these corners."""

    def drawn(draw, centre, radius, turn, colour, ground):
        del ground
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        draw.polygon([tuple(p) for p in centre + radius * points @ rotation], fill=colour)

    return drawn


SHAPES: dict[str, Callable[..., None]] = {
    "disk": _disk,
    "ring": _ring,
    "square": _polygon(_corners(4)),
    "star": _polygon(_corners(5, inner=0.45)),
    "triangle": _polygon(_corners(3)),
}


def _bright(hue):
    """A saturated colour, red, green and blue from 0 to 255, of a hue from 0 to 1."""
    waves = np.cos(2 * np.pi * (hue - np.array([0.0, 1 / 3, 2 / 3])))
    return tuple(np.rint(127.5 + 127.5 * np.clip(1.3 * waves, -1, 1)).astype(int).tolist())


def _shape(name, size, random):
    """A picture of a shape, drawn at random."""
    side = OVERSAMPLING * size
    radius = side * random.uniform(0.22, 0.38)
    centre = random.uniform(radius, side - radius, 2)
    ground = (int(random.uniform(225, 256)),) * 3
    image = Image.new("RGB", (side, side), ground)
    colour, turn = _bright(random.uniform()), random.uniform(0, 2 * np.pi)
    SHAPES[name](ImageDraw.Draw(image), centre, radius, turn, colour, ground)
    return image.resize((size, size), Image.Resampling.BOX)


def shapes(number: int, size: int, seed: int) -> Iterator[tuple[str, Image.Image]]:
    """Pairs (class, picture) of `number` shapes of side `size`, the classes in turn."""
    random = np.random.default_rng(seed)
    for index in range(number):
        name = list(SHAPES)[index % len(SHAPES)]
        yield name, _shape(name, size, random)


def write(pairs: Iterable[tuple[str, Image.Image]], output: pathlib.Path) -> int:
    """Writes one PNG file per picture, in one folder per class; returns how many."""
    number = 0
    for number, (name, image) in enumerate(pairs, 1):
        (output / name).mkdir(parents=True, exist_ok=True)
        with replacing(output / name / f"{number:06d}.png") as partial:
            image.save(partial, format="PNG")
    return number

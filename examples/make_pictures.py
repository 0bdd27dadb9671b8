"""Writes folders of pictures to try things on: coloured shapes, or Fashion-MNIST as PNG files.

    python examples/make_pictures.py --kind=shapes --output_dir=shapes
    tf-consensus train folder:shapes

A folder has a sub-folder per class. The shapes are disks, rings, squares, triangles and stars of
any colour, size, place and turn on a plain ground. Fashion-MNIST's are its 60,000 training images,
which must be on the disk (Debian's package dataset-fashion-mnist, or --data_dir).
"""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import app, flags
from PIL import Image, ImageDraw

from tf_consensus.support.files import replacing

FLAGS = flags.FLAGS
flags.DEFINE_enum("kind", "shapes", ["shapes", "fashion_mnist"], "What the pictures show.")
flags.DEFINE_integer("number", None, "Pictures; none: 6,000 shapes, or all there are.", 1)
flags.DEFINE_integer("size", 64, "Side of a shape's picture in pixels.", 8)
flags.DEFINE_integer("seed", 0, "Determines the shapes.", 0)
flags.DEFINE_string("data_dir", None, "Folder of Fashion-MNIST, if not the usual one.")
flags.DEFINE_string("output_dir", None, "Folder for the pictures, which must be empty or new.")
flags.mark_flag_as_required("output_dir")

CLOTHES = ("t-shirt", "trouser", "pullover", "dress", "coat")
CLOTHES += ("sandal", "shirt", "sneaker", "bag", "ankle_boot")
# Drawn so many times as large, then reduced, for smooth edges.
OVERSAMPLING = 4


def corners(number, inner=1.0):
    """Corners of a regular polygon, or, with an inner radius below 1, of a star."""
    angles = np.arange(2 * number) * np.pi / number
    radii = np.where(np.arange(2 * number) % 2, inner, 1.0)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
    return points if inner < 1 else points[::2]


def disk(draw, centre, radius, turn, colour, ground):
    """A disk."""
    del turn, ground
    draw.ellipse([*(centre - radius), *(centre + radius)], fill=colour)


def ring(draw, centre, radius, turn, colour, ground):
    """A disk with a hole."""
    disk(draw, centre, radius, turn, colour, ground)
    disk(draw, centre, 0.55 * radius, turn, ground, ground)


def polygon(points):
    """A function that draws the polygon of these corners."""

    def drawn(draw, centre, radius, turn, colour, ground):
        del ground
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        draw.polygon([tuple(p) for p in centre + radius * points @ rotation], fill=colour)

    return drawn


SHAPES = {
    "disk": disk,
    "ring": ring,
    "square": polygon(corners(4)),
    "star": polygon(corners(5, inner=0.45)),
    "triangle": polygon(corners(3)),
}


def bright(hue):
    """A saturated colour, red, green and blue from 0 to 255, of a hue from 0 to 1."""
    waves = np.cos(2 * np.pi * (hue - np.array([0.0, 1 / 3, 2 / 3])))
    return tuple(np.rint(127.5 + 127.5 * np.clip(1.3 * waves, -1, 1)).astype(int).tolist())


def shape(name, size, random):
    """A picture of a shape, drawn at random."""
    side = OVERSAMPLING * size
    radius = side * random.uniform(0.22, 0.38)
    centre = random.uniform(radius, side - radius, 2)
    ground = (int(random.uniform(225, 256)),) * 3
    image = Image.new("RGB", (side, side), ground)
    colour, turn = bright(random.uniform()), random.uniform(0, 2 * np.pi)
    SHAPES[name](ImageDraw.Draw(image), centre, radius, turn, colour, ground)
    return image.resize((size, size), Image.Resampling.BOX)


def shapes():
    """Pairs (class, picture) of shapes, the classes in turn."""
    random = np.random.default_rng(FLAGS.seed)
    for index in range(FLAGS.number or 6000):
        name = list(SHAPES)[index % len(SHAPES)]
        yield name, shape(name, FLAGS.size, random)


def clothes():
    """Pairs (class, picture) of Fashion-MNIST."""
    import tf_consensus as tfc

    data = tfc.data.images(
        "fashion_mnist", image_size=28, data_dir=FLAGS.data_dir, labels=True, repeat=False
    )
    pairs = data.unbatch().take(FLAGS.number or -1).as_numpy_iterator()
    for pixels, label in pairs:
        image = np.rint((pixels[..., 0] + 1) * 127.5).astype(np.uint8)
        yield CLOTHES[label], Image.fromarray(image)


def write(pairs, output):
    """A PNG file per picture, in a folder per class; returns how many."""
    number = 0
    for number, (name, image) in enumerate(pairs, 1):
        (output / name).mkdir(parents=True, exist_ok=True)
        with replacing(output / name / f"{number:06d}.png") as partial:
            image.save(partial, format="PNG")
    return number


def main(argv):
    """Writes the pictures."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    output = pathlib.Path(FLAGS.output_dir).expanduser()
    if output.exists() and any(output.iterdir()):
        raise app.UsageError(
            f"--output_dir must be a new or an empty folder. Received: {output}, which holds files."
        )
    number = write(shapes() if FLAGS.kind == "shapes" else clothes(), output)
    print(f"{number:,} pictures in {output}/")


if __name__ == "__main__":
    app.run(main)

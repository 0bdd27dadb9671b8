"""Writes folders of pictures for trials: coloured shapes, or Fashion-MNIST as PNG files.

    python examples/make_pictures.py --kind=shapes --output_dir=shapes
    tf-consensus train folder:shapes

A folder has one sub-folder per class. The shapes are disks, rings, squares, triangles and stars of
any colour, size, place and rotation on a plain ground. Fashion-MNIST's pictures are its 60,000
training images, which must be on the disk (Debian's package dataset-fashion-mnist, or --data_dir).
"""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import app, flags
from PIL import Image

from tf_consensus.experiments.drawn_shapes import shapes, write

FLAGS = flags.FLAGS
flags.DEFINE_enum("kind", "shapes", ["shapes", "fashion_mnist"], "What the pictures show.")
flags.DEFINE_integer("number", None, "How many pictures; none: 6,000 shapes, or all there are.", 1)
flags.DEFINE_integer("size", 64, "Side of a shape's picture in pixels.", 8)
flags.DEFINE_integer("seed", 0, "Determines the shapes.", 0)
flags.DEFINE_string("data_dir", None, "Folder of Fashion-MNIST, if not the usual one.")
flags.DEFINE_string("output_dir", None, "Folder for the pictures, which must be empty or new.")
flags.mark_flag_as_required("output_dir")

CLOTHES = ("t-shirt", "trouser", "pullover", "dress", "coat")
CLOTHES += ("sandal", "shirt", "sneaker", "bag", "ankle_boot")


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


def main(argv):
    """Writes the pictures."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    output = pathlib.Path(FLAGS.output_dir).expanduser()
    if output.exists() and any(output.iterdir()):
        raise app.UsageError(
            f"--output_dir must be a new or an empty folder. Received: {output}, which holds files."
        )
    drawn = FLAGS.kind == "shapes"
    pairs = shapes(FLAGS.number or 6000, FLAGS.size, FLAGS.seed) if drawn else clothes()
    number = write(pairs, output)
    print(f"{number:,} pictures in {output}/")


if __name__ == "__main__":
    app.run(main)

"""Measure how many images per second a pipeline delivers, and whether its memory stays flat.

The fastest consumer among the networks here, dcgan4_nobn with 16 filters on 32² images, takes a
batch of 64 in about 20 ms on two cores: 3,200 images per second. Convolutions on images of twice
the side take four times as long, so images of 64² are needed a quarter as fast, and so on.

    python examples/benchmarks/images.py
    python examples/benchmarks/images.py --pipelines=fashion_mnist,jpeg_256 --examples=2000

Fashion-MNIST must be on this machine; all other data are made on the fly.
"""

import pathlib
import resource
import tempfile
import time

import numpy as np
from absl import app, flags
from PIL import Image

from tf_consensus.data import images

FLAGS = flags.FLAGS
flags.DEFINE_integer("batch_size", 64, "Images in a batch.")
flags.DEFINE_integer("examples", 1000, "Images of each data set that is made.")
flags.DEFINE_float("seconds", 5.0, "Shortest time of a measurement.")
flags.DEFINE_integer("repeats", 3, "Measurements; the table shows the best.")
flags.DEFINE_list("pipelines", None, "Names of the rows to measure; none: all.")
flags.DEFINE_integer("need", 3200, "Images of 32² per second that the fastest consumer takes.")


def picture(height: int, width: int, number: int) -> np.ndarray:
    """A smooth random image, whose JPEG is about as large as a photograph's."""
    coarse = np.random.default_rng(number).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def folder_of(height: int, width: int, extension: str, root: pathlib.Path) -> str:
    """Write the examples as files; return the folder's name for `images`."""
    folder = root / f"{height}x{width}{extension}"
    if not folder.exists():
        folder.mkdir()
        for number in range(FLAGS.examples):
            path = folder / f"{number:06d}{extension}"
            Image.fromarray(picture(height, width, number)).save(path)
    return f"folder:{folder}"


def cifar10(root: pathlib.Path) -> None:
    """Write the examples as TensorFlow Datasets' cifar10."""
    import tensorflow_datasets as tfds

    builder = tfds.builder("cifar10", data_dir=root)
    if builder.info.splits:
        return
    examples = (
        (n, {"id": str(n), "image": picture(32, 32, n), "label": n % 10})
        for n in range(FLAGS.examples)
    )
    tfds.dataset_builders.store_as_tfds_dataset(
        name=builder.name,
        version=str(builder.version),
        features=builder.info.features,
        split_datasets={"train": examples},
        data_dir=root,
    )


def fashion_mnist(_):
    """The complete true data."""
    return images("fashion_mnist", batch_size=FLAGS.batch_size, seed=0)


def cifar10_stream(cache):
    """32² PNG in TFRecord files."""

    def make(root):
        cifar10(root)
        return images("cifar10", "train", 32, FLAGS.batch_size, root, seed=0, cache=cache)

    return make


def folder_stream(height, width, extension, size, cache=False, **settings):
    """Files of one size, resized to `size`."""

    def make(root):
        name = folder_of(height, width, extension, root)
        kept = root / "cache" if cache == "file" else cache
        batch = FLAGS.batch_size
        return images(name, "train", size, batch, seed=0, cache=kept, check=False, **settings)

    return make


PIPELINES = {
    "fashion_mnist": fashion_mnist,
    "cifar10_memory": cifar10_stream(True),
    "cifar10_decoded": cifar10_stream(False),
    "celeba_memory": folder_stream(218, 178, ".jpg", 64, True, crop=160),
    "celeba_file": folder_stream(218, 178, ".jpg", 64, "file", crop=160),
    "celeba_decoded": folder_stream(218, 178, ".jpg", 64, crop=160),
    "celeba_augmented": folder_stream(
        218, 178, ".jpg", 64, True, crop=160, flip=True, dequantise=True
    ),
    "jpeg_256": folder_stream(256, 256, ".jpg", 128),
}


def measure(dataset) -> tuple[float, float]:
    """Return images per second, and the growth of the peak memory in MiB meanwhile.

    Every measurement takes at least one epoch of the data that were made.
    """
    iterator = iter(dataset)
    epoch = -(-FLAGS.examples // FLAGS.batch_size)
    for _ in range(epoch):  # traces, fills the buffers, and touches all images once
        next(iterator)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, batches = time.perf_counter(), 0
    while batches < epoch or time.perf_counter() - begin < FLAGS.seconds:
        next(iterator)
        batches += 1
    rate = batches * FLAGS.batch_size / (time.perf_counter() - begin)
    return rate, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main(_) -> None:
    """Print one row per pipeline."""
    print(f"{'pipeline':<20}{'ready in s':>12}{'images/s':>12}{'of need':>10}{'growth MiB':>12}")
    with tempfile.TemporaryDirectory() as work:
        for name in FLAGS.pipelines or PIPELINES:
            PIPELINES[name](pathlib.Path(work))  # writes the data, and the file of a cached one
            begin = time.perf_counter()
            dataset = PIPELINES[name](pathlib.Path(work))
            ready = time.perf_counter() - begin
            results = [measure(dataset) for _ in range(FLAGS.repeats)]
            rate, growth = max(r for r, _ in results), results[-1][1]
            need = f"{rate * (dataset.element_spec.shape[1] / 32) ** 2 / FLAGS.need:.1f} ×"
            print(f"{name:<20}{ready:>12.2f}{rate:>12,.0f}{need:>10}{growth:>12.1f}")


if __name__ == "__main__":
    app.run(main)

"""A tiny Fashion-MNIST on disk, which the tests of the image examples train on."""

import gzip

import numpy as np

SIZES = {"train": 96, "t10k": 64}


def write_fashion_mnist(folder):
    """Ten kinds of noisy bars, in the data set's own format; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for prefix, number in SIZES.items():
        labels = (np.arange(number) % 10).astype(np.uint8)
        images = rng.integers(0, 100, (number, 28, 28)).astype(np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2 * label : 2 * label + 6] += 150
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
            path = folder / f"{prefix}-{name}-ubyte.gz"
            path.write_bytes(gzip.compress(head + array.tobytes()))
    return folder


if __name__ == "__main__":
    import pathlib
    import sys

    write_fashion_mnist(pathlib.Path(sys.argv[1]))

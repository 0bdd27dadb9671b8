"""Streams of real images by the name of their data set."""

import os

import tensorflow as tf

from tf_consensus.data.arguments import check_cache, check_image_batch
from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.image_store import open_store
from tf_consensus.data.image_stream import StreamSettings, make_stream
from tf_consensus.data.opening import MAX_PIXELS
from tf_consensus.data.sources import channels_of, find_info, find_source
from tf_consensus.support.checks import check_bool, check_int


def images(
    name: str,
    split: str = "train",
    image_size: int = 32,
    batch_size: int = 64,
    data_dir: str | os.PathLike | None = None,
    *,
    labels: bool = False,
    channels: int | None = None,
    crop: int | None = None,
    flip: bool = False,
    dequantise: bool = False,
    seed: int | None = None,
    start: int | tf.Variable = 0,
    repeat: bool = True,
    cache: bool | str | os.PathLike | None = None,
    check: bool = True,
    max_pixels: int = MAX_PIXELS,
    shard: tuple[int, int] | tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Stream batches of images.

    Each image is cut to its centre square, then resized by an antialiased bilinear filter; images
    that must be enlarged cause a warning. `decoding.SquareDecoder` says how colours, 16 bits and
    transparency are treated.

    With `repeat`, every epoch is a new permutation of all images, for every kind of data set,
    cached or not: there is no shuffle buffer. Epochs follow one another without a gap, so a batch
    may hold the last images of one epoch and the first of the next. Batch b is a function of the
    seed and b alone (and of the other arguments), and costs the same for every b:
    `images("cifar10", seed=0, start=gan.optimizer.iterations)` goes on where a run stopped.

    Args:
        name: "fashion_mnist"; "folder:PATH", any folder of images; or an image data set of
            TensorFlow Datasets by its name there, already on the disk, such as "cifar10",
            "celeb_a", "celeb_a_hq/1024", "lsun/bedroom", "imagenet2012". "stacked:" before a name
            makes images of three of its grey images, and the cube of its classes: with
            "stacked:mnist", Stacked-MNIST; see `stacked_images.StackedImages`.
        split: "train", "test", …; TensorFlow Datasets also knows parts: "train[:10%]". A folder
            has "train", which is all of it, "held_out", a tenth of each sub-folder, and "rest".
        image_size: Side of the images in pixels. Fashion-MNIST has a black border up to 32²; 28
            leaves it out.
        batch_size: Images in a batch.
        data_dir: Folder of Fashion-MNIST's four files, or TensorFlow Datasets' data folder; None
            for the usual place. The files must be on a local disk.
        labels: Whether batches are (images, labels), labels int32 of shape (batch,). A
            folder's labels number its sub-folders in alphabetical order.
        channels: 1 for grey, 3 for colour; None: the images' own, see `image_info`. A warning
            counts the images that lose their colours with 1.
        crop: Side of the centre crop in pixels; None for the shorter side, or 160 for celeb_a.
        flip: Mirror every image left to right with probability ½.
        dequantise: Add noise uniform on [0, 1/128), a step of 8 bits; values then reach 1 + 1/128.
        seed: Determines order, flips and noise; None draws one now.
        start: Number of the first batch, or an integer variable holding it, which is read
            whenever an iteration starts.
        repeat: Shuffle without end. False: one pass in order, to measure; its last batch may be
            smaller.
        cache: True keeps the decoded bytes in memory; False decodes anew every time. A path is a
            folder that keeps them in a file, for this run and others; the file is checked when it
            is opened and made again if it is damaged. None keeps them in memory if they take at
            most 2 GiB. Except with False, all are decoded before the function returns.
        check: Whether files of a folder that cannot be read are named by warnings and left out;
            without a cache every file is then decoded once in advance. False: they raise.
        max_pixels: Largest number of pixels of an image that is decoded, read from its header;
            larger images count as files that cannot be read. The default, 8192² = 67,108,864, takes
            about a second. Beyond `PIL.Image.MAX_IMAGE_PIXELS` Pillow warns; from twice as many it
            refuses.
        shard: (index, count), or the input context of `tf.distribute`: the batches whose number is
            index modulo count, so that the shards of a stream share every epoch.

    Returns:
        A dataset of float32 tensors of shape (batch_size, image_size, image_size, channels) in
        [-1, 1], endless and of static shape with `repeat`.

    Raises:
        ValueError: If an argument is out of range, the name or the split is unknown, labels are
            asked for and there are none, an image is broken, none is left, or a file is damaged.
        TypeError: If `labels`, `flip`, `dequantise`, `repeat` or `check` is not a bool.
        FileNotFoundError: If the data set is not there; the message says how to get it.
        OSError: If a file or a folder cannot be read, or a cache cannot be written.
        MemoryError: If memory cannot hold the images.

    Example:
        >>> stream = images("fashion_mnist", batch_size=64, labels=True, seed=0)
        >>> for pixels, kinds in stream.take(1):
        ...     print(pixels.shape, kinds.shape)
        (64, 32, 32, 1) (64,)
    """
    image_size = check_int("image_size", image_size, minimum=1)
    settings = StreamSettings.checked(
        batch_size=batch_size,
        seed=seed,
        start=start,
        repeat=repeat,
        flip=flip,
        shard=shard,
        labels=labels,
        dequantise=dequantise,
    )
    check_cache(cache)
    limits = check_bool("check", check), check_int("max_pixels", max_pixels, minimum=1)
    crop = None if crop is None else check_int("crop", crop, minimum=1)
    source = find_source(name, split, image_size, data_dir, *limits)
    if labels and not source.labelled:
        raise ValueError(
            "`labels` needs images that have labels: a class label, or every file of a folder in "
            f"a sub-folder. Received: labels=True for name={name!r}. Pass labels=False."
        )
    decode = square_decoder(source, image_size, batch_size, channels, crop)
    store = open_store(source, decode, cache)
    return make_stream(store, (image_size, image_size, decode.channels), settings)


def square_decoder(
    source: ImageSource,
    image_size: int,
    batch_size: int,
    channels: int | None,
    crop: int | None = None,
) -> SquareDecoder:
    """Return what makes squares of a source's images; arguments and errors as of `images`."""
    channels, told = channels_of(source, channels)
    check_image_batch(batch_size, image_size, channels)
    return SquareDecoder(image_size, source.crop if crop is None else crop, channels, told)


def image_info(name: str, data_dir: str | os.PathLike | None = None) -> ImageInfo:
    """Return what is known about a data set without decoding it.

    A folder is in colour if one of its images is; the headers of at most a thousand images are
    read. Grey pixels stored as RGB count as colours.

    Args:
        name: As for `images`.
        data_dir: As for `images`.

    Returns:
        Named tuple (num_classes, num_examples by split, image_size, channels).

    Raises:
        ValueError: If the name is unknown or the data set has no images.
        FileNotFoundError: If the data set is not there.

    Example:
        >>> image_info("fashion_mnist").num_classes
        10
    """
    return find_info(name, data_dir)


def fingerprint(
    name: str, split: str = "train", data_dir: str | os.PathLike | None = None
) -> dict[str, str | int]:
    """Return what tells the images of a data set from all others, to keep with a run's settings.

    Every file of a folder is read once. The digest is over the sorted names relative to the folder,
    the sizes and the contents, so it does not change if the folder is moved, and changes if an
    image is added, removed, renamed or replaced. Fashion-MNIST's digest is over the
    unzipped images and labels. The digest of a split of TensorFlow Datasets is over the lengths and
    checksums of its records, which are not read themselves; ArrayRecord files are read through.

    Args:
        name: As for `images`.
        split: As for `images`.
        data_dir: As for `images`.

    Returns:
        `{"name": …, "split": …, "images": …, "bytes": …, "digest": …}`, fit for JSON: the name
        ("folder" for every folder) with its version, the split, the number of images, the bytes
        that they take, and a SHA-256 in hex.

    Raises:
        ValueError, FileNotFoundError, OSError: As `images`.

    Example:
        >>> found = fingerprint("fashion_mnist", "test")
        >>> found["images"], found["digest"][:8]
        (10000, '9f1ec356')
    """
    return find_source(name, split, image_size=32, data_dir=data_dir).fingerprint()

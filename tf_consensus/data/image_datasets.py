"""Streams of real images by the name of their data set."""

import os

import tensorflow as tf

from tf_consensus.checks import check_int
from tf_consensus.data import fashion_mnist
from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_folder import ImageFolder, folder_info
from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.image_store import open_store
from tf_consensus.data.image_stream import StreamSettings, make_stream
from tf_consensus.data.stream import draw_seed
from tf_consensus.data.tfds_images import TFDSImages, tfds_info

_FOLDER = "folder:"


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
    shard: tuple[int, int] | tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Stream batches of images.

    Each image is cut to its centre square, then resized by an antialiased bilinear filter; images
    that must be enlarged cause a warning. `decoding.SquareDecoder` says how colours, 16 bits and
    transparency are treated.

    With `repeat`, every epoch is a new permutation of all images, of every kind of data set and
    cached or not: there is no shuffle buffer. Epochs follow one another without a gap, so a batch
    may hold the last images of one and the first of the next. Batch b is a function of the seed
    and b alone (and of the other arguments), and costs the same for every b:
    `images("cifar10", seed=0, start=gan.optimizer.iterations)` goes on where a run stopped.

    Args:
        name: "fashion_mnist"; "folder:PATH", any folder of images; or an image data set of
            TensorFlow Datasets by its name there, already on the disk, such as "cifar10",
            "celeb_a", "celeb_a_hq/1024", "lsun/bedroom", "imagenet2012".
        split: "train", "test", …; of TensorFlow Datasets a part, too: "train[:10%]". A folder has
            "train" alone.
        image_size: Side of the images in pixels. Fashion-MNIST has a black border to 32²; 28
            leaves it out.
        batch_size: Images in a batch.
        data_dir: Folder of Fashion-MNIST's four files, or TensorFlow Datasets' data folder; None
            for the usual place. The files are to be on a local disk.
        labels: Whether batches are (images, labels), labels int32 of shape (batch,). Of a folder,
            its sub-folders in alphabetical order.
        channels: 1 for grey, 3 for colour; None: 1 for data sets of grey images, else 3.
        crop: Side of the centre crop in pixels; None for the shorter side, for celeb_a 160.
        flip: Mirror every image left to right with probability ½.
        dequantise: Add noise uniform on [0, 1/128), a step of 8 bits; values then reach 1 + 1/128.
        seed: Determines order, flips and noise; None draws one now.
        start: Number of the first batch, or an integer variable holding it, which is read
            whenever an iteration starts.
        repeat: Shuffle without end. False: one pass in order, to measure; its last batch may be
            smaller.
        cache: True keeps the decoded bytes in memory; False decodes anew every time; a path is a
            folder where they are kept in a file, for this run and others; None keeps them in
            memory if they take at most 2 GiB. All are decoded before the function returns, but
            for False.
        check: Whether files of a folder that cannot be read are named by warnings and left out;
            without a cache every file is then decoded once in advance. False: they raise.
        shard: (index, count), or the input context of `tf.distribute`: of the batches, those whose
            number is index modulo count, so that the shards of a stream share every epoch.

    Returns:
        A dataset of float32 tensors of shape (batch_size, image_size, image_size, channels) in
        [-1, 1], endless and of static shape with `repeat`.

    Raises:
        ValueError: If an argument is out of range, the name or the split unknown, labels are asked
            for and there are none, an image is broken, or none is left.
        FileNotFoundError: If the data set is not there; the message says how to get it.

    Example:
        >>> stream = images("fashion_mnist", batch_size=64, labels=True, seed=0)
        >>> for pixels, kinds in stream.take(1):
        ...     print(pixels.shape, kinds.shape)
        (64, 32, 32, 1) (64,)
    """
    image_size = check_int("image_size", image_size, minimum=1)
    settings = StreamSettings(
        batch_size=check_int("batch_size", batch_size, minimum=1),
        seed=draw_seed(seed),
        start=start,
        repeat=repeat,
        shard=_shard(shard),
        labels=labels,
        flip=flip,
        dequantise=dequantise,
    )
    _check_cache(cache)
    source = _source(name, split, image_size, data_dir, check)
    if labels and not source.labelled:
        raise ValueError(
            "`labels` needs images that have labels: a class label, or every file of a folder in "
            f"a sub-folder. Received: labels=True for name={name!r}. Pass labels=False."
        )
    channels = _channels(channels, source)
    crop = source.crop if crop is None else check_int("crop", crop, minimum=1)
    decode = SquareDecoder(image_size, crop, channels)
    store = open_store(source, decode, cache)
    return make_stream(store, (image_size, image_size, channels), settings)


def image_info(name: str, data_dir: str | os.PathLike | None = None) -> ImageInfo:
    """Return what is known of a data set without decoding it.

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
    _check_name(name)
    if name == "fashion_mnist":
        return fashion_mnist.INFO
    if name.startswith(_FOLDER):
        return folder_info(name.removeprefix(_FOLDER))
    return tfds_info(name, data_dir)


def _source(name, split, image_size, data_dir, check) -> ImageSource:
    _check_name(name)
    if name == "fashion_mnist":
        return fashion_mnist.FashionMNIST(split, image_size, data_dir)
    if name.startswith(_FOLDER):
        return ImageFolder(name.removeprefix(_FOLDER), split, check)
    return TFDSImages(name, split, data_dir)


def _check_name(name):
    if not isinstance(name, str) or not name:
        raise ValueError(
            f"`name` must be a string. Received: name={name!r}. Pass fashion_mnist, folder:PATH, "
            "or a name of TensorFlow Datasets."
        )


def _check_cache(cache):
    if cache is not None and not isinstance(cache, bool | str | os.PathLike):
        raise ValueError(
            "`cache` must be None, True, False or a folder. "
            f"Received: cache={cache!r}. Pass None to let the size decide."
        )


def _channels(channels, source):
    if channels is None:
        return source.channels
    if channels not in (1, 3) or isinstance(channels, bool):
        raise ValueError(
            "`channels` must be 1 or 3, or None for the data set's own. "
            f"Received: channels={channels!r}. Pass 1 for grey, 3 for colour."
        )
    return int(channels)


def _shard(shard):
    if shard is None:
        return 0, 1
    if isinstance(shard, tf.distribute.InputContext):
        return shard.input_pipeline_id, shard.num_input_pipelines
    pair = tuple(shard) if isinstance(shard, tuple | list) else ()
    if len(pair) == 2:
        index = check_int("shard[0]", pair[0], minimum=0)
        count = check_int("shard[1]", pair[1], minimum=1)
        if index < count:
            return index, count
    raise ValueError(
        "`shard` must be (index, count) with index < count. "
        f"Received: shard={shard!r}. Pass for example (0, 2), or the input context."
    )

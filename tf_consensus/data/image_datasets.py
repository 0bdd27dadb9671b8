"""Streams of real images by the name of their data set."""

import pathlib

import tensorflow as tf

from tf_consensus.checks import check_int
from tf_consensus.data import fashion_mnist
from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.image_store import open_store
from tf_consensus.data.image_stream import StreamSettings, make_stream
from tf_consensus.data.stream import draw_seed


def images(
    name: str,
    split: str = "train",
    image_size: int = 32,
    batch_size: int = 64,
    data_dir: str | pathlib.Path | None = None,
    *,
    labels: bool = False,
    channels: int | None = None,
    crop: int | None = None,
    flip: bool = False,
    dequantise: bool = False,
    seed: int | None = None,
    start: int | tf.Variable = 0,
    repeat: bool = True,
    cache: bool | None = None,
    check: bool = True,
    shard: tuple[int, int] | tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Stream batches of images.

    Each image is cut to its centre square, then resized by an antialiased bilinear filter; only
    images that have to be enlarged cause a warning. `decoding.SquareDecoder` says how colours, 16
    bits and transparency are treated.

    With `repeat`, every epoch is a new permutation of all images; epochs follow one another without
    a gap, so a batch may hold the last images of one and the first of the next. Batch b is a
    function of the seed and b alone (and of the other arguments), and costs the same for every b:
    `images("cifar10", seed=0, start=gan.optimizer.iterations)` resumes where a run stopped.

    Args:
        name: "fashion_mnist".
        split: "train" or "test".
        image_size: Side of the images in pixels. Fashion-MNIST has a black border to 32²; 28
            leaves it out.
        batch_size: Images in a batch.
        data_dir: Folder of the data; None for the usual place.
        labels: Whether batches are (images, labels), labels int32 of shape (batch,).
        channels: 1 for grey, 3 for colour; None: 1 for data sets of grey images, else 3.
        crop: Side of the centre crop in pixels; None for the shorter side.
        flip: Mirror every image left to right with probability ½.
        dequantise: Add noise uniform on [0, 1/128), a step of 8 bits; values then reach 1 + 1/128.
        seed: Determines order, flips and noise; None draws one now.
        start: Number of the first batch, or an integer variable holding it, which is read
            whenever an iteration starts.
        repeat: Shuffle without end. False: one pass in order, to measure; its last batch may be
            smaller.
        cache: True keeps the decoded bytes in memory, False decodes anew every time; None keeps
            them if they take at most 2 GiB.
        check: Reserved for folders.
        shard: (index, count), or the input context of `tf.distribute`: of the batches, those whose
            number is index modulo count, so that the shards of a stream share every epoch.

    Returns:
        A dataset of float32 tensors of shape (batch_size, image_size, image_size, channels) in
        [-1, 1], endless and of static shape with `repeat`.

    Raises:
        ValueError: If an argument is out of range, or the name or the split unknown.
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
    source = _source(name, split, image_size, data_dir)
    channels = _channels(channels, source)
    crop = source.crop if crop is None else check_int("crop", crop, minimum=1)
    decode = SquareDecoder(image_size, crop, channels)
    store = open_store(source, decode, cache)
    return make_stream(store, (image_size, image_size, channels), settings)


def image_info(name: str, data_dir: str | pathlib.Path | None = None) -> ImageInfo:
    """Return what is known of a data set without decoding it.

    Args:
        name: As for `images`.
        data_dir: As for `images`.

    Returns:
        Named tuple (num_classes, num_examples by split, image_size, channels).

    Raises:
        ValueError: If the name is unknown.
        FileNotFoundError: If the data set is not there.

    Example:
        >>> image_info("fashion_mnist").num_classes
        10
    """
    _check_name(name)
    return fashion_mnist.INFO


def _source(name, split, image_size, data_dir) -> ImageSource:
    _check_name(name)
    return fashion_mnist.FashionMNIST(split, image_size, data_dir)


def _check_name(name):
    if name != "fashion_mnist":
        raise ValueError(
            f"`name` must be that of a known data set. Received: name={name!r}. Pass fashion_mnist."
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

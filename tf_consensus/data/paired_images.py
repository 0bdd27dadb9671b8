"""Streams of pairs of images: of two sets, or of one set and what is made from it."""

import os
import warnings
from collections.abc import Callable

import tensorflow as tf

from tf_consensus.data.arguments import check_cache
from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_datasets import square_decoder
from tf_consensus.data.image_store import open_store
from tf_consensus.data.image_stream import StreamSettings, make_stream
from tf_consensus.data.opening import MAX_PIXELS
from tf_consensus.data.pair_sources import check_made, checked_maker, in_range
from tf_consensus.data.partners import check_differ, find_sets, partners
from tf_consensus.data.sources import find_source
from tf_consensus.data.store_part import equally_many, in_common
from tf_consensus.support.checks import check_bool, check_int


def image_pairs(
    target: str,
    source: str | None = None,
    *,
    make: str | Callable[[tf.Tensor], tf.Tensor] | None = None,
    unpaired: bool = False,
    split: str = "train",
    source_split: str | None = None,
    image_size: int = 32,
    batch_size: int = 64,
    data_dir: str | os.PathLike | None = None,
    channels: int | None = None,
    source_channels: int | None = None,
    flip: bool = False,
    seed: int | None = None,
    start: int | tf.Variable = 0,
    repeat: bool = True,
    cache: bool | str | os.PathLike | None = None,
    max_pixels: int = MAX_PIXELS,
) -> tf.data.Dataset:
    """Stream batches of pairs (sources, targets), as `Pix2Pix` and `CycleGAN` take them.

    The sources come from a second set of images, or are made from the targets. Two sets are paired
    by the names of their files, so `source` and `target` are folders whose files have the same
    names, up to the ending. A source is in the split that its target is in. If one image of a pair
    cannot be read, the other is left out too. With `unpaired` the two sets need have nothing in
    common, and each is shuffled by itself.

    Batch b depends on the seed and b alone, as of `images`, so that a resumed run goes on with the
    next pairs.

    Args:
        target: The images to arrive at, a name as for `images`.
        source: The images to begin from, a name as for `images`; None makes them by `make`.
        make: How sources are made from targets: "edges" (length of the Sobel gradient of the
            grey image), "grey", "masked" (the middle quarter of the area is 0), "low_resolution"
            (an eighth of the side, enlarged again), or a function of a batch of images, whose
            results are checked to be in [-1, 1].
        unpaired: Whether the two sets are shuffled apart from each other. Sources by `make` are
            then made from other images of the set.
        split: As for `images`, of both.
        source_split: Without partners the split of `source`, where its splits have other names:
            those of a folder and of a data set have. None: `split`.
        image_size: Side of the images in pixels.
        batch_size: Pairs in a batch.
        data_dir: As for `images`, of the sets that are no folders.
        channels: 1 or 3 channels of the targets; None as they are.
        source_channels: The same of `source`.
        flip: Mirror both images of a pair with probability ½.
        seed: Determines order and flips; None draws one now.
        start: Number of the first batch, or an integer variable holding it.
        repeat: Shuffle without end. False: one pass in order, to measure. Without partners it
            ends with the smaller set, and sources by `make` are then of the same images.
        cache: As for `images`.
        max_pixels: As for `images`.

    Returns:
        A dataset of pairs of float32 tensors in [-1, 1], (batch_size, image_size, image_size,
        channels of each).

    Raises:
        ValueError: If neither or both of `source` and `make` are given, `make` is unknown, files
            have no partner or several, or are their own, a folder is to be paired with a data set,
            `source_split` is given for pairs or without `source`, `make` returns no images, or as
            `images`.
        InvalidArgumentError: TensorFlow's, when a batch is taken, if a function has made images
            that are not in [-1, 1].
        TypeError: If a flag is not a bool.
        FileNotFoundError, OSError, MemoryError: As `images`.

    Example:
        >>> pairs = image_pairs("fashion_mnist", make="edges", seed=0)
        >>> for edges, clothes in pairs.take(1):
        ...     print(edges.shape, clothes.shape)
        (64, 32, 32, 1) (64, 32, 32, 1)
    """
    check_bool("unpaired", unpaired)
    image_size = check_int("image_size", image_size, minimum=1)
    maker = checked_maker(source, make, image_size)
    _check_source_split(source_split, source, unpaired)
    settings = StreamSettings.checked(
        batch_size=batch_size, seed=seed, start=start, repeat=repeat, flip=flip
    )
    check_cache(cache)
    max_pixels = check_int("max_pixels", max_pixels, minimum=1)
    if source is None:
        images = find_source(target, split, image_size, data_dir, max_pixels=max_pixels)
        decode = square_decoder(images, image_size, batch_size, channels)
        check_made(make, maker, (batch_size, image_size, image_size, decode.channels))
        maker = in_range(make, maker) if callable(make) else maker
        store, shape = open_store(images, decode, cache), _shape(decode)
        targets = make_stream(store, shape, settings)
        if not unpaired:
            return targets.map(lambda x: (maker(x), x))
        sources = make_stream(store, shape, _of_another_order(settings))
        return tf.data.Dataset.zip((sources.map(maker), targets))
    where = split, image_size, data_dir, max_pixels
    sets = (
        find_sets(source, target, *where, source_split)
        if unpaired
        else partners(source, target, *where)
    )
    decoders = [
        square_decoder(images, image_size, batch_size, wanted)
        for images, wanted in zip(sets, (source_channels, channels), strict=True)
    ]
    if not unpaired:
        check_differ(source, target, [decode.channels for decode in decoders])
    stores = [open_store(*pair, cache) for pair in zip(sets, decoders, strict=True)]
    if not unpaired:
        parts = in_common(*stores)
        _tell(len(parts[0]), len(sets[0]))
    else:
        parts = stores if repeat else equally_many(*stores)
    orders = _of_another_order(settings) if unpaired else settings, settings
    streams = [make_stream(*x) for x in zip(parts, map(_shape, decoders), orders, strict=True)]
    return tf.data.Dataset.zip(tuple(streams))


def _check_source_split(split: str | None, source: str | None, unpaired: bool) -> None:
    """Raises `ValueError` if sources without a split of their own are given one."""
    if split is not None and (source is None or not unpaired):
        raise ValueError(
            "`source_split` is for two sets without partners: otherwise a source is in the split "
            f"of its target. Received: source_split={split!r} with source={source!r} and "
            f"unpaired={unpaired}. Leave it out."
        )


def _shape(decode: SquareDecoder) -> tuple[int, int, int]:
    return decode.image_size, decode.image_size, decode.channels


def _of_another_order(settings: StreamSettings) -> StreamSettings:
    """The settings with another seed: one of the same seed would have the same order."""
    return settings._replace(seed=settings.seed ^ 1)


def _tell(pairs: int, images: int) -> None:
    """Warns of pairs that are left out; raises if none is left."""
    if not pairs:
        raise ValueError(
            "Pairs must hold one whose images can both be read. Received: "
            f"{images} pairs, of each of which an image cannot. See the warnings for each."
        )
    if pairs < images:
        warnings.warn(
            f"{images - pairs} of {images} pairs are left out, since one of the two images is.",
            stacklevel=3,
        )

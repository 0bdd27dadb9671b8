"""Streams of pairs of images: of two sets, or of one set and what is made from it."""

import os
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf_consensus.data.image_datasets import images
from tf_consensus.data.opening import MAX_PIXELS
from tf_consensus.data.pair_sources import MAKERS, check_partners
from tf_consensus.data.stream import draw_seed
from tf_consensus.support.checks import check_bool


def image_pairs(
    target: str,
    source: str | None = None,
    *,
    make: str | Callable[[tf.Tensor], tf.Tensor] | None = None,
    unpaired: bool = False,
    split: str = "train",
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
    names, up to the ending. With `unpaired` the two sets need have nothing in common, and each is
    shuffled by itself.

    Batch b depends on the seed and b alone, as of `images`, so that a resumed run goes on with the
    next pairs.

    Args:
        target: The images to arrive at, a name as for `images`.
        source: The images to begin from, a name as for `images`; None makes them by `make`.
        make: How sources are made from targets: "edges" (length of the Sobel gradient of the
            grey image), "grey", "masked" (the middle quarter of the area is 0), "low_resolution"
            (an eighth of the side, enlarged again), or a function of a batch of images.
        unpaired: Whether the two sets are shuffled apart from each other. Sources by `make` are
            then made from other images of the set.
        split: As for `images`, of both.
        image_size: Side of the images in pixels.
        batch_size: Pairs in a batch.
        data_dir: As for `images`; of `target`, and of `source` where it is no folder.
        channels: 1 or 3 channels of the targets; None as they are.
        source_channels: The same of `source`.
        flip: Mirror both images of a pair with probability ½.
        seed: Determines order and flips; None draws one now.
        start: Number of the first batch, or an integer variable holding it.
        repeat: Shuffle without end. False: one pass in order, to measure.
        cache: As for `images`.
        max_pixels: As for `images`.

    Returns:
        A dataset of pairs of float32 tensors in [-1, 1], (batch_size, image_size, image_size,
        channels of each).

    Raises:
        ValueError: If neither or both of `source` and `make` are given, `make` is unknown, files
            have no partner, or as `images`.
        TypeError: If a flag is not a bool.
        FileNotFoundError, OSError, MemoryError: As `images`.

    Example:
        >>> pairs = image_pairs("fashion_mnist", make="edges", seed=0)
        >>> for edges, clothes in pairs.take(1):
        ...     print(edges.shape, clothes.shape)
        (64, 32, 32, 1) (64, 32, 32, 1)
    """
    check_bool("unpaired", unpaired)
    maker = _check_ways(source, make)
    seed = draw_seed(seed)
    shared: dict[str, Any] = {
        "split": split,
        "image_size": image_size,
        "batch_size": batch_size,
        "flip": flip,
        "start": start,
        "repeat": repeat,
        "cache": cache,
        "max_pixels": max_pixels,
    }
    targets = images(target, data_dir=data_dir, channels=channels, seed=seed, **shared)
    if source is None and not unpaired:
        return _checked(targets.map(lambda x: (maker(x), x)), make)
    if source is None:
        source, source_channels = target, channels
    elif not unpaired:
        check_partners(source, target, split, image_size, data_dir, max_pixels)
    own_dir = None if source.startswith("folder:") else data_dir
    # Another stream of the same seed would begin with the same permutation.
    own_seed = seed ^ 1 if unpaired else seed
    sources = images(source, data_dir=own_dir, channels=source_channels, seed=own_seed, **shared)
    return _checked(tf.data.Dataset.zip((sources.map(maker), targets)), make)


def _check_ways(source: Any, make: Any) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function that makes sources; of two sets the identity."""
    if (source is None) == (make is None):
        given = "neither" if source is None else f"source={source!r} and make={make!r}"
        raise ValueError(
            "Sources are images of a second set, or are made from the targets. Received: "
            f"{given}. Pass `source` or `make`, one of them."
        )
    if source is not None:
        if not isinstance(source, str):
            raise ValueError(
                "`source` must be the name of a set of images, as `target`. Received: "
                f"source={source!r}. For example source='folder:photos'."
            )
        return tf.identity
    if callable(make):
        return make
    if not isinstance(make, str) or make not in MAKERS:
        raise ValueError(
            f"`make` must be one of {', '.join(MAKERS)}, or a function of a batch of images. "
            f"Received: make={make!r}. For example make='edges'."
        )
    return MAKERS[make]


def _checked(pairs: tf.data.Dataset, make: Any) -> tf.data.Dataset:
    """The pairs; raises if the function that makes sources returns no batch of images."""
    source, target = pairs.element_spec
    single = isinstance(source, tf.TensorSpec) and source.shape.rank == 4
    if not (single and source.dtype.is_floating and source.shape[0] == target.shape[0]):
        raise ValueError(
            "`make` takes a batch of images (batch, height, width, channels) in [-1, 1], and "
            f"returns as many images. Received: make={make!r}, which returns {source}. Return one "
            "image per image, floating-point numbers."
        )
    return pairs

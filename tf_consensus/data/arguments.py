"""Checks of arguments that several streams share."""

import os
from typing import Any

import tensorflow as tf

from tf_consensus.support.checks import check_float, check_int, check_path, is_real

# Points and lengths are float32, whose squares overflow beyond these.
SMALLEST, LARGEST = 1e-18, 1e18
# With it a batch's number times its size stays far below 2⁶³.
LAST_START = 2**40
# TensorFlow's kernels count the elements of a tensor in 32 bits.
MOST_VALUES = 2**31 - 1
MOST_SHARDS = 2**20
MOST_MODES = 2**20


def check_below(name: str, value: Any, minimum: int, maximum: int) -> int:
    """Return `value` as an int from `minimum` to `maximum`.

    Raises:
        ValueError: If it is anything else.
    """
    value = check_int(name, value, minimum=minimum)
    if value > maximum:
        raise ValueError(
            f"`{name}` must be at most {maximum:,}. Received: {name}={value!r}. Pass a smaller "
            "number."
        )
    return value


def check_length(name: str, value: Any, *, zero: bool) -> float:
    """Return `value` as a float that float32 holds, and its square.

    Raises:
        ValueError: If `value` is no finite number, is negative, is 0 where that is not allowed, or
            is too small or too large.
    """
    if is_real(value) and (value > LARGEST or 0 < value < SMALLEST):
        raise ValueError(
            f"`{name}` must lie from {SMALLEST:g} to {LARGEST:g}. Received: {name}={value!r}. "
            "Pass a number that float32 can square."
        )
    return check_float(name, value, zero=zero)


def check_points(batch_size: int, block: int) -> int:
    """Return the size of a batch of points in the plane; `block` batches are drawn at a time.

    Raises:
        ValueError: If it is not a positive integer, or a block has more than `MOST_VALUES` numbers.
    """
    return check_below("batch_size", batch_size, 1, MOST_VALUES // (2 * block))


def check_image_batch(batch_size: int, image_size: int, channels: int) -> None:
    """Check that a batch of images is not larger than a tensor may be.

    Raises:
        ValueError: If it has more than `MOST_VALUES` numbers.
    """
    if batch_size * image_size**2 * channels > MOST_VALUES:
        raise ValueError(
            "A batch must hold fewer than 2³¹ numbers: batch_size · image_size² · channels. "
            f"Received: batch_size={batch_size}, image_size={image_size}, channels={channels}. "
            "Pass a smaller `batch_size` or `image_size`."
        )


def check_folder(name: str, value: str | os.PathLike | None, hint: str) -> str | None:
    """Return `value` as the path of a folder, with ~ replaced by the home folder; None stays None.

    Raises:
        ValueError: If it is neither None nor a path, or is empty.
    """
    return value if value is None else os.path.expanduser(check_path(name, value, hint, "a folder"))


def check_cache(cache: Any) -> None:
    """Check that `open_store` accepts `cache`.

    Raises:
        ValueError: If it does not.
    """
    empty = isinstance(cache, str) and not cache.strip()
    if empty or (cache is not None and not isinstance(cache, bool | str | os.PathLike)):
        raise ValueError(
            "`cache` must be None, True, False or a folder. "
            f"Received: cache={cache!r}. Pass None to let the size decide."
        )


def check_shard(shard: Any) -> tuple[int, int]:
    """Return (index, count) of a shard, (0, 1) for None.

    Raises:
        ValueError: If it is neither a pair with index < count nor an input context.
    """
    if shard is None:
        return 0, 1
    if isinstance(shard, tf.distribute.InputContext):
        return shard.input_pipeline_id, shard.num_input_pipelines
    pair = tuple(shard) if isinstance(shard, tuple | list) else ()
    if len(pair) == 2:
        index = check_int("shard[0]", pair[0], minimum=0)
        count = check_below("shard[1]", pair[1], 1, MOST_SHARDS)
        if index < count:
            return index, count
    raise ValueError(
        "`shard` must be (index, count) with index < count. "
        f"Received: shard={shard!r}. Pass for example (0, 2), or the input context."
    )

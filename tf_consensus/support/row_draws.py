"""Random numbers of a part of a batch that are those of the whole batch.

Layers such as Dropout draw inside their call, for as many examples as they see. A replica or a
micro-batch sees some rows of the batch; for the rows' numbers to be those that one device would
draw, the numbers of all rows are drawn there and the part's own are taken.
"""

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import tensorflow as tf

_CURRENT = threading.local()


class Rows(NamedTuple):
    """Which examples of the whole batch a part holds; integers or integer scalar tensors.

    Attributes:
        first: number of its first example.
        own: number of its examples.
        total: number of the whole batch's examples.
    """

    first: Any
    own: Any
    total: Any


@contextlib.contextmanager
def drawing(rows: Rows | None) -> Iterator[None]:
    """In the block, layers' random numbers are those of these rows; `None` leaves them alone."""
    before = getattr(_CURRENT, "rows", None)
    _CURRENT.rows = rows
    try:
        yield
    finally:
        _CURRENT.rows = before


def replacements() -> list[tuple[Any, str, Any]]:
    """TensorFlow's functions under `keras.random`, and what stands for them during evaluations."""
    entries = [
        (tf.random, name, _by_rows(getattr(tf.random, name)))
        for name in ("stateless_normal", "stateless_uniform", "stateless_truncated_normal")
    ]
    entries += [
        (tf.random, name, _refused(getattr(tf.random, name)))
        for name in ("stateless_categorical", "stateless_gamma", "stateless_binomial")
    ]
    original = tf.nn.experimental.stateless_dropout
    return [*entries, (tf.nn.experimental, "stateless_dropout", _dropout(original))]


def _by_rows(draw):
    """The function `draw(shape, …)` that draws for the whole batch and takes the part's rows."""

    @functools.wraps(draw)
    def drawn(shape, *args, **options):
        whole = _whole(shape)
        if whole is None:
            return draw(shape, *args, **options)
        return _take(draw(whole, *args, **options), shape)

    return drawn


def _dropout(dropout):
    """`tf.nn.experimental.stateless_dropout`, whose mask is the whole batch's."""

    @functools.wraps(dropout)
    def dropped(x, rate, seed, rng_alg="auto_select", noise_shape=None, name=None):
        shape = tf.shape(x) if noise_shape is None else noise_shape
        whole = _whole(shape)
        if whole is None:
            return dropout(x, rate, seed, rng_alg, noise_shape, name)
        mask = dropout(tf.ones(whole, x.dtype), rate, seed, rng_alg)
        return x * _take(mask, shape)

    return dropped


def _refused(draw):
    @functools.wraps(draw)
    def drawn(*args, **options):
        if getattr(_CURRENT, "rows", None) is not None:
            raise NotImplementedError(
                "A part of a batch must draw what the whole batch would, which is known for normal "
                "and uniform numbers and dropout. Received: a layer that draws with "
                f"tf.random.{draw.__name__} in a micro-batch or on one of several replicas. Use "
                "microbatches=1 on one device, or draw the numbers with the batch."
            )
        return draw(*args, **options)

    return drawn


def _whole(shape):
    """The shape for all rows; `None` where there are no parts, or the first axis is no batch."""
    rows = getattr(_CURRENT, "rows", None)
    shape = _entries(shape)
    if rows is None or not shape:
        return None
    known = isinstance(shape[0], int) and isinstance(rows.own, int)
    # A batch folded into a longer axis, as TimeDistributed does, keeps the examples in order.
    if known and shape[0] % rows.own:
        return None
    return tf.stack([shape[0] // rows.own * rows.total, *shape[1:]])


def _take(numbers, shape):
    rows, shape = _CURRENT.rows, _entries(shape)
    first = shape[0] // rows.own * rows.first
    begin = tf.stack([tf.cast(first, tf.int32), *[0] * (len(shape) - 1)])
    return tf.slice(numbers, begin, tf.stack(shape))


def _entries(shape):
    """A shape as a list of integers where they are known, else of scalar tensors."""
    if not tf.is_tensor(shape) and all(isinstance(n, int) for n in shape):
        return list(shape)
    shape = tf.convert_to_tensor(shape, tf.int32) if not tf.is_tensor(shape) else shape
    known = tf.get_static_value(shape, partial=True)
    if known is None:
        return tf.unstack(tf.cast(shape, tf.int32))
    parts = tf.unstack(tf.cast(shape, tf.int32))
    return [part if n is None else int(n) for n, part in zip(known, parts, strict=True)]

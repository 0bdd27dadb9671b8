"""Random numbers that are a pure function of a seed and a counter."""

import numbers
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

# Bound here, because during evaluations TensorFlow's name stands for draws of a part of a batch.
_STATELESS_UNIFORM = tf.random.stateless_uniform
# The name scope of what `Draws` draws, by which it is known in a graph.
SCOPE = "draws_of_the_step"

# Steps of this size, the golden ratio of 2⁶⁴, keep the streams of neighbouring seeds apart.
_GOLDEN = 0x9E3779B97F4A7C15
# Keeps the layers' streams apart from those of `Draws`.
_LAYERS = 0x5851F42D4C957F2D

# The number of the first example, and how many the whole batch has.
Pair: TypeAlias = tuple[int | tf.Tensor, int | tf.Tensor]


def normal(
    shape: Sequence[int], seed: int, draw: int | tf.Tensor, dtype: str | tf.DType = "float32"
) -> tf.Tensor:
    """Standard normal numbers as a function of (seed, draw), the same compiled or not.

    The bits of the Philox generator are equal on every device; the uniform and normal numbers that
    TensorFlow makes of them are not. So 24 bits become a number u in (-1, 1) here, and √2 erf⁻¹(u)
    is normal, up to 5.4 in magnitude.

    Args:
        shape: shape of the result.
        seed: integer of 64 bits.
        draw: which of the seed's draws, an integer or an integer scalar tensor.
        dtype: floating type of the result; computed in at least float32.

    Returns:
        Tensor of the shape and dtype.

    Example:
        >>> a, b = normal((2, 3), seed=0, draw=0), normal((2, 3), seed=0, draw=1)
        >>> bool(tf.reduce_any(a == b))
        False
    """
    u = 2.0 * _fraction(shape, seed, draw, dtype) - (1 - 2.0**-24)
    return tf.cast(_normal_quantile(u), dtype)


def uniform(
    shape: Sequence[int], seed: int, draw: int | tf.Tensor, dtype: str | tf.DType = "float32"
) -> tf.Tensor:
    """Numbers uniform on [0, 1), of 24 bits; arguments as for `normal`."""
    return tf.cast(_fraction(shape, seed, draw, dtype), dtype)


def _normal_quantile(u):
    """√2 erfinv(u), odd in u to the last bit."""
    # Outside of XLA TensorFlow takes erfinv by way of (1 + u)/2, which float32 rounds to 1 at the
    # upper end, where the result is infinite; the lower end is accurate.
    return -np.sqrt(2.0) * tf.sign(u) * tf.math.erfinv(-tf.abs(u))


def _fraction(shape, seed, draw, dtype):
    """Multiples of 2⁻²⁴ in [0, 1)."""
    key = tf.stack([tf.constant(seed, tf.int64), tf.cast(draw, tf.int64)])
    bits = _STATELESS_UNIFORM(shape, key, minval=None, maxval=None, dtype=tf.uint32, alg="philox")
    precise = tf.float64 if dtype == "float64" else tf.float32
    return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), precise) * 2.0**-24


def layer_seeds(seed: int, draw: int | tf.Tensor) -> Callable[[int], tf.Tensor]:
    """Seeds for the layers that draw in a step: a function of the layer's number.

    Args:
        seed: integer of 64 bits.
        draw: the step's number, an integer or an integer scalar tensor.

    Returns:
        Function from 0, 1, 2 … to an integer tensor (2,), not negative.
    """

    def number(layer):
        mixed = (seed + _LAYERS + _GOLDEN * (layer + 1) + 2**63) % 2**64 - 2**63
        key = tf.stack([tf.constant(mixed, tf.int64), tf.cast(draw, tf.int64)])
        bits = _STATELESS_UNIFORM(
            (2,), key, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
        )
        return tf.cast(tf.bitwise.right_shift(bits, tf.constant(1, tf.uint32)), tf.int64)

    return number


class Draws:
    """The random numbers of one step: every call draws from a stream of its own.

    Args:
        seed: integer of 64 bits; the first call uses the seed itself.
        draw: which of the seed's draws, an integer or an integer scalar tensor.
        rows: pair (first, total): the numbers are those of `total` examples, from number `first`
            on, as many as the shape says; `None` for all of them. So replicas that share a batch
            draw what one device would.
        number: how many examples there are here; `None` allows any number.

    Numbers are one row per example, so that parts of a batch draw their own rows of the whole
    batch's; or scalars, of shape [], which all parts share.
    """

    def __init__(
        self,
        seed: int,
        draw: int | tf.Tensor,
        rows: Pair | None = None,
        number: int | tf.Tensor | None = None,
    ) -> None:
        self._seed = seed
        self._draw = draw
        self._rows, self._number = rows, number

    def normal(self, shape: Sequence[int], dtype: str | tf.DType = "float32") -> tf.Tensor:
        """Standard normal numbers, one row per example, or one number for shape [].

        Raises:
            ValueError: if the shape is neither.
        """
        return self._take(normal, shape, dtype)

    def uniform(self, shape: Sequence[int], dtype: str | tf.DType = "float32") -> tf.Tensor:
        """Numbers uniform on [0, 1), one row per example, or one number for shape [].

        Raises:
            ValueError: if the shape is neither.
        """
        return self._take(uniform, shape, dtype)

    def _take(self, draw, shape, dtype):
        with tf.name_scope(SCOPE):
            return self._rows_of(draw, _sides(shape), dtype)

    def _rows_of(self, draw, sides, dtype):
        known = [x for x in (self._number, *sides[:1]) if isinstance(x, int)]
        if len(known) == 2 and known[0] != known[1]:
            raise ValueError(_ROWS.format(sides[0], known[0]))
        if self._rows is None or not sides:
            return draw(sides, self._next(), self._draw, dtype)
        first, total = self._rows
        number, *rest = sides
        whole = draw([total, *rest], self._next(), self._draw, dtype)
        begin = tf.concat([[tf.cast(first, tf.int32)], tf.zeros(len(rest), tf.int32)], axis=0)
        return tf.slice(whole, begin, [number, *rest])

    def _next(self):
        seed = self._seed
        self._seed = (seed + _GOLDEN + 2**63) % 2**64 - 2**63
        return seed


def _sides(shape):
    """A shape as a list of integers, and of scalar tensors where they are not known."""
    if tf.is_tensor(shape) and shape.shape.rank == 1:
        known = tf.get_static_value(shape, partial=True)
        known = [None] * shape.shape[0] if known is None else known
        pairs = zip(known, tf.unstack(shape), strict=True)
        return [x if n is None else int(n) for n, x in pairs]
    if isinstance(shape, list | tuple | tf.TensorShape | np.ndarray) and None not in list(shape):
        return [int(n) if isinstance(n, numbers.Integral) else n for n in shape]
    raise ValueError(
        "A shape is a list of sides, the first one the number of examples. Received: "
        f"shape={shape!r}. For example [tf.shape(data)[0], 2]."
    )


_ROWS = (
    "Random numbers of a step are one row per example, so that replicas and micro-batches draw "
    "what one device does. Received: {} rows for {} examples. Draw as many rows as the batch has; "
    "numbers that all examples share have the shape []."
)

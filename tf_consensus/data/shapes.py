"""Four targets in the plane: a Gaussian, a line segment, a circle and four line segments."""

import math

import tensorflow as tf

from tf_consensus.data.arguments import check_length, check_points
from tf_consensus.data.stream import BLOCK, draw_seed, resumable


def gaussian(
    batch_size: int = 512,
    stddev: float = 0.5,
    seed: int | None = None,
    start: int | tf.Variable = 0,
) -> tf.data.Dataset:
    """Stream batches of N(0, stddev² I).

    Batch b is a function of the seed and b alone (and of the other arguments), as in
    `mixture_of_gaussians`, so a run resumes where it stopped.

    Args:
        batch_size: Points in a batch.
        stddev: Standard deviation along each axis; 0 gives the origin itself.
        seed: Determines the stream; None draws one now, the same for every iteration.
        start: Number of the first batch, or an integer variable holding it, which is read
            whenever an iteration starts.

    Returns:
        An infinite dataset of float32 tensors of static shape (batch_size, 2).

    Raises:
        ValueError: If `batch_size` is not a positive integer, `stddev` is not finite and
            non-negative, `seed` is not an integer, `start` is neither a non-negative integer nor
            a scalar integer variable, or one of them is too large: see `arguments`.

    Example:
        >>> for batch in gaussian(batch_size=64, seed=0).take(1):
        ...     print(batch.shape)
        (64, 2)

    Reference:
        Mescheder, Geiger, Nowozin, Which Training Methods for GANs do actually Converge?, 2018:
        one of its four 2D examples, as are the other three here.
    """

    def origin(index, _):
        return tf.zeros((len(index), 2))

    return _stream(origin, batch_size, stddev, seed, start)


def line(
    batch_size: int = 512,
    length: float = 2.0,
    stddev: float = 0.0,
    seed: int | None = None,
    start: int | tf.Variable = 0,
) -> tf.data.Dataset:
    """Stream batches of (x, 0), x uniform on [-length/2, length/2], plus N(0, stddev² I).

    Seeding and resuming are as in `gaussian`.

    Args:
        batch_size: Points in a batch.
        length: Length of the segment.
        stddev: Standard deviation of the noise along each axis; with 0 points are on the segment.
        seed: Determines the stream; None draws one now, the same for every iteration.
        start: Number of the first batch, or an integer variable holding it, which is read
            whenever an iteration starts.

    Returns:
        An infinite dataset of float32 tensors of static shape (batch_size, 2).

    Raises:
        ValueError: As `gaussian`, and if `length` is not finite and positive.

    Example:
        >>> for batch in line(batch_size=64, seed=0).take(1):
        ...     print(batch.shape, float(abs(batch[:, 1].numpy()).max()))
        (64, 2) 0.0
    """
    return _stream(_segments([0.0], length), batch_size, stddev, seed, start)


def circle(
    batch_size: int = 512,
    radius: float = 1.0,
    stddev: float = 0.0,
    seed: int | None = None,
    start: int | tf.Variable = 0,
) -> tf.data.Dataset:
    """Stream batches of radius · (cos t, sin t), t uniform on [-π, π], plus N(0, stddev² I).

    Seeding and resuming are as in `gaussian`.

    Args:
        batch_size: Points in a batch.
        radius: Distance of the circle from the origin.
        stddev: Standard deviation of the noise along each axis; with 0 points are on the circle.
        seed: Determines the stream; None draws one now, the same for every iteration.
        start: Number of the first batch, or an integer variable holding it, which is read
            whenever an iteration starts.

    Returns:
        An infinite dataset of float32 tensors of static shape (batch_size, 2).

    Raises:
        ValueError: As `gaussian`, and if `radius` is not finite and positive.

    Example:
        >>> for batch in circle(batch_size=64, radius=2.0, seed=0).take(1):
        ...     print(batch.shape, round(float((batch.numpy() ** 2).sum(axis=1).max()), 3))
        (64, 2) 4.0
    """
    radius = check_length("radius", radius, zero=False)

    def place(index, key):
        angle = _uniform(len(index), math.pi, key)
        return radius * tf.stack([tf.cos(angle), tf.sin(angle)], axis=1)

    return _stream(place, batch_size, stddev, seed, start)


def four_lines(
    batch_size: int = 512,
    length: float = 2.0,
    stddev: float = 0.0,
    seed: int | None = None,
    start: int | tf.Variable = 0,
) -> tf.data.Dataset:
    """Stream batches of (x, y), x uniform on [-length/2, length/2], y in {-1, -1/3, 1/3, 1}.

    Point i of batch b lies on segment (b · batch_size + i) mod 4, counted from below: counts in a
    batch differ by at most one and even out over batches. N(0, stddev² I) is added. Seeding and
    resuming are as in `gaussian`.

    Args:
        batch_size: Points in a batch.
        length: Length of each segment.
        stddev: Standard deviation of the noise along each axis; with 0 points are on the segments.
        seed: Determines the stream; None draws one now, the same for every iteration.
        start: Number of the first batch, or an integer variable holding it, which is read
            whenever an iteration starts.

    Returns:
        An infinite dataset of float32 tensors of static shape (batch_size, 2).

    Raises:
        ValueError: As `gaussian`, and if `length` is not finite and positive.

    Example:
        >>> for batch in four_lines(batch_size=4, seed=0).take(1):
        ...     print([round(float(y), 2) for y in batch[:, 1]])
        [-1.0, -0.33, 0.33, 1.0]
    """
    heights = [-1.0, -1 / 3, 1 / 3, 1.0]
    return _stream(_segments(heights, length), batch_size, stddev, seed, start)


def _segments(heights, length):
    half = check_length("length", length, zero=False) / 2

    def place(index, key):
        y = tf.gather(tf.constant(heights), index % len(heights))
        return tf.stack([_uniform(len(index), half, key), y], axis=1)

    return place


def _uniform(n, half, key):
    # Philox by name, here and below: the default algorithm depends on the device.
    return tf.random.stateless_uniform((n,), key, -half, half, alg="philox")


def _stream(place, batch_size, stddev, seed, start) -> tf.data.Dataset:
    """The batches of points `place(number of each point, key)`, with noise added."""
    batch_size = check_points(batch_size, BLOCK)
    stddev = check_length("stddev", stddev, zero=True)
    seed = draw_seed(seed)
    points = BLOCK * batch_size

    def make_block(block):
        # Two keys are needed: with one key the noise would be a function of the place.
        keys = tf.random.split(tf.stack([seed, block]), alg="philox")
        batches = place(block * points + tf.range(points, dtype=tf.int64), keys[0])
        if stddev:
            batches += stddev * tf.random.stateless_normal((points, 2), keys[1], alg="philox")
        return tf.reshape(batches, (BLOCK, batch_size, 2))

    return resumable(make_block, start)

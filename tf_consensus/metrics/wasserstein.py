"""The Wasserstein-1 distance of two point clouds: exact, sliced, and as a Keras metric."""

import math

import keras
import numpy as np
import tensorflow as tf
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from tf_consensus.checks import check_int

# A coordinate beyond this counts as infinite: its square overflows in float64.
_LARGEST = 1e150


def wasserstein1(a, b) -> float:
    """Return the least mean distance by which the points of `a` can be moved onto those of `b`.

    W₁(a, b) = min_σ 1/n Σ_i ‖a_i - b_σ(i)‖, over all permutations σ of 1 … n. Of two clouds of
    equal size no other transport plan is cheaper.

    The result is exact, in float64. The matrix of distances takes 8 n² bytes: 32 MiB for 2,048
    points. On one core 512, 1,024 and 2,048 points of two similar clouds take 0.02, 0.06 and 0.4
    seconds, and of clouds far apart up to 0.05, 0.4 and 5 seconds. For more points there is
    `sliced_wasserstein1`.

    Two samples of one distribution are not at distance 0: for 2,048 points on the unit circle W₁
    is 0.04 to 0.05. Compare with the distance of two samples of the target.

    Args:
        a: Points, shape (n, d).
        b: As many points, shape (n, d).

    Returns:
        The distance, in the points' unit of length. If a coordinate is not finite or beyond
        1e150, infinity: diverged samples are infinitely far from any others.

    Raises:
        ValueError: If `a` and `b` are not of the same shape (n, d), with n and d at least 1.

    Example:
        >>> wasserstein1([[0.0, 0.0], [1.0, 0.0]], [[1.0, 2.0], [0.0, 2.0]])
        2.0

    Reference:
        Peyré, Cuturi, Computational Optimal Transport, 2019, proposition 2.1.
    """
    a, b = _clouds(a, b)
    if len(a) != len(b):
        raise ValueError(
            "The exact distance needs as many points in `a` as in `b`. "
            f"Received: a of shape {a.shape}, b of shape {b.shape}. "
            "Take equal numbers of samples, or use `sliced_wasserstein1`."
        )
    if not _finite(a, b):
        return math.inf
    rows, columns = linear_sum_assignment(_reduced(cdist(a, b)))
    return float(np.linalg.norm(a[rows] - b[columns], axis=1).mean())


def sliced_wasserstein1(a, b, projections: int = 128, seed: int = 0) -> float:
    """Return the mean over random directions of the distance between the projected clouds.

    SW₁(a, b) = 1/k Σ_j W₁(⟨a, u_j⟩, ⟨b, u_j⟩), with k directions u_j uniform on the unit sphere.
    On a line W₁ is the area ∫ |F_a⁻¹(q) - F_b⁻¹(q)| dq between the quantile functions, so n points
    cost O(k n log n) time and O(n) memory, and the sizes may differ.

    A projection shortens every distance, so SW₁ ≤ W₁. For a translation by t in the plane
    W₁ = ‖t‖, and SW₁ = 2/π ‖t‖ on average over directions, with relative standard error
    0.48/√k. With 128 directions 2,048 points take less than 0.01 seconds on one core.

    Args:
        a: Points, shape (n, d).
        b: Points, shape (m, d).
        projections: Number k of directions.
        seed: Determines the directions.

    Returns:
        The distance, in the points' unit of length; infinity as in `wasserstein1`.

    Raises:
        ValueError: If `a` and `b` are not of shapes (n, d) and (m, d), with n, m and d at least 1,
            `projections` is not a positive integer, or `seed` not a non-negative one.

    Example:
        >>> sliced_wasserstein1([[0.0]], [[1.0], [3.0]])
        2.0

    Reference:
        Bonneel, Rabin, Peyré, Pfister, Sliced and Radon Wasserstein Barycenters of Measures, 2015.
    """
    a, b = _clouds(a, b)
    directions = _directions(projections, a.shape[1], seed)
    if not _finite(a, b):
        return math.inf
    n, m = len(a), len(b)
    # The levels i/n and j/m where a quantile function steps, times nm: integers stay exact.
    steps = np.union1d(m * np.arange(n + 1), n * np.arange(m + 1))
    first, second, width = steps[:-1] // m, steps[:-1] // n, np.diff(steps) / (n * m)
    distances = [np.abs(np.sort(a @ u)[first] - np.sort(b @ u)[second]) @ width for u in directions]
    return float(np.mean(distances))


@keras.saving.register_keras_serializable("tf_consensus")
class Wasserstein1(keras.metrics.Metric):
    """Wasserstein-1 distance of the samples of all batches to a fixed sample of the target.

    `result()` is `wasserstein1(samples, target)`, or `sliced_wasserstein1` with `sliced=True`.
    The samples are kept until `reset_state`, because the distance needs all of them at once, so
    the metric works only in eager execution, where `callbacks.EvaluateGAN` calls it. Without any
    sample and for samples that are not finite the result is infinity.

    Args:
        target: Points of the target, shape (n, d). The exact distance needs as many samples as
            there are points here.
        sliced: Whether to take the sliced distance.
        projections: Number of directions of the sliced distance.
        seed: Determines the directions.
        name: Name of the metric, in the logs too.
        dtype: As in any Keras metric; the distance is computed in float64 regardless.

    Raises:
        ValueError: If `target` is no finite (n, d) array with n and d at least 1, `projections`
            is not a positive integer, or `seed` not a non-negative one.

    Example:
        >>> metric = Wasserstein1(target=[[0.0, 0.0], [1.0, 0.0]])
        >>> metric.update_state([[1.0, 2.0], [0.0, 2.0]])
        >>> metric.result()
        2.0
    """

    def __init__(
        self,
        target,
        sliced=False,
        projections=128,
        seed=0,
        name="wasserstein1",
        dtype=None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.target = _check_target(target)
        self.sliced = bool(sliced)
        self.projections = check_int("projections", projections, minimum=1)
        self.seed = check_int("seed", seed, minimum=0)
        self.reset_state()

    @property
    def directions(self) -> dict[str, str]:
        """The distance is better when it is smaller."""
        return {self.name: "down"}

    def reset_state(self):
        """Forget all samples."""
        self._batches = []
        self._distance = None

    def update_state(self, samples):
        """Add a batch.

        Args:
            samples: Points, shape (n, d).

        Raises:
            RuntimeError: In a graph, where there are no values to keep.
            ValueError: If the shape does not fit the target.
        """
        if not tf.executing_eagerly():
            raise RuntimeError(
                "`Wasserstein1` needs the values of all samples at once, which a graph does not "
                f"have. Received: samples={samples!r} in a graph. "
                "Evaluate it outside of `tf.function`, for example by `callbacks.EvaluateGAN`."
            )
        samples = np.asarray(samples, dtype=float)
        d = self.target.shape[1]
        if samples.ndim != 2 or samples.shape[1] != d:
            raise ValueError(
                f"`samples` must have shape (n, {d}), as the target has shape "
                f"{self.target.shape}. Received: samples of shape {samples.shape}. "
                "Flatten every sample to one row of coordinates."
            )
        self._batches.append(samples)
        self._distance = None

    def result(self):
        """Return the distance, a float.

        Raises:
            ValueError: If the distance is exact and the number of samples, unless 0, is not the
                target's.
        """
        # Kept, because `EvaluateGAN` asks again in epochs without an evaluation.
        if self._distance is None:
            self._distance = self._measure()
        return self._distance

    def get_config(self):
        """Return the constructor's arguments."""
        own = {
            "target": self.target.tolist(),
            "sliced": self.sliced,
            "projections": self.projections,
            "seed": self.seed,
        }
        return {**super().get_config(), **own}

    def _measure(self):
        count = sum(map(len, self._batches))
        if not count:
            return math.inf
        samples = np.concatenate(list(self._batches))
        if self.sliced:
            return sliced_wasserstein1(samples, self.target, self.projections, self.seed)
        if count != len(self.target):
            raise ValueError(
                "The exact distance needs as many samples as the target has points. "
                f"Received: {count} samples, target of shape {self.target.shape}. "
                f"Generate {len(self.target)} samples, or pass `sliced=True`."
            )
        return wasserstein1(samples, self.target)


def _reduced(cost):
    """The cost less numbers u_i and v_j of its rows and columns, in place.

    Every assignment's cost falls by Σu + Σv, so the best one stays the best. The solver starts
    nearer to its dual solution: two clouds far apart take half the time, and a collapsed one,
    whose rows are all alike, a fiftieth.
    """
    for statistic in (np.mean, np.min):
        for axis in (1, 0):
            cost -= statistic(cost, axis=axis, keepdims=True)
    return cost


def _directions(projections, d, seed):
    projections = check_int("projections", projections, minimum=1)
    generator = np.random.default_rng(check_int("seed", seed, minimum=0))
    directions = generator.normal(size=(projections, d))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def _clouds(a, b):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.ndim == b.ndim == 2 and a.size and b.size and a.shape[1] == b.shape[1]:
        return a, b
    raise ValueError(
        "`a` and `b` must be point clouds of shapes (n, d) and (m, d), n, m and d at least 1. "
        f"Received: a of shape {a.shape}, b of shape {b.shape}. "
        "Flatten every sample to one row of coordinates."
    )


def _finite(*clouds):
    # A comparison with NaN is false.
    return all(np.abs(cloud).max() <= _LARGEST for cloud in clouds)


def _check_target(target) -> np.ndarray:
    points = np.array(target, dtype=float)
    if points.ndim == 2 and points.size and _finite(points):
        return points
    raise ValueError(
        "`target` must be a finite array of shape (n, d), one point a row. "
        f"Received: target={points!r}. "
        "Pass for example `next(iter(tf_consensus.data.circle(batch_size=2048, seed=0)))`."
    )

"""The Wasserstein-1 distance to a target, as a Keras metric."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from tf_consensus.metrics.wasserstein import (
    LARGEST,
    check_cloud,
    sliced_wasserstein1,
    wasserstein1,
)
from tf_consensus.support.arrays import check_reals
from tf_consensus.support.checks import check_int


@keras.saving.register_keras_serializable("tf_consensus")
class Wasserstein1(keras.metrics.Metric):
    """Wasserstein-1 distance from the samples of all batches to a fixed sample of the target.

    `result()` is `wasserstein1(samples, target)`, or `sliced_wasserstein1` with `sliced=True`.
    The samples are kept until `reset_state`, because the distance needs all of them at once, so
    the metric works only in eager execution, where `callbacks.EvaluateGAN` calls it. Without any
    sample the result is infinity.

    Args:
        target: Points of the target, shape (n, d). The exact distance needs as many samples as
            there are points here.
        sliced: Whether to take the sliced distance.
        projections: Number of directions of the sliced distance.
        seed: Determines the directions.
        name: Name of the metric, in the logs too.
        dtype: As in any Keras metric; the distance is computed in float64 regardless.

    Raises:
        ValueError: If `target` is not a finite (n, d) array with n and d at least 1, `projections`
            is not a positive integer, or `seed` is not a non-negative integer.

    Example:
        >>> metric = Wasserstein1(target=[[0.0, 0.0], [1.0, 0.0]])
        >>> metric.update_state([[1.0, 2.0], [0.0, 2.0]])
        >>> metric.result()
        2.0
    """

    def __init__(
        self,
        target: ArrayLike,
        sliced: bool = False,
        projections: int = 128,
        seed: int = 0,
        name: str = "wasserstein1",
        dtype: str | None = None,
    ) -> None:
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

    def reset_state(self) -> None:
        """Forget all samples."""
        self._batches: list[np.ndarray] = []
        self._distance: float | None = None

    def update_state(self, samples: np.ndarray | tf.Tensor) -> None:
        """Add a batch.

        Args:
            samples: Points, shape (n, d).

        Raises:
            RuntimeError: In a graph, where there are no values to keep.
            ValueError: If the shape does not fit the target, or a coordinate is not finite.
        """
        if not tf.executing_eagerly():
            raise RuntimeError(
                "`Wasserstein1` needs the values of all samples at once, which a graph does not "
                f"have. Received: samples={samples!r} in a graph. "
                "Evaluate it outside `tf.function`, for example with `callbacks.EvaluateGAN`."
            )
        samples = check_reals("samples", samples)
        d = self.target.shape[1]
        if samples.ndim != 2 or samples.shape[1] != d:
            raise ValueError(
                f"`samples` must have shape (n, {d}), as the target has shape "
                f"{self.target.shape}. Received: samples of shape {samples.shape}. "
                "Flatten every sample to one row of coordinates."
            )
        check_cloud("samples", samples)
        self._batches.append(samples)
        self._distance = None

    def check_samples(self, number: int) -> None:
        """Raises unless this number of samples can be compared with the target.

        Args:
            number: number of samples that will be measured.

        Raises:
            ValueError: If the distance is exact and the number is not the target's.
        """
        if not self.sliced and number != len(self.target):
            raise ValueError(
                "The exact distance needs as many samples as the target has points. "
                f"Received: {number} samples, target of shape {self.target.shape}. "
                f"Generate {len(self.target)} samples, or pass `sliced=True`."
            )

    def result(self) -> float:
        """Return the distance, a float.

        Raises:
            ValueError: If the distance is exact and the number of samples is neither 0 nor the
                target's.
        """
        # Kept, because `EvaluateGAN` asks again in epochs without an evaluation.
        if self._distance is None:
            self._distance = self._measure()
        return self._distance

    def get_config(self) -> dict[str, Any]:
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
        self.check_samples(count)
        return wasserstein1(samples, self.target)


def _check_target(target) -> np.ndarray:
    remedy = "Pass for example `next(iter(tf_consensus.data.circle(batch_size=2048, seed=0)))`."
    points = check_reals("target", target, remedy).copy()
    if points.ndim == 2 and points.size and (np.abs(points) <= LARGEST).all():
        return points
    raise ValueError(
        "`target` must be a finite array of shape (n, d), one point per row. "
        f"Received: target={points!r}. "
        f"{remedy}"
    )

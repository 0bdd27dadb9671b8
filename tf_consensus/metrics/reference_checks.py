"""Checks of what references are made of."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from tf_consensus.metrics.feature_statistics import FeatureStatistics
from tf_consensus.metrics.image_network import ImageNetwork
from tf_consensus.metrics.inception_images import TOOLS
from tf_consensus.support.arrays import check_finite, check_reals
from tf_consensus.support.checks import check_int


def checked_statistics(
    mean: ArrayLike, cov: ArrayLike, sample: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The arrays as floats of unchanged types, checked to be finite and of fitting shapes.

    Raises:
        ValueError: If they are not.
    """
    arrays = {}
    for name, value in {"mean": mean, "cov": cov, "sample": sample}.items():
        floats, largest = check_reals(name, value), np.finfo(float).max
        check_finite(name, floats, "Make the reference anew.", largest)
        arrays[name] = np.asarray(value)
    d = arrays["mean"].size
    wanted = arrays["mean"].shape == (d,) and arrays["cov"].shape == (d, d)
    if not d or not wanted or arrays["sample"].shape[1:] != (d,):
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(
            "A reference has mean (d,), cov (d, d) and sample (m, d), d at least 1. Received: "
            f"{shapes}. Make references by `Reference.of`."
        )
    return arrays["mean"], arrays["cov"], arrays["sample"]


def checked_real_count(n_real: Any, sample: np.ndarray) -> int | None:
    """The number of real images; unknown, `None`, only where no features of single images are.

    Raises:
        ValueError: If it is not a number of at least 2.
    """
    if n_real is None and not len(sample):
        return None
    return check_int("n_real", n_real, minimum=2)


def checked_split(split: Any) -> str:
    """The name of a part of a data set.

    Raises:
        ValueError: If it is not a text, or empty.
    """
    if isinstance(split, str) and split:
        return split
    raise ValueError(
        f"`split` must name a part of a data set. Received: split={split!r}. Pass e.g. 'test'."
    )


def check_batches(batches: Any, limit: float) -> None:
    """Raises unless these are batches that end, or at most `limit` images are asked for.

    Raises:
        ValueError: If they are not.
    """
    if isinstance(batches, str | bytes) or not isinstance(batches, Iterable):
        raise ValueError(
            f"The real images must come in batches. Received: {batches!r}. Pass a data set, or a "
            "list of arrays (batch, height, width, channels)."
        )
    infinite = isinstance(batches, tf.data.Dataset) and batches.cardinality() == -1
    if infinite and limit == math.inf:
        raise ValueError(
            "The real images must end. Received: an infinite data set and n_real=None. "
            "Pass `n_real`, or take a data set that does not repeat."
        )


def checked_count(statistics: FeatureStatistics | None, limit: float) -> FeatureStatistics:
    """The statistics, of two images or as many as `limit`.

    Raises:
        ValueError: If there are fewer.
    """
    count = 0 if statistics is None else statistics.count
    if statistics is None or count < 2 or count < limit < math.inf:
        wanted = 2 if limit == math.inf else limit
        raise ValueError(
            f"A reference needs {wanted} real images. Received: {count}. Give it more batches."
        )
    return statistics


def check_sample(sample: np.ndarray, least: int) -> None:
    """Raises unless there are the features of so many single images.

    Raises:
        ValueError: If there are fewer.
    """
    if len(sample) < least:
        raise ValueError(
            "Kernel distances, precision, recall, density and coverage need features of single "
            f"real images, {least} at least. Received: a reference with those of {len(sample)}. "
            "Make it from real images by `Reference.of`, or take the Fréchet distance alone."
        )


def check_tool(extractor: ImageNetwork, tool: str | None, dim: int) -> None:
    """Raises unless the extractor gives the features of which a tool wrote the statistics.

    Raises:
        ValueError: If it gives others.
    """
    if tool is not None and tool not in TOOLS:
        raise ValueError(
            f"`tool` must name the tool that wrote the file. Received: tool={tool!r}. Choose one "
            f"of {', '.join(TOOLS)}; or None if `extractor` made the features."
        )
    if tool != extractor.tool:
        raise ValueError(
            "The statistics must be of features that the extractor gives. Received: those of "
            f"tool={tool!r}, and {extractor.name!r}, which is that of tool={extractor.tool!r}. "
            f"Pass the tool that wrote the file, one of {', '.join(TOOLS)}, both here and to "
            "`inception.frozen_inception`."
        )
    if dim != extractor.dim:
        raise ValueError(
            "The statistics must be of features that the extractor gives. Received: "
            f"{dim:,} features, and {extractor.name!r} with {extractor.dim:,}. Take the layer of "
            "which the statistics are."
        )

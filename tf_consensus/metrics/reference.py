"""Statistics of the real images of a data set, computed once and kept in a file."""

import json
import math
import os
from collections.abc import Iterable

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from tf_consensus.metrics import checks, fingerprints, reference_file
from tf_consensus.metrics.feature_statistics import FeatureStatistics
from tf_consensus.metrics.image_network import ImageNetwork, check_extractor
from tf_consensus.metrics.reservoir import Reservoir
from tf_consensus.support.arrays import check_finite, check_reals
from tf_consensus.support.checks import check_int


class Reference:
    """Statistics and a sample of the features of real images, from one extractor.

    Make one with `Reference.of` or `Reference.load`.

    Attributes:
        mean: mean of the features, (d,).
        cov: their unbiased covariance, (d, d).
        sample: features of some of the images, (m, d), for `kernel_distance` and
            `precision_recall`.
        n_real: number of images.
        split: which part of the data set they are.
        description: the extractor's description.
        fingerprint: one digest of all of these together, for the settings of a run.

    Raises:
        ValueError: if the statistics are not finite or their shapes do not fit.

    Example:
        >>> reference = Reference.of(extractor, dataset, split="test")
        >>> reference.save("cifar10_test.npz")
        >>> metrics.ImageScores(extractor, Reference.load("cifar10_test.npz"))
    """

    def __init__(
        self,
        mean: ArrayLike,
        cov: ArrayLike,
        sample: ArrayLike,
        n_real: int,
        split: str,
        description: dict,
    ) -> None:
        self.mean, self.cov, self.sample = _checked_statistics(mean, cov, sample)
        self.n_real = check_int("n_real", n_real, minimum=2)
        self.split = _checked_split(split)
        if not isinstance(description, dict) or "fingerprint" not in description:
            raise ValueError(
                "`description` must be an extractor's. Received: "
                f"description={description!r}. Make references by `Reference.of`."
            )
        self.description = dict(description)

    @classmethod
    def of(
        cls,
        extractor: ImageNetwork,
        batches: Iterable,
        split: str = "test",
        keep: int = 10_000,
        n_real: int | None = None,
        seed: int = 0,
    ) -> "Reference":
        """Passes the images through the extractor, once.

        Args:
            extractor: what the metrics will use too.
            batches: batches of images in [-1, 1], or of tuples that begin with them. The images
                must not be augmented, that is neither flipped nor dequantized.
            split: the part of the data set that they are, for the description.
            keep: size of the sample of features; all are equally likely to be in it.
            n_real: number of images after which to stop; None: all.
            seed: determines the sample.

        Raises:
            ValueError: if there are fewer than two images or fewer than `n_real`, an image is not
                finite, the data set is infinite and `n_real` is None, or an argument is invalid.
        """
        split = _checked_split(split)
        check_extractor(extractor)
        keep = check_int("keep", keep, minimum=1)
        limit = math.inf if n_real is None else check_int("n_real", n_real, minimum=2)
        _check_batches(batches, limit)
        generator = np.random.default_rng(check_int("seed", seed, minimum=0))
        sample = Reservoir(keep, generator)
        statistics = None
        for batch in batches:
            images = batch[0] if isinstance(batch, tuple | list) else batch
            seen = 0 if statistics is None else statistics.count
            checks.check_batch(images)
            features = extractor(images[: int(min(limit - seen, len(images)))]).features
            statistics = statistics or FeatureStatistics(features.shape[1])
            statistics.update(features)
            sample.update(features)
            if statistics.count >= limit:
                break
        statistics = _checked_count(statistics, limit)
        kept, description = sample.result(), extractor.description
        return cls(statistics.mean, statistics.cov, kept, statistics.count, split, description)

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits of the SHA-256 of the statistics, the sample and the rest."""
        about = json.dumps(self._about(), sort_keys=True)
        return fingerprints.digest([self.mean, self.cov, self.sample, about])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the .npz file `path`, whole or not at all, with a checksum.

        Raises:
            OSError: if the file cannot be written.
            ValueError: if the name does not end in .npz.
        """
        arrays = {"mean": self.mean, "cov": self.cov, "sample": self.sample}
        reference_file.save(path, arrays, self._about())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Reference":
        """Reads `path`, which `save` wrote, including files from versions without a checksum.

        Nothing in the file is run: it may come from anyone.

        Raises:
            OSError: if there is no such file, or it cannot be read.
            ValueError: if the file is damaged or not a reference.
        """
        arrays, about = reference_file.load(path)
        try:
            return cls(arrays["mean"], arrays["cov"], arrays["sample"], **about)
        except ValueError as error:
            raise ValueError(f"{str(path)!r} is no reference. {error}") from error

    def check(self, extractor: ImageNetwork) -> None:
        """Raises if `extractor` is not the one that made the reference.

        Their fingerprints are compared, so names do not matter. For references from versions
        without fingerprints, the whole descriptions are compared.

        Raises:
            ValueError: if they differ.
        """
        own, other = self.description, check_extractor(extractor).description
        if "weights_fingerprint" in own:
            if own["fingerprint"] == other["fingerprint"]:
                return
            keys = {*own, *other}
        else:
            other |= {"fingerprint": other["weights_fingerprint"]}
            keys = own
        differ = sorted(key for key in keys if own.get(key) != other.get(key))
        if differ:
            pairs = "; ".join(f"{key}: {own.get(key)!r} and {other.get(key)!r}" for key in differ)
            raise ValueError(
                "Real and generated images must go through the same extractor. Received: "
                f"reference and extractor with {pairs}. Make the reference by this extractor."
            )

    def _about(self):
        return {"n_real": self.n_real, "split": self.split, "description": self.description}


def _checked_statistics(mean, cov, sample):
    """The arrays as floats of unchanged types, checked to be finite and of fitting shapes."""
    arrays = {"mean": mean, "cov": cov, "sample": sample}
    for name, value in arrays.items():
        floats, largest = check_reals(name, value), np.finfo(float).max
        check_finite(name, floats, "Make the reference anew.", largest)
        arrays[name] = np.asarray(value)
    mean, cov, sample = arrays.values()
    d = mean.size
    if not d or mean.shape != (d,) or cov.shape != (d, d) or sample.shape[1:] != (d,):
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(
            "A reference has mean (d,), cov (d, d) and sample (m, d), d at least 1. Received: "
            f"{shapes}. Make references by `Reference.of`."
        )
    return mean, cov, sample


def _checked_split(split):
    if isinstance(split, str) and split:
        return split
    raise ValueError(
        f"`split` must name a part of a data set. Received: split={split!r}. Pass e.g. 'test'."
    )


def _check_batches(batches, limit):
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


def _checked_count(statistics, limit) -> FeatureStatistics:
    count = 0 if statistics is None else statistics.count
    if count < 2 or count < limit < math.inf:
        wanted = 2 if limit == math.inf else limit
        raise ValueError(
            f"A reference needs {wanted} real images. Received: {count}. Give it more batches."
        )
    return statistics

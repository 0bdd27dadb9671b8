"""What the real images of a data set give, computed once and kept in a file."""

import json
import math
import pathlib
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from tf_consensus.checks import check_int
from tf_consensus.metrics.extractor import ImageNetwork
from tf_consensus.metrics.feature_statistics import FeatureStatistics


class Reference:
    """Statistics and a sample of the features of real images, by one extractor.

    Make one by `Reference.of` or `Reference.load`.

    Attributes:
        mean: of the features, (d,).
        cov: their unbiased covariance, (d, d).
        sample: features of some of the images, (m, d), for `kernel_distance` and
            `precision_recall`.
        n_real: number of images.
        split: which part of the data set they are.
        description: the extractor's.

    Example:
        >>> reference = Reference.of(extractor, dataset, split="test")
        >>> reference.save("cifar10_test.npz")
        >>> metrics.ImageScores(extractor, Reference.load("cifar10_test.npz"))
    """

    def __init__(self, mean, cov, sample, n_real: int, split: str, description: dict):
        self.mean, self.cov, self.sample = mean, cov, sample
        self.n_real = int(n_real)
        self.split = str(split)
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
            batches: batches of images in [-1, 1], or of tuples that begin with them; not
                augmented, neither flipped nor dequantized.
            split: what part of the data set they are, for the description.
            keep: size of the sample of features; all are equally likely to be in it.
            n_real: stop after so many images; None: all.
            seed: determines the sample.

        Raises:
            ValueError: if there are less than two images or less than `n_real`, the data set is
                infinite and `n_real` None, or a number is not a positive integer.
        """
        keep = check_int("keep", keep, minimum=1)
        limit = math.inf if n_real is None else check_int("n_real", n_real, minimum=2)
        _check_finite(batches, limit)
        sample = _Sample(keep, np.random.default_rng(seed))
        statistics = None
        for batch in batches:
            images = batch[0] if isinstance(batch, tuple | list) else batch
            seen = 0 if statistics is None else statistics.count
            features = extractor(images[: int(min(limit - seen, len(images)))]).features
            statistics = statistics or FeatureStatistics(features.shape[1])
            statistics.update(features)
            sample.update(features)
            if statistics.count >= limit:
                break
        _check_count(statistics, limit)
        kept, description = sample.result(), extractor.description
        return cls(statistics.mean, statistics.cov, kept, statistics.count, split, description)

    def save(self, path):
        """Writes an .npz file, whole or not at all."""
        path = pathlib.Path(path)
        if path.suffix != ".npz":
            raise ValueError(
                f"A reference is an .npz file. Received: path={str(path)!r}. Let it end in '.npz'."
            )
        about = {"n_real": self.n_real, "split": self.split, "description": self.description}
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, mean=self.mean, cov=self.cov, sample=self.sample, about=json.dumps(about))
        partial.replace(path)

    @classmethod
    def load(cls, path) -> "Reference":
        """Reads what `save` wrote.

        Raises:
            ValueError: if the file is another one.
        """
        with np.load(path) as file:
            if not {"mean", "cov", "sample", "about"} <= set(file.files):
                raise ValueError(
                    "A reference holds mean, cov, sample and about. Received: "
                    f"{str(path)!r} with {', '.join(file.files)}. Make it by `Reference.of(...)"
                    ".save(path)`."
                )
            about = json.loads(str(file["about"]))
            return cls(file["mean"], file["cov"], file["sample"], **about)

    def check(self, extractor: ImageNetwork):
        """Raises if the extractor is not the one that the reference was made by.

        Raises:
            ValueError: if their descriptions differ.
        """
        own, other = self.description, extractor.description
        differ = sorted(key for key in {*own, *other} if own.get(key) != other.get(key))
        if differ:
            pairs = "; ".join(f"{key}: {own.get(key)!r} and {other.get(key)!r}" for key in differ)
            raise ValueError(
                "Real and generated images must go through the same extractor. Received: "
                f"reference and extractor with {pairs}. Make the reference by this extractor."
            )


class _Sample:
    """Up to `size` rows of all that came, each subset being equally likely (Vitter's R)."""

    def __init__(self, size, generator):
        self._size, self._generator = size, generator
        self._rows, self._count = None, 0

    def update(self, rows):
        if self._rows is None:
            self._rows = np.empty((self._size, rows.shape[1]), rows.dtype)
        order = np.arange(self._count, self._count + len(rows))
        places = np.where(order < self._size, order, self._generator.integers(0, order + 1))
        kept = places < self._size
        self._rows[places[kept]] = rows[kept]
        self._count += len(rows)

    def result(self):
        return self._rows[: self._count].copy()


def _check_finite(batches, limit):
    infinite = isinstance(batches, tf.data.Dataset) and batches.cardinality() == -1
    if infinite and limit == math.inf:
        raise ValueError(
            "The real images must end. Received: an infinite data set and n_real=None. "
            "Pass `n_real`, or take a data set that does not repeat."
        )


def _check_count(statistics, limit):
    count = 0 if statistics is None else statistics.count
    if count < 2 or count < limit < math.inf:
        wanted = 2 if limit == math.inf else limit
        raise ValueError(
            f"A reference needs {wanted} real images. Received: {count}. Give it more batches."
        )

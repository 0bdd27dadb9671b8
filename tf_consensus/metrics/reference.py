"""Statistics of the real images of a data set, computed once and kept in a file."""

import json
import math
import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.metrics import checks, fingerprints, moments_file, reference_file
from tf_consensus.metrics.feature_statistics import FeatureStatistics
from tf_consensus.metrics.image_network import ImageNetwork, check_extractor
from tf_consensus.metrics.reference_checks import (
    check_batches,
    check_tool,
    checked_count,
    checked_real_count,
    checked_split,
    checked_statistics,
)
from tf_consensus.metrics.reservoir import Reservoir
from tf_consensus.support.checks import check_int


class Reference:
    """Statistics and a sample of the features of real images, from one extractor.

    Make one with `Reference.of`, `Reference.load` or `Reference.load_moments`.

    Attributes:
        mean: mean of the features, (d,).
        cov: their unbiased covariance, (d, d).
        sample: features of some of the images, (m, d), for `kernel_distance`, `precision_recall`
            and `density_coverage`; m is 0 if another tool wrote the statistics.
        n_real: number of images; None if that is unknown.
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
        n_real: int | None,
        split: str,
        description: dict,
    ) -> None:
        self.mean, self.cov, self.sample = checked_statistics(mean, cov, sample)
        self.n_real = checked_real_count(n_real, self.sample)
        self.split = checked_split(split)
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
        split = checked_split(split)
        check_extractor(extractor)
        keep = check_int("keep", keep, minimum=1)
        limit = math.inf if n_real is None else check_int("n_real", n_real, minimum=2)
        check_batches(batches, limit)
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
        statistics = checked_count(statistics, limit)
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

    @classmethod
    def load_moments(
        cls,
        path: str | os.PathLike[str],
        extractor: ImageNetwork,
        tool: str | None = None,
        split: str = "unknown",
    ) -> "Reference":
        """Reads what another tool for the FID wrote, an .npz file of `mu` and `sigma`.

        It gives the Fréchet distance alone: for kernel distances, precision, recall, density and
        coverage the features of single images are missing. The file does not say what made its
        features, so `tool` must: generated images have to be treated as the real ones were.

        Args:
            path: the file, as `load_moments` reads it.
            extractor: what the metrics will use, `inception.frozen_inception(path, tool=tool)`.
            tool: the tool that wrote the file, "pytorch-fid", "clean-fid" or "ttur", the published
                TensorFlow code; None if `extractor`, another network than that of the FID, made
                the features.
            split: the part of the data set that the images are, if it is known.

        Raises:
            OSError: if there is no such file, or it cannot be read.
            ValueError: if it is damaged or no such file, or the extractor does not follow the tool
                or has another number of features.
        """
        moments = moments_file.load_moments(path)
        check_tool(check_extractor(extractor), tool, moments.mean.size)
        description = {**extractor.description, "statistics_by": tool or "the extractor"}
        sample = np.empty((0, moments.mean.size))
        return cls(*moments, sample, None, split, description)

    def save_moments(self, path: str | os.PathLike[str]) -> None:
        """Writes mean and covariance for other tools, as `save_moments` does.

        Args:
            path: the .npz file.

        Raises:
            OSError: if the file cannot be written.
            ValueError: if the name does not end in .npz, or the covariance is none.
        """
        moments_file.save_moments(path, self.mean, self.cov)

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

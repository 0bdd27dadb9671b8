"""Metrics of generated images, for `callbacks.EvaluateGAN`."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.metrics.density import density_coverage
from tf_consensus.metrics.feature_statistics import FeatureStatistics
from tf_consensus.metrics.frechet import frechet_distance
from tf_consensus.metrics.image_network import ImageNetwork, check_extractor
from tf_consensus.metrics.kernel import kernel_distance
from tf_consensus.metrics.neighbours import precision_recall
from tf_consensus.metrics.reference import Reference
from tf_consensus.metrics.reference_checks import check_sample
from tf_consensus.metrics.score import classifier_score
from tf_consensus.support.checks import check_int

# The names of results: with the reference network, and with any other network.
_KEYS = {
    "score": ("inception_score", "classifier_score"),
    "frechet": ("fid", "frechet_distance"),
    "kernel": ("kid", "kernel_distance"),
}
# The parts to ask for, each with the number of rows that it needs of the reference's sample.
_LEAST_SAMPLE = {"kernel": 2, "precision_recall": 4, "density_coverage": 6}
_PAIRS = {"precision_recall": ["precision", "recall"], "density_coverage": ["density", "coverage"]}


class ImageScores:
    """Scores of all images since `reset_state`, from one pass through the extractor.

    With the reference network of `inception.frozen_inception`, `result()` holds

    - `inception_score`, `inception_score_std`: `classifier_score`, if the extractor has logits;
    - `fid`: `frechet_distance` to the reference;
    - `kid`, `kid_std`: `kernel_distance`, if asked for;
    - `precision`, `recall`: `precision_recall`, if asked for;
    - `density`, `coverage`: `density_coverage`, if asked for;

    With any other network it holds `classifier_score`, `classifier_score_std`, `frechet_distance`,
    `kernel_distance`, `kernel_distance_std` instead of the first names, because its numbers are
    not comparable with published ones. Without images every value is NaN.

    The metric keeps logits, the features' statistics and, for the results that are asked for, the
    features of the first images, as many as the reference's sample has. It never keeps images.

    Args:
        extractor: `Extractor`, or a network made by `inception`.
        reference: the real images' `Reference`, made by the same extractor.
        splits: number of splits of the score.
        kid: whether to compute the kernel distance.
        precision_recall: whether to compute precision and recall.
        name: name of the metric; the logs show the keys above.
        density_coverage: whether to compute density and coverage.

    Raises:
        ValueError: if the reference is missing or another extractor's, or has too small a sample
            for what is asked for, or `splits` is not a positive integer.

    Example:
        >>> scores = ImageScores(extractor, Reference.load("cifar10_test.npz"))
        >>> gan.fit(dataset, callbacks=[callbacks.EvaluateGAN([scores], samples=6400)])
    """

    _parts: tuple[str, ...] = ("score", "frechet")

    def __init__(
        self,
        extractor: ImageNetwork,
        reference: Reference | None,
        splits: int = 10,
        kid: bool = False,
        precision_recall: bool = False,
        name: str = "image_scores",
        *,
        density_coverage: bool = False,
    ) -> None:
        check_extractor(extractor)
        _check_reference(reference)
        asked = zip(_LEAST_SAMPLE, (kid, precision_recall, density_coverage), strict=True)
        self._parts += tuple(part for part, wanted in asked if wanted)
        if reference is not None:
            reference.check(extractor)
        if extractor.description["logits"] == "none":
            self._parts = tuple(part for part in self._parts if part != "score")
        _check_sample(reference, self._parts)
        self.extractor = extractor
        # The check above refuses None if a part needs it.
        self.reference: Any = reference
        self.splits = check_int("splits", splits, minimum=1)
        self.name = name
        self.reset_state()

    @property
    def directions(self) -> dict[str, str]:
        """The better end, "up" or "down", of each result that has one."""
        ends = {self._key("score"): "up", self._key("frechet"): "down", self._key("kernel"): "down"}
        ends |= dict.fromkeys(("precision", "recall", "density", "coverage"), "up")
        return {key: end for key, end in ends.items() if key in self._names()}

    def reset_state(self) -> None:
        """Forgets all images."""
        self._count = 0
        self._logits: list[Any] = []
        self._kept: list[np.ndarray] = []
        self._statistics: Any = None
        self._results: dict[str, float] | None = None

    def update_state(self, images: np.ndarray | tf.Tensor) -> None:
        """Adds a batch.

        Args:
            images: (batch, height, width, channels) in [-1, 1].
        """
        features, logits = self.extractor(images)
        if "score" in self._parts:
            self._logits.append(logits)
        if "frechet" in self._parts:
            self._statistics = self._statistics or FeatureStatistics(features.shape[1])
            self._statistics.update(features)
        if self._needs_sample():
            self._kept.append(features[: max(0, len(self.reference.sample) - self._count)])
        self._count += len(features)
        self._results = None

    def check_samples(self, number: int) -> None:
        """Raises unless this number of images is enough.

        Args:
            number: number of images that will be measured.

        Raises:
            ValueError: if a split or a neighbourhood would lack images.
        """
        least = {"score": self.splits, "precision_recall": 4}
        needed = max(least.get(part, 2) for part in self._parts)
        if number < needed:
            raise ValueError(
                f"`{self.name}` needs at least {needed} images. Received: {number}. Generate more "
                "samples, or take fewer splits."
            )

    def result(self) -> dict[str, float]:
        """The results that the class describes."""
        if not self._count:
            return dict.fromkeys(self._names(), math.nan)
        # Kept, because a distance between many features takes seconds.
        if self._results is None:
            values = [value for part in self._parts for value in getattr(self, f"_{part}")()]
            self._results = dict(zip(self._names(), values, strict=True))
        return dict(self._results)

    def description(self) -> dict:
        """What the numbers depend on besides the images: counts, split and the extractor.

        `n_fake` counts the images since `reset_state`. It is 0 before the first evaluation of a
        process, even if the process resumes a run whose log has evaluations.
        """
        about: dict[str, Any] = {"n_fake": self._count}
        if self.reference is not None:
            n_real = self.reference.n_real or "unknown"
            about |= {"n_real": n_real, "reference_split": self.reference.split}
            about["reference_fingerprint"] = self.reference.fingerprint
        if "score" in self._parts:
            about["splits"] = self.splits
        if self._needs_sample():
            about["n_sample"] = len(self.reference.sample)
        return about | self.extractor.description

    def _score(self):
        return classifier_score(np.concatenate(self._logits), self.splits)

    def _frechet(self):
        own = self._statistics
        return [frechet_distance(own.mean, own.cov, self.reference.mean, self.reference.cov)]

    def _kernel(self):
        return kernel_distance(self.reference.sample, np.concatenate(self._kept))

    def _precision_recall(self):
        return precision_recall(self.reference.sample, np.concatenate(self._kept))

    def _density_coverage(self):
        return density_coverage(self.reference.sample, np.concatenate(self._kept))

    def _needs_sample(self):
        return any(part in _LEAST_SAMPLE for part in self._parts)

    def _key(self, part):
        return _KEYS[part][0 if self.extractor.reference_network else 1]

    def _names(self):
        """The results' keys, in the order of the parts."""
        names = []
        for part in self._parts:
            if part in _PAIRS:
                names += _PAIRS[part]
            else:
                names += [self._key(part)] + [f"{self._key(part)}_std"] * (part != "frechet")
        return names


def _check_sample(reference, parts):
    if reference is None and parts != ("score",):
        raise ValueError(
            "Distances need real images. Received: reference=None. Pass "
            "`Reference.of(extractor, batches)`; `InceptionScore` needs none."
        )
    if reference is not None:
        check_sample(reference.sample, max(_LEAST_SAMPLE.get(part, 0) for part in parts))


def _check_reference(reference):
    if not isinstance(reference, Reference | None):
        raise ValueError(
            f"`reference` must be a `Reference`. Received: reference={reference!r}. Make it with "
            "`Reference.of(extractor, batches)` or `Reference.load(path)`."
        )

"""Parts of `ImageScores`, one per class."""

from tf_consensus.metrics.image_network import ImageNetwork, check_extractor
from tf_consensus.metrics.image_scores import ImageScores
from tf_consensus.metrics.reference import Reference


class InceptionScore(ImageScores):
    """The score of `ImageScores` alone, which needs no real images.

    Args:
        extractor: an extractor with logits.
        splits: number of splits.
        name: name of the metric.

    Raises:
        ValueError: if the extractor has no logits, or `splits` is not a positive integer.
    """

    _parts = ("score",)

    def __init__(
        self, extractor: ImageNetwork, splits: int = 10, name: str = "inception_score"
    ) -> None:
        check_extractor(extractor)
        if extractor.description["logits"] == "none":
            raise ValueError(
                "A score needs logits. Received: an extractor without logits, "
                f"{extractor.name!r}. Pass `logits` to the extractor."
            )
        super().__init__(extractor, None, splits, name=name)


class FrechetDistance(ImageScores):
    """The Fréchet distance of `ImageScores` alone.

    Args:
        extractor: the network whose features are compared.
        reference: the features of real images, by the same network.
        name: name of the metric.

    Raises:
        ValueError: if the reference is missing, or was made by another network.
    """

    _parts = ("frechet",)

    def __init__(
        self, extractor: ImageNetwork, reference: Reference, name: str = "frechet_distance"
    ) -> None:
        super().__init__(extractor, reference, name=name)


class KernelDistance(ImageScores):
    """The kernel distance of `ImageScores` alone.

    Args:
        extractor: the network whose features are compared.
        reference: the features of real images, by the same network.
        name: name of the metric.

    Raises:
        ValueError: if the reference is missing, or was made by another network.
    """

    _parts = ("kernel",)

    def __init__(
        self, extractor: ImageNetwork, reference: Reference, name: str = "kernel_distance"
    ) -> None:
        super().__init__(extractor, reference, name=name)


class PrecisionRecall(ImageScores):
    """Precision and recall of `ImageScores` alone.

    Args:
        extractor: the network whose features are compared.
        reference: the features of real images, by the same network.
        name: name of the metric.

    Raises:
        ValueError: if the reference is missing, or was made by another network.
    """

    _parts = ("precision_recall",)

    def __init__(
        self, extractor: ImageNetwork, reference: Reference, name: str = "precision_recall"
    ) -> None:
        super().__init__(extractor, reference, name=name)


class DensityCoverage(ImageScores):
    """Density and coverage of `ImageScores` alone.

    Args:
        extractor: the network whose features are compared.
        reference: the features of real images, by the same network.
        name: name of the metric.

    Raises:
        ValueError: if the reference is missing, or was made by another network.
    """

    _parts = ("density_coverage",)

    def __init__(
        self, extractor: ImageNetwork, reference: Reference, name: str = "density_coverage"
    ) -> None:
        super().__init__(extractor, reference, name=name)

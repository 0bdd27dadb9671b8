"""Metrics that compare generated samples with their target.

Imported from here are Keras metrics of points (`ModeCoverage`, `Wasserstein1`) and of images
(`ImageScores` and its parts), the functions that they compute, and what image metrics need:
`Extractor` or `inception`, `load_classifier` and `Reference`; and scores of tables
(`marginal_distances` and others). The room imports `support` alone.
"""

from tf_consensus.metrics import inception, resizing
from tf_consensus.metrics.classifier import load_classifier
from tf_consensus.metrics.density import DensityCoverageResult, density_coverage
from tf_consensus.metrics.extractor import Extractor
from tf_consensus.metrics.feature_statistics import FeatureStatistics
from tf_consensus.metrics.frechet import frechet_distance
from tf_consensus.metrics.image_network import Extracted
from tf_consensus.metrics.image_scores import ImageScores
from tf_consensus.metrics.kernel import kernel_distance
from tf_consensus.metrics.mode_coverage import ModeCoverage
from tf_consensus.metrics.moments_file import Moments, load_moments, save_moments
from tf_consensus.metrics.neighbours import PrecisionRecallResult, precision_recall
from tf_consensus.metrics.pyramids import PyramidWassersteinResult, pyramid_wasserstein
from tf_consensus.metrics.reference import Reference
from tf_consensus.metrics.score import MeanStd, classifier_score
from tf_consensus.metrics.single_scores import (
    DensityCoverage,
    FrechetDistance,
    InceptionScore,
    KernelDistance,
    PrecisionRecall,
)
from tf_consensus.metrics.stacked_modes import StackedModes
from tf_consensus.metrics.table_scores import (
    correlation_difference,
    marginal_distances,
    number_distances,
)
from tf_consensus.metrics.table_transfer import TransferAccuracy, transfer_accuracy
from tf_consensus.metrics.wasserstein import sliced_wasserstein1, wasserstein1
from tf_consensus.metrics.wasserstein_metric import Wasserstein1

__all__ = [
    "DensityCoverage",
    "DensityCoverageResult",
    "Extracted",
    "Extractor",
    "FeatureStatistics",
    "FrechetDistance",
    "ImageScores",
    "InceptionScore",
    "KernelDistance",
    "MeanStd",
    "ModeCoverage",
    "Moments",
    "PrecisionRecall",
    "PrecisionRecallResult",
    "PyramidWassersteinResult",
    "Reference",
    "StackedModes",
    "TransferAccuracy",
    "Wasserstein1",
    "classifier_score",
    "correlation_difference",
    "density_coverage",
    "frechet_distance",
    "inception",
    "kernel_distance",
    "load_classifier",
    "load_moments",
    "marginal_distances",
    "number_distances",
    "precision_recall",
    "pyramid_wasserstein",
    "resizing",
    "save_moments",
    "sliced_wasserstein1",
    "transfer_accuracy",
    "wasserstein1",
]

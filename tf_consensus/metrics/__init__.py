"""Metrics that compare generated samples with their target."""

from tf_consensus.metrics.mode_coverage import ModeCoverage
from tf_consensus.metrics.wasserstein import Wasserstein1, sliced_wasserstein1, wasserstein1

__all__ = ["ModeCoverage", "Wasserstein1", "sliced_wasserstein1", "wasserstein1"]

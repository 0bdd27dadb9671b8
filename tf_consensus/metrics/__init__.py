"""Metrics that compare generated samples with their target."""

from tf_consensus.metrics.mode_coverage import ModeCoverage

__all__ = ["ModeCoverage"]

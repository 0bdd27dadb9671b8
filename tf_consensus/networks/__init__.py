"""Generators and discriminators by name."""

from tf_consensus.networks.registry import build, names

__all__ = ["build", "names"]

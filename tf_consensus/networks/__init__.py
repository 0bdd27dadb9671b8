"""Generators and discriminators by name, and the layers they are made of."""

from tf_consensus.networks.layers import Conv2D, Conv2DTranspose, Dense
from tf_consensus.networks.registry import build, names

__all__ = ["Conv2D", "Conv2DTranspose", "Dense", "build", "names"]

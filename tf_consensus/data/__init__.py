"""Input pipelines: seeded, resumable tf.data streams."""

from tf_consensus.data.gaussians import (
    grid_modes,
    grid_of_gaussians,
    mixture_of_gaussians,
    ring_modes,
)

__all__ = ["grid_modes", "grid_of_gaussians", "mixture_of_gaussians", "ring_modes"]

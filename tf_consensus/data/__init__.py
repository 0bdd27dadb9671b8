"""Input pipelines: seeded, resumable tf.data streams."""

from tf_consensus.data.gaussians import (
    grid_modes,
    grid_of_gaussians,
    mixture_of_gaussians,
    ring_modes,
)
from tf_consensus.data.shapes import circle, four_lines, gaussian, line

__all__ = [
    "circle",
    "four_lines",
    "gaussian",
    "grid_modes",
    "grid_of_gaussians",
    "line",
    "mixture_of_gaussians",
    "ring_modes",
]

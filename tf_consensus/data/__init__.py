"""Input pipelines: seeded, resumable tf.data streams.

Imported from here are the streams of points, of images and of pairs of images, `ring_modes` and
`grid_modes`, the centres of the mixtures, facts about a set of images, `image_info` and
`fingerprint`, and tables of mixed columns, `table`. Experiments read images one by one through the
modules `sources`, `decoding` and `image_store`. The room imports `support` alone.
"""

from tf_consensus.data.gaussians import (
    grid_modes,
    grid_of_gaussians,
    mixture_of_gaussians,
    ring_modes,
)
from tf_consensus.data.image_datasets import fingerprint, image_info, images
from tf_consensus.data.image_source import ImageInfo
from tf_consensus.data.paired_images import image_pairs
from tf_consensus.data.shapes import circle, four_lines, gaussian, line
from tf_consensus.data.table_description import TableDescription
from tf_consensus.data.tables import Table, table

__all__ = [
    "ImageInfo",
    "Table",
    "TableDescription",
    "circle",
    "fingerprint",
    "four_lines",
    "gaussian",
    "grid_modes",
    "grid_of_gaussians",
    "image_info",
    "image_pairs",
    "images",
    "line",
    "mixture_of_gaussians",
    "ring_modes",
    "table",
]

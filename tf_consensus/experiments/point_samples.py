"""Writes generated points in the plane during a run: as numbers, and as pictures for its page."""

import pathlib

import numpy as np
from PIL import Image

from tf_consensus.experiments.report.collect import SAMPLES
from tf_consensus.plotting.densities import even_lightness, peak_density, shades
from tf_consensus.support.files import replacing

# Half the side of the box that is drawn, and the white pixels between samples and target.
_EXTENT, _GAP = 1.6, 4


class PointPictures:
    """Writes the density of samples, beside the target's density, into a run's folder.

    A picture takes about 10 ms. Points that are not finite are left out; without finite points
    there is no picture.

    Args:
        folder: Folder of the run; the pictures are in its sub-folder of samples.
        target: Points of the target, (n, 2).
    """

    def __init__(self, folder: pathlib.Path, target: np.ndarray) -> None:
        self.folder = folder / SAMPLES
        self._peak = peak_density([target], _EXTENT)
        self._target = self._pixels(target, "Reds")

    def save(self, step: int, samples: np.ndarray) -> None:
        """Draw samples (n, 2) of a step."""
        points = samples[np.isfinite(samples).all(axis=1)]
        if not len(points):
            return
        parts = [self._pixels(points, "Blues"), np.full_like(self._target[:, :_GAP], 255)]
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self.folder / f"{step:08d}.png") as partial:
            Image.fromarray(np.concatenate([*parts, self._target], axis=1)).save(partial, "PNG")

    def _pixels(self, points, colours):
        """Pixels of a density, y upwards."""
        shade = shades(points, _EXTENT, self._peak)[::-1]
        palette = (255 * even_lightness(colours, 256)).round().astype(np.uint8)
        return palette[(255 * shade).round().astype(int)]


def save_array(path: pathlib.Path, samples: np.ndarray) -> None:
    """Write samples into a .npy file, whole or not at all."""
    with replacing(path) as partial:
        np.save(partial, samples)

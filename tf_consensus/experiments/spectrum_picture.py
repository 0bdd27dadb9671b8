"""Draws eigenvalues in the plane: directions left of the line shrink, those right of it grow."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_consensus.plotting.style import METHOD_COLORS, REFERENCE, new_figure, saved, tidy

_MARKS = "ox"


def draw_spectra(path: pathlib.Path, spectra: Mapping[str, np.ndarray], step: int) -> None:
    """Draw the eigenvalues of one or several fields.

    Args:
        path: Path of the picture.
        spectra: The eigenvalues of each field by its name, complex (k,); at least one field.
        step: The step at which they were measured, for the title.

    Raises:
        OSError: If the picture cannot be written.
    """
    figure = new_figure(5.6, 4.2)
    axis = figure.subplots()
    for index, (name, values) in enumerate(spectra.items()):
        kept: dict[str, Any] = {"alpha": 0.7, "linestyle": "none", "markersize": 4}
        label = f"{name} field, {len(values):,}"
        kept |= {"color": METHOD_COLORS[index], "marker": _MARKS[index % 2]}
        axis.plot(values.real, values.imag, label=label, **kept)
    axis.axvline(0.0, **REFERENCE)
    axis.set(title=f"eigenvalues at step {step:,}", xlabel="real part: grows right of the line")
    axis.set_ylabel("imaginary part: rotates")
    # The largest part of a spectrum is often a thousand times the smallest that matters.
    sizes = np.abs(np.concatenate(list(spectra.values())))
    least = float(sizes[sizes > 0].min(initial=np.inf))
    if np.isfinite(least) and sizes.max() > 100 * least:
        axis.set_xscale("symlog", linthresh=least)
        axis.set_yscale("symlog", linthresh=least)
    axis.legend(frameon=False, fontsize=9)
    tidy(axis)
    saved(figure, path)

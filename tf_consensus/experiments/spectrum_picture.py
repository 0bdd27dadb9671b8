"""Draws eigenvalues in the plane: directions left of the line shrink, those right of it grow."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_consensus.plotting.methods import line_styles
from tf_consensus.plotting.style import (
    REFERENCE,
    legend_below,
    legend_line,
    new_figure,
    saved,
    tidy,
)

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
    figure, styles, entries = new_figure(7.2, 5.2), line_styles(spectra), []
    axis = figure.subplots()
    for index, (name, values) in enumerate(spectra.items()):
        kept: dict[str, Any] = {"linestyle": "none", "markersize": 6, "marker": _MARKS[index % 2]}
        kept["color"] = styles[name]["color"]
        axis.plot(values.real, values.imag, alpha=0.7, **kept)
        entries.append(legend_line(**kept, label=f"{name} field, {len(values):,} eigenvalues"))
    axis.axvline(0.0, **REFERENCE)
    axis.set_title(f"Eigenvalues of the fields at step {step:,}")
    axis.set(xlabel="real part: the direction grows right of the line")
    axis.set_ylabel("imaginary part: rotation")
    # The largest part of a spectrum is often a thousand times the smallest that matters.
    sizes = np.abs(np.concatenate(list(spectra.values())))
    least = float(sizes[sizes > 0].min(initial=np.inf))
    if np.isfinite(least) and sizes.max() > 100 * least:
        axis.set_xscale("symlog", linthresh=least)
        axis.set_yscale("symlog", linthresh=least)
    legend_below(figure, entries)
    tidy(axis)
    saved(figure, path)

"""A table as a CSV file, and pictures of its columns beside those of real rows."""

import csv
import io
import os
import pathlib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from tf_consensus.plotting import style
from tf_consensus.support.files import write_text


def write_table(columns: Mapping[str, np.ndarray], path: str | os.PathLike) -> None:
    """Write columns as a CSV file, missing values as nothing: whole or not at all.

    Args:
        columns: Arrays (n,) by name.
        path: The file.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in zip(*(x.tolist() for x in columns.values()), strict=True):
        writer.writerow(["" if x is None or x != x else x for x in row])
    write_text(pathlib.Path(path), text.getvalue())


def draw_marginals(
    real: Mapping[str, np.ndarray],
    made: Mapping[str, np.ndarray],
    categorical: Collection[str],
    path: str | os.PathLike,
) -> None:
    """Draw each column's distribution, real and made.

    Args:
        real: Columns of real rows.
        made: Columns of made rows.
        categorical: Names of the columns of categories.
        path: The picture.
    """
    figure = style.new_figure(3.0 * len(real), 2.6)
    axes = figure.subplots(1, len(real), squeeze=False)[0]
    for axis, name in zip(axes, real, strict=True):
        pair = [np.asarray(rows[name]) for rows in (real, made)]
        if name in categorical:
            _bars(axis, pair)
        else:
            _steps(axis, pair)
        axis.set_title(name)
        style.tidy(axis)
    axes[0].legend()
    style.saved(figure, path)


def _bars(axis: Any, pair: list[np.ndarray]) -> None:
    labels = sorted({str(x) for x in pair[0]})
    for place, (x, label) in enumerate(zip(pair, ("real", "made"), strict=True)):
        shares = [np.mean([str(v) == text for v in x]) for text in labels]
        axis.bar(np.arange(len(labels)) + 0.4 * place, shares, 0.4, label=label)
    axis.set_xticks(np.arange(len(labels)) + 0.2, labels, rotation=30)


def _steps(axis: Any, pair: list[np.ndarray]) -> None:
    numbers = [x[~np.isnan(x.astype(float))] for x in pair]
    edges = np.histogram_bin_edges(numbers[0], 40)
    for x, label in zip(numbers, ("real", "made"), strict=True):
        # Densities by hand: `density=True` divides by the numbers within the edges, maybe none.
        weights = np.full(x.size, 1.0 / (max(x.size, 1) * (edges[1] - edges[0])))
        axis.hist(x, edges, weights=weights, histtype="step", label=label)

"""Pictures of sequences: true and made ones, and how they are distributed."""

import os
from typing import Any

import numpy as np

from tf_consensus.experiments.families.sequence_scores import autocovariance, standardized
from tf_consensus.experiments.families.waves import fitted
from tf_consensus.plotting import style

_LABELS = ("true", "made")
# Sequences in a panel, and the most channels that have panels.
_LINES, _CHANNELS = 4, 4


def draw(real: np.ndarray, made: np.ndarray, path: str | os.PathLike, waves: bool = False) -> None:
    """Draw true sequences above made ones, and beside them what their scores compare.

    Args:
        real: Array (n, length, channels).
        made: Array (m, length, channels).
        path: The picture.
        waves: Whether they are sine waves, which have frequencies and amplitudes; else the numbers
            and the autocorrelation of each channel are drawn.
    """
    if waves:
        draw_waves(real, made, path)
    else:
        draw_channels(real, made, path)


def draw_waves(real: np.ndarray, made: np.ndarray, path: str | os.PathLike) -> None:
    """Draw true and made waves, and the distributions of their frequencies and amplitudes."""
    figure = style.new_figure(11, 4.6)
    grid = figure.subplots(2, 3)
    for row, (name, samples) in enumerate(zip(_LABELS, (real, made), strict=True)):
        parts = samples[:_LINES], samples[_LINES : 2 * _LINES]
        for axis, some in zip(grid[row], parts, strict=False):
            _lines(axis, some[..., 0])
            axis.set_ylim(-1.3, 1.3)
            axis.set_title(f"{name} waves")
    names = ("frequency, cycles per wave", "amplitude")
    both = list(zip(fitted(real), fitted(made), strict=True))[:2]
    for axis, name, pair in zip(grid[:, 2], names, both, strict=True):
        _distributions(axis, pair, np.linspace(0, 1.6 * pair[0].max(), 33))
        axis.set_xlabel(name)
    _save(figure, grid, path)


def draw_channels(real: np.ndarray, made: np.ndarray, path: str | os.PathLike) -> None:
    """Draw a row per channel: true and made sequences, their numbers and autocorrelations."""
    channels = min(real.shape[-1], _CHANNELS)
    figure = style.new_figure(14, 2.4 * channels)
    grid = figure.subplots(channels, 4, squeeze=False)
    correlated = [autocovariance(standardized(x)) for x in (real, made)]
    for channel, axes in enumerate(grid):
        pair = [x[..., channel] for x in (real, made)]
        low, high = pair[0].min(), pair[0].max()
        room = 0.1 * (high - low)
        for axis, name, x in zip(axes, _LABELS, pair, strict=False):
            _lines(axis, x[:_LINES])
            axis.set_ylim(low - room, high + room)
            axis.set_title(f"{name}, channel {channel}")
        edges = np.linspace(low - room, high + room, 41)
        _distributions(axes[2], [x.ravel() for x in pair], edges)
        axes[2].set_title("values")
        for x, label in zip(correlated, _LABELS, strict=True):
            axes[3].plot(x[:, channel], label=label)
        axes[3].set_title("autocorrelation by lag")
        axes[3].legend(loc="upper right")
    _save(figure, grid, path)


def draw_made(made: np.ndarray, path: str | os.PathLike) -> None:
    """Draw all made sequences, (n, length, channels), over each other in one panel per channel."""
    channels = min(made.shape[-1], _CHANNELS)
    figure = style.new_figure(9, 2.4 * channels)
    grid = figure.subplots(channels, 1, squeeze=False)
    for channel, (axis,) in enumerate(grid):
        _lines(axis, made[..., channel])
        axis.set_title(f"channel {channel}")
    _save(figure, grid, path)


def _lines(axis: Any, sequences: np.ndarray) -> None:
    axis.plot(sequences.T, marker=".", markersize=3, linewidth=1)


def _distributions(axis: Any, pair: Any, edges: np.ndarray) -> None:
    for x, label in zip(pair, _LABELS, strict=True):
        # What lies outside is counted at the ends.
        axis.hist(
            np.clip(x, edges[0], edges[-1]), edges, density=True, histtype="step", label=label
        )
    # The best place is slow to find among many numbers.
    axis.legend(loc="upper right")


def _save(figure, grid, path):
    for axis in grid.flat:
        style.tidy(axis)
    style.saved(figure, path)

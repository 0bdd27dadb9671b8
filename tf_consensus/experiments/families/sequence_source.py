"""Sequences to train on: sine waves that are made, and those of a user's own file."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.data.drawn_rows import drawn_rows
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families import waves
from tf_consensus.experiments.families.game import Settings
from tf_consensus.experiments.families.presets import WAVES
from tf_consensus.experiments.families.sequence_files import read_sequences
from tf_consensus.experiments.families.sequence_scores import SequenceComparison

# Made numbers of data below this are far from the largest that float32 holds.
_SINGLE = 1e30
Comparison = waves.WaveComparison | SequenceComparison


@dataclasses.dataclass(frozen=True)
class Sequences:
    """Sequences as a model learns them.

    Attributes:
        stream: Makes the endless stream of batches, from the number of the first one.
        compare: Scores of made sequences against real ones that are not trained on, which are its
            `real`, (n, length, channels).
        others: True sequences whose scores show how small they can get.
        unit: The name of a true sequence in messages.
    """

    stream: Callable[[int | tf.Variable], tf.data.Dataset]
    compare: Comparison
    others: np.ndarray
    unit: str


def look_at_sequences(name: str) -> tuple[str, Settings]:
    """What the data decide, and a line that says what they are.

    A channel of a file has its mean as "offset" and its standard deviation as "scale": a model
    learns (x - offset)/scale, which float64 computes. "dtype" is that of made sequences in the
    units of the data, if it is not float32.

    Args:
        name: A file, or "waves".

    Raises:
        RunError: If the file is no file of sequences, or a channel has one value, or varies by less
            than its numbers resolve.
    """
    if name == WAVES:
        return "sine waves of 1 to 4 cycles", {}
    found = read_sequences(name)
    _check_varied(found, name, "")
    number, length, features = found.shape
    numbers = found.reshape(-1, features).astype(np.float64)
    scales, largest = numbers.std(axis=0), np.abs(numbers).max(axis=0)
    _check_resolved(scales, largest, found.dtype, name)
    single = found.dtype.itemsize <= 4 and largest.max() < _SINGLE
    moments = {"offset": numbers.mean(axis=0).tolist(), "scale": scales.tolist()}
    moments["dtype"] = None if single else "float64"
    channels = f"{features} channel{'s' * (features > 1)}"
    line = f"{number:,} sequences in {name}: {length} times, {channels}"
    return line, {"length": length, "features": features, **moments}


def read_source(settings: Settings) -> Sequences:
    """The sequences that the settings name.

    Raises:
        RunError: As `look_at_sequences`; or if a part of a file has a channel of one value.
    """
    return _waves(settings) if settings["dataset"] == WAVES else _of_file(settings)


def in_own_units(made: Any, settings: Settings) -> Any:
    """Made sequences in the units of the data."""
    if settings["offset"] is None:
        return made
    found = made * np.array(settings["scale"]) + np.array(settings["offset"])
    # Runs of older versions have no such setting.
    return found.astype(settings.get("dtype") or np.float32)


def _waves(settings):
    number, length, seed = (settings[key] for key in ("samples", "length", "seed"))
    numbers = settings["with_numbers"]
    real, others = (waves.true_waves(number, length, seed + k) for k in (0, 1))
    return Sequences(
        lambda start: waves.stream(settings["batch_size"], length, seed, start, numbers),
        waves.WaveComparison(real, numbers),
        others,
        "waves",
    )


def _of_file(settings):
    """A fifth is held out, one sequence at least."""
    found = read_sequences(settings["dataset"])
    order = np.random.default_rng(0).permutation(len(found))
    held = max(1, len(found) // 5)
    scaled = (found - np.array(settings["offset"])) / np.array(settings["scale"])
    parts = []
    for rows, what in ((order[held:], "training part"), (order[:held], "held-out fifth")):
        _check_varied(found[rows], settings["dataset"], f" in its {what}")
        parts.append(scaled[rows].astype(np.float32))
        _check_told_apart(parts[-1], settings["dataset"], what)
    trained, held_out = parts
    return Sequences(
        lambda start: drawn_rows(trained, settings["batch_size"], settings["seed"], start),
        SequenceComparison(held_out),
        trained,
        "sequences",
    )


def _check_resolved(scales, largest, dtype, name):
    """Refuse a channel whose numbers lie in steps that are larger than its standard deviation."""
    dtype = min(dtype, np.dtype(np.float64), key=lambda x: x.itemsize)
    steps = np.spacing(largest.astype(dtype)).astype(np.float64)
    coarse = np.flatnonzero(scales < steps)
    if len(coarse):
        k = coarse[0]
        raise RunError(
            "Each channel varies by more than its numbers resolve. Received: "
            f"{name}, whose channel {k} has a standard deviation of {scales[k]:.3g} and numbers up "
            f"to {largest[k]:.3g}, which {dtype} holds in steps of {steps[k]:.3g}. Subtract an "
            "offset before the numbers are rounded to this type, or take a larger unit."
        )


def _check_told_apart(part, name, what):
    """Refuse a part whose numbers differ by less than float32 resolves in standard deviations."""
    alike = np.flatnonzero(np.ptp(part, axis=(0, 1)) == 0)
    if len(alike):
        raise RunError(
            "Each channel varies by more than float32 resolves in standard deviations. Received: "
            f"{name}, whose channel {alike[0]} does not in its {what}, because other numbers are "
            "far from them. Leave those out."
        )


def _check_varied(found, name, where):
    constant = np.flatnonzero((found == found[:1, :1]).all(axis=(0, 1)))
    if len(constant):
        raise RunError(
            f"Each channel varies. Received: {name}, whose channel {constant[0]} has one value"
            f"{where}. Leave the channel out, or add sequences."
        )

"""Sequences of a user's own file, and files of sequences that a model has made."""

import io
import os
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.files import reason
from tf_consensus.experiments.written_images import write_arrays
from tf_consensus.support.files import replacing

# The names of the arrays of an .npz file.
SEQUENCES, NUMBERS = "sequences", "numbers"
_SHAPE = "Sequences are an array (samples, times, channels)"
# The mean of the squares of larger numbers may overflow.
_FARTHEST = 1e150
# Whole numbers beyond this may have been rounded to a neighbour by float64.
_LARGEST = 2**53 - 1
_DAMAGE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, MemoryError)


def read_sequences(path: str | os.PathLike) -> np.ndarray:
    """The sequences of a file, (samples, times, channels), of a floating type that holds them.

    That is the file's own; for integers float32, or float64 from 32 bits on.

    Args:
        path: An .npy file, or an .npz file of one array, or of one with the name "sequences".

    Raises:
        RunError: If it is damaged, or holds no finite real numbers of three dimensions, or too
            large ones, or fewer than two samples or times.
    """
    found = _array(pathlib.Path(path).expanduser())
    if found.dtype.kind not in "iuf":
        raise RunError(
            f"Sequences are real numbers. Received: {path}, of dtype {found.dtype}. Save integers "
            "or floats."
        )
    if found.ndim != 3 or 0 in found.shape:
        raise RunError(
            f"{_SHAPE}. Received: {path}, of shape {found.shape}. "
            "Reshape it; of one channel the last size is 1."
        )
    for size, what in zip(found.shape, ("samples", "times"), strict=False):
        if size < 2:
            raise RunError(
                f"{_SHAPE}, with two {what} at least. Received: {path}, of shape {found.shape}. "
                f"Add {what}."
            )
    _check_sizes(found, path)
    return found if found.dtype.kind == "f" else found.astype(np.result_type(found, np.float32))


def _check_sizes(found, path):
    """Refuse numbers that are not finite, or whose squares or neighbours float64 does not hold."""
    if found.dtype.kind == "f":
        rule = f"finite, and within ±{_FARTHEST:g}"
        good = np.isfinite(found)
        if found.dtype.itemsize >= 8:
            good &= np.abs(found) <= _FARTHEST
    else:
        rule = "within ±2⁵³ if they are whole"
        good = (found <= _LARGEST) & (found >= -_LARGEST)
    if not good.all():
        wrong = np.argwhere(~good)[0].tolist()
        raise RunError(
            f"Sequences are {rule}. Received: {path}, with {found[tuple(wrong)]} at {wrong}. Leave "
            "such samples out, or subtract an offset, or take another unit."
        )


def _array(path):
    """The array of an .npy file, or that of an .npz file which holds the sequences."""
    try:
        content = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        if isinstance(content, np.ndarray):
            return content
        names = content.files
        if not names:
            raise RunError(
                f"{_SHAPE}. Received: {path}, an .npz file without arrays. Write one by numpy.save."
            )
        name = SEQUENCES if SEQUENCES in names else names[0]
        if len(names) == 1 or name == SEQUENCES:
            return content[name]
    except _DAMAGE as error:
        raise RunError(
            f"{_SHAPE} of numbers in a whole .npy or .npz file. Received: {path}, {reason(error)}. "
            "Write it by numpy.save, of numbers: Python objects are never read."
        ) from error
    raise RunError(
        f"An .npz file holds one array, or one with the name {SEQUENCES}. Received: {path}, with "
        f"{', '.join(names)}. Write one by numpy.save."
    )


def parts_of(made: Any) -> dict[str, np.ndarray]:
    """What a model has made, by the names of the arrays of an .npz file."""
    if isinstance(made, Mapping):
        return {SEQUENCES: made["wave"], NUMBERS: made["numbers"]}
    return {SEQUENCES: made}


def write_sequences(parts: Mapping[str, np.ndarray], path: str | os.PathLike) -> None:
    """Write sequences, whole or not at all.

    Args:
        parts: Arrays by name; an .npy file holds the sequences alone.
        path: An .npy or .npz file.
    """
    path = pathlib.Path(path)
    if path.suffix.lower() == ".npz":
        write_arrays(path, **parts)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial, open(partial, "wb") as file:
        np.save(file, parts[SEQUENCES], allow_pickle=False)

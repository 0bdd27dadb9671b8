"""Writes images as files of a folder, as one grid, or as an array: whole or not at all."""

import contextlib
import os
import pathlib
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image

from tf_consensus.plotting import image_grid
from tf_consensus.support.files import PARTIAL, replacing

# The names that `write_folder` gives its files, alone or in strips.
_OURS = re.compile(r"\d{5,}(-\d{3,})?\.png")


def write_folder(
    folder: pathlib.Path, batches: Iterable[np.ndarray], names: Sequence[str]
) -> list[pathlib.Path]:
    """Write PNG files, which appear when the last of them is written.

    They are written into a temporary folder beside it, and then moved. Files of the same kind that
    were there before are deleted, all others stay.

    Args:
        folder: The folder, made if it is not there.
        batches: Any number of arrays of bytes (n, height, width, channels).
        names: Names of the files, as many as there are images; they may be in sub-folders.

    Returns:
        Their paths.

    Raises:
        OSError: If they cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _beside(folder) as partial:
        left = iter(names)
        for batch in batches:
            for image, name in zip(batch, left, strict=False):
                (partial / name).parent.mkdir(parents=True, exist_ok=True)
                with replacing(partial / name) as path:
                    _picture(image).save(path)
        folder.mkdir(exist_ok=True)
        before = [path for path in folder.iterdir() if _OURS.fullmatch(path.name)]
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(partial / name, folder / name)
    for path in before:
        if path.name not in set(names):
            path.unlink()
    return [folder / name for name in names]


def write_grid(path: pathlib.Path, batches: Iterable[np.ndarray], columns: int | None) -> None:
    """Write one picture of all images, with `columns` images per row.

    Raises:
        OSError: If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    image_grid(np.concatenate(list(batches)), path, columns=columns)


def write_arrays(path: pathlib.Path, **arrays: np.ndarray) -> None:
    """Write arrays by name as an .npz file.

    Raises:
        OSError: If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    entries: dict[str, Any] = {**arrays}
    # Given a name, NumPy adds an ending to .NPZ.
    with replacing(path) as partial, open(partial, "wb") as file:
        np.savez(file, **entries)


@contextlib.contextmanager
def _beside(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary folder for files that are not whole yet."""
    partial = folder.with_name(f".{folder.name}.{os.getpid()}{PARTIAL}")
    partial.mkdir(exist_ok=True)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _picture(image):
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)

"""A cache file of decoded images: written whole, checked when opened, and replaced if damaged."""

import hashlib
import math
import os
import pathlib
import time
import warnings
import zlib
from collections.abc import Callable

import numpy as np

from tf_consensus.support.files import PARTIAL, check_space, replacing

_SUFFIX = ".images"
_BLOCK = 2**24
# Seconds after which no process still writes to a file that has no name yet.
_ABANDONED = 24 * 3600


def cached(
    folder: pathlib.Path,
    key: str,
    shape: tuple[int, int, int, int],
    fill: Callable[[np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Return decoded images, mapped from a file that is made if it is not there.

    The file holds the images' bytes, the labels (int32), and a CRC-32 over `key` and both. It is
    read through once to compare the CRC-32: 500 MB take 0.3 s from memory, and as long as the disk
    takes otherwise. A file that is damaged, or of other images, is made again and named in a
    warning.

    Args:
        folder: Folder of the file; made if it is not there.
        key: Determines the images; the file is named after its digest.
        shape: (n, height, width, channels).
        fill: Puts the images into an array of that shape, and returns the labels.

    Returns:
        The images, uint8 and read-only, and the labels, int32 of shape (n,).

    Raises:
        OSError: If the file is missing or damaged and cannot be written.
    """
    path = folder / (hashlib.sha256(key.encode()).hexdigest()[:16] + _SUFFIX)
    seed = zlib.crc32(key.encode())
    problem = ""
    try:
        return _read(path, shape, seed)
    except FileNotFoundError:
        pass
    except OSError as error:
        problem = error.strerror or str(error)
    except ValueError as error:
        problem = str(error)
    _make_folder(folder)
    _make_sure_it_fits(folder, math.prod(shape))
    _remove_abandoned(path)
    _write(path, shape, seed, fill, problem)
    if problem:
        warnings.warn(
            f"A cache must be whole. Received: {path}: {problem}. It has been made again.",
            stacklevel=5,
        )
    return _read(path, shape, seed)


def _read(path, shape, seed):
    pixels, tail = math.prod(shape), 4 * shape[0] + 4
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size != pixels + tail:
            raise ValueError(f"{size:,} bytes, where {pixels + tail:,} belong")
        checksum = seed
        # Read, not mapped, so that a disk's error is an exception and does not end the process.
        for start in range(0, pixels, _BLOCK):
            checksum = zlib.crc32(file.read(min(_BLOCK, pixels - start)), checksum)
        labels, stored = file.read(tail - 4), file.read(4)
        if zlib.crc32(labels, checksum).to_bytes(4, "little") != stored:
            raise ValueError("its checksum does not match")
        images = np.memmap(file, np.uint8, "r", shape=shape)
    return images, np.frombuffer(labels, "<i4").astype(np.int32)


def _write(path, shape, seed, fill, problem):
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "a folder is in its place")
        with replacing(path) as partial:
            _allocate(partial, math.prod(shape))
            images = np.memmap(partial, np.uint8, "r+", shape=shape)
            labels = fill(images).astype("<i4").tobytes()
            images.flush()
            checksum = zlib.crc32(labels, zlib.crc32(images.data, seed))
            del images  # Windows does not rename a mapped file
            with open(partial, "ab") as file:
                file.write(labels + checksum.to_bytes(4, "little"))
    except OSError as error:
        damage = f"is damaged ({problem}) and " if problem else ""
        raise OSError(
            f"A cache must be written whole. Received: {path}, which {damage}cannot be written: "
            f"{error.strerror or error}. Delete it, pass a folder that you may write to, or "
            "cache=False."
        ) from error


def _allocate(path, size):
    """Make a file of zeros with all of its disk space; mapped without it, a full disk kills."""
    with open(path, "wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)


def _make_folder(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"A cache must be a folder that can be made. Received: cache={str(folder)!r}: "
            f"{error.strerror}. Pass another folder, or cache=False."
        ) from error


def _make_sure_it_fits(folder, size):
    try:
        check_space(folder, size)
    except OSError as error:
        raise OSError(
            f"A cache must fit on its disk. Received: cache={str(folder)!r}: {error.strerror} of "
            "images. Pass another folder, or cache=False."
        ) from error


def _remove_abandoned(path):
    """Delete what killed processes have left of this file, but nothing that is being written."""
    for partial in path.parent.glob(f"{path.stem}.*{PARTIAL}{path.suffix}"):
        try:
            if time.time() - partial.stat().st_mtime > _ABANDONED:
                partial.unlink()
        except OSError:
            continue

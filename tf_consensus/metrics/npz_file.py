"""Arrays in an .npz file of anyone; reading it runs nothing."""

import contextlib
import io
import os
import pathlib
import zipfile
import zlib
from collections.abc import Collection, Iterator

import numpy as np

from tf_consensus.support.checks import check_path

# Python and NumPy were seen to raise these for damaged archives.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError),
    *(ValueError, TypeError, OverflowError, MemoryError, OSError),
)
_KINDS = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)


def read(path: str | os.PathLike[str], what: str, remedy: str) -> bytes:
    """The file's bytes.

    Args:
        path: the file.
        what: what it should be, such as "A reference".
        remedy: the last sentence of a message.

    Raises:
        OSError: If there is no such file, or it cannot be read.
        ValueError: If it is no path.
    """
    check_path("path", path, remedy)
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        kind = type(error) if type(error) in _KINDS else OSError
        raise kind(
            f"{what} must be a file that can be read. Received: {os.fspath(path)!r}, "
            f"{error.strerror}. Look at the path and its permissions. {remedy}"
        ) from error


@contextlib.contextmanager
def damage_told(path: str | os.PathLike[str], content: bytes, what: str, remedy: str) -> Iterator:
    """Turns what damaged archives raise into one error.

    Raises:
        ValueError: If something is raised.
    """
    try:
        yield
    except _DAMAGE as error:
        kind = "damaged" if content[:2] == b"PK" else "no .npz file"
        raise ValueError(
            f"{what} must be a whole .npz file. Received: {str(path)!r}, which is {kind} "
            f"({len(content):,} bytes). {remedy}"
        ) from error


def names(content: bytes) -> list[str]:
    """The names of the arrays; none of what is no archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except _DAMAGE:
        return []


def arrays(content: bytes, wanted: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays by name, without arrays of Python objects, which reading would run.

    Args:
        content: the archive.
        wanted: the names to read; `None`: all.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = [(name.removesuffix(".npy"), name) for name in archive.namelist()]
        read = {n: archive.read(name) for n, name in found if wanted is None or n in wanted}
    return {n: np.load(io.BytesIO(part), allow_pickle=False) for n, part in read.items()}


def check_suffix(path: str | os.PathLike[str], what: str) -> pathlib.Path:
    """The path, checked to end in .npz.

    Raises:
        ValueError: If it does not.
    """
    check_path("path", path, "Pass e.g. 'reference.npz'.")
    if pathlib.Path(path).suffix != ".npz":
        raise ValueError(
            f"{what} is an .npz file. Received: path={str(path)!r}. Let it end in '.npz'."
        )
    return pathlib.Path(path)

"""Files that are written whole or not at all."""

import contextlib
import errno
import hashlib
import json
import os
import pathlib
import shutil
from collections.abc import Iterator

# A file that is being written has this in its name, before the suffix.
PARTIAL = ".partial"
_CHUNK = 1 << 20


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """A name beside `path` to write to, whose file takes its place when the block ends well.

    A reader, and whoever starts after a kill or a power cut, finds the old file or the new one:
    the new one is on the disk before it gets its name. It keeps the suffix of `path`. The name has
    the number of the process in it, so that two processes do not write to one file.

    Args:
        path: The file to be written or replaced, in a folder that exists.

    Yields:
        The name to write to.

    Raises:
        FileNotFoundError: If there is no such folder.
        OSError: If the file cannot be written; the old one is then still in its place.

    Example:
        >>> with replacing(folder / "samples.npy") as partial:
        ...     np.save(partial, samples)
    """
    path = pathlib.Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"A file is written into a folder that exists. Received: {path} in {path.parent}, "
            "which is none. Make the folder first."
        )
    partial = path.with_name(f"{path.stem}.{os.getpid()}{PARTIAL}{path.suffix}")
    try:
        yield partial
        put_in_place(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def digest(path: str | os.PathLike) -> str:
    """SHA-256 of a file, the first 16 hexadecimal digits."""
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()[:16]


def check_space(folder: str | os.PathLike, size: int) -> None:
    """Raise if so many bytes do not fit on a folder's disk.

    Call it before a library writes that fails badly half-way.

    Raises:
        OSError: ENOSPC, if they do not.
    """
    free = shutil.disk_usage(folder).free
    if size > free:
        reason = f"{os.strerror(errno.ENOSPC)}: {free:,} bytes free, for {size:,} bytes"
        raise OSError(errno.ENOSPC, reason, str(folder))


def put_in_place(partial: pathlib.Path, path: pathlib.Path) -> None:
    """Give a whole file of the same folder its name, once its content is on the disk."""
    _flush(partial)
    os.replace(partial, path)
    _flush_folder(path.parent)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file (UTF-8) whole or not at all; errors as for `replacing`."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike, content: object) -> None:
    """Write a JSON file whole or not at all; errors as for `replacing`."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def remove_partial(folder: str | os.PathLike) -> None:
    """Delete what killed writers have left below a folder that nobody else writes to."""
    for path in pathlib.Path(folder).rglob(f"*.*{PARTIAL}*"):
        path.unlink(missing_ok=True)


def _flush(path):
    # Windows flushes only what is open for writing.
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder):
    """Has the disk keep the new name too; Windows cannot open folders, and does it anyway."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

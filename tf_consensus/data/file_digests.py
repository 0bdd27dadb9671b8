"""A digest of named files' contents."""

import concurrent.futures
import hashlib
import os
import pathlib
from collections.abc import Iterable

_THREADS = 16
_BLOCK = 2**20
_CHUNK = 64


def digest_files(named: Iterable[tuple[str, str | os.PathLike]]) -> tuple[str, int]:
    """Return the SHA-256, in hex, of files' names, sizes and contents, and their total bytes.

    Several threads read every file once. A file that cannot be read counts by its name alone.

    Args:
        named: (name, path) of each file, in an order that does not depend on where the files are.
    """
    named = list(named)
    chunks = [named[first : first + _CHUNK] for first in range(0, len(named), _CHUNK)]
    whole, total = hashlib.sha256(), 0
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        for entries in pool.map(_entries, chunks):
            for size, entry in entries:
                whole.update(entry)
                total += size
    return whole.hexdigest(), total


def _entries(chunk):
    """Each file's size, and bytes made of its name, size and digest that no other file has."""
    entries = []
    for name, path in chunk:
        encoded = os.fsencode(name)
        size, digest = _digest(path)
        entry = b"%d:%b%d:%b" % (len(encoded), encoded, size, digest)
        entries.append((max(size, 0), entry))
    return entries


def _digest(path):
    """Size and SHA-256 of one file; -1 and nothing if it cannot be read."""
    path = pathlib.Path(path)
    digest, size = hashlib.sha256(), 0
    try:
        if not path.is_file():
            return -1, b""
        with open(path, "rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
    except OSError:
        return -1, b""
    return size, digest.digest()

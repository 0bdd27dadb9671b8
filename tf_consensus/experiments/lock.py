"""Lets only one process at a time write to a folder."""

import contextlib
import json
import os
import pathlib
import socket
import time
from collections.abc import Iterator

import filelock

from tf_consensus.experiments.errors import RunError
from tf_consensus.support.files import remove_partial, write_json

_LOCK, _HOLDER = ".lock", ".lock_holder.json"


@contextlib.contextmanager
def locked(folder: pathlib.Path) -> Iterator[None]:
    """Lock a folder for this process alone; make it if it is not there.

    Files that killed writers have left in it are deleted.

    The operating system holds the lock and releases it when the process ends, however it ends, so
    no lock outlives its holder.

    Raises:
        RunError: If another process holds it, or the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / _LOCK, blocking=False)
        lock.acquire()
    except filelock.Timeout as error:
        raise RunError(
            f"One process at a time may write to a folder. Received: {folder}, held by "
            f"{_holder(folder)}. Wait until it ends, stop it, or name another folder."
        ) from error
    except OSError as error:
        raise RunError(
            f"Results need a folder to write to. Received: {error.filename or folder} "
            f"({error.strerror or error}). Name another folder, change its permissions, or move "
            "away what is in the way."
        ) from error
    try:
        remove_partial(folder)
        started = time.strftime("%Y-%m-%d %H:%M:%S")
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": started}
        write_json(folder / _HOLDER, holder)
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / _HOLDER).unlink(missing_ok=True)
        lock.release()


def _holder(folder):
    """The holder of the lock, in words."""
    try:
        holder = json.loads((folder / _HOLDER).read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process, which has not written its number yet"

"""The files of a training run's backups: one per backup, written whole or not at all, and checked.

A backup is an HDF5 file as `keras.Model.save_weights` makes it, with weights, optimizer and
counters. One more entry is a JSON text of everything else: `Record`. The file's name holds the step
and a digest of the content, so a reader recognizes a damaged file before using anything from it.
"""

import contextlib
import json
import os
import pathlib
import re
import warnings

import h5py
import keras
import numpy as np

from tf_consensus.callbacks.backup_record import BackupError, Record, seeds_of
from tf_consensus.support.files import PARTIAL, check_space, digest, put_in_place

# The newest, and the one before it in case the disk damages the newest.
KEPT = 2
_ENTRY = "tf_consensus_backup"
_NAME = re.compile(r"step-(\d+)-([0-9a-f]{16})\.weights\.h5")
_STATE = "state"


def load(path: pathlib.Path, record: Record, model: keras.Model) -> None:
    """Put a backup's weights, optimizer, counters and seeds into the model."""
    model.load_weights(path)
    for generator, state in zip(seeds_of(model), record.seeds, strict=True):
        generator.state.assign(np.array(state, generator.state.dtype))


def write(folder: pathlib.Path, model: keras.Model, record: Record) -> None:
    """Add a backup, then delete all but the newest `KEPT`.

    Raises:
        OSError: If it cannot be written; the earlier ones are then still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{_STATE}.{os.getpid()}{PARTIAL}.weights.h5"
    try:
        _save(partial, model, record)
        path = folder / f"step-{record.step:08d}-{digest(partial)}.weights.h5"
        put_in_place(partial, path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    _prune(folder, path)


def newest(folder: pathlib.Path) -> tuple[pathlib.Path, Record] | None:
    """The newest whole backup, or `None` if the folder has no backup at all.

    If it is damaged, a warning names it and the one before it is used.

    Raises:
        BackupError: If there are backups and all are damaged, or the folder is no folder.
        OSError: If a backup cannot be read, as without permission.
    """
    damaged: list[pathlib.Path] = []
    for path in _backups(folder):
        record = _read(path)
        if record is not None:
            if damaged:
                warnings.warn(
                    f"A damaged backup is left out: {damaged[0]}. Training goes on from the one "
                    f"before it, {path.name}.",
                    stacklevel=3,
                )
            return path, record
        damaged.append(path)
    if damaged:
        raise BackupError(
            f"A backup must be the file that was written. Received: {folder} with "
            f"{', '.join(path.name for path in damaged)}, damaged. Delete the folder to train from "
            "the start, or restore it from a copy."
        )
    return None


def exist(folder: pathlib.Path) -> bool:
    """Whether the folder holds a backup, whole or damaged."""
    return bool(_backups(folder))


def delete(folder: pathlib.Path) -> None:
    """Delete all backups, the newest last, and the folder if nothing else is in it."""
    for path in reversed(_backups(folder)):
        if path.is_file():
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def prepare_folder(folder: pathlib.Path) -> None:
    """Make the folder and delete what killed writers have left; raise if it cannot be written to.

    Raises:
        BackupError: If it is a file, cannot be made, or this process may not write to it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackupError(
            f"`backup_dir` must be a folder, or a path for a new one. Received: {folder} "
            f"({error.strerror or error}). Pass another path."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BackupError(
            f"`backup_dir` must be a folder to write to. Received: {folder}, which is read-only. "
            "Change its permissions, or pass another path."
        )
    for path in folder.glob(f"{_STATE}.*{PARTIAL}.weights.h5"):
        path.unlink(missing_ok=True)


def _prune(folder, newest_path):
    """Deletes all but the backup just written and those right before it.

    Other backups with the same or a later step are damaged ones, which were left out.
    """
    files = [path for path in _backups(folder) if path.is_file()]
    earlier = [path for path in files if _step(path) < _step(newest_path)][: KEPT - 1]
    for path in files:
        if path not in (newest_path, *earlier):
            path.unlink(missing_ok=True)


def _step(path):
    return int(_parts(path)[0])


def _parts(path) -> tuple[str, str]:
    """The step and the digest in the name of a backup."""
    ((step, digest_of_file),) = _NAME.findall(path.name)
    return step, digest_of_file


def _save(path, model, record):
    text = json.dumps(record._asdict()).encode()
    check_space(path.parent, _size(model) + len(text))
    try:
        model.save_weights(path)
        with h5py.File(path, "r+") as file:
            file[_ENTRY] = np.frombuffer(text, np.uint8)
    except RuntimeError as error:
        # HDF5 raises these if closing a file fails, as on a full disk.
        raise OSError(f"{path} cannot be written: {error}") from error


def _size(model):
    """Bytes that an HDF5 file of the model takes, and some more."""
    variables = [*model.weights, *model.optimizer.variables]
    return sum(x.numpy().nbytes for x in variables) + (len(variables) << 12) + (1 << 16)


def _read(path):
    """The record of a backup; `None` if the file is damaged, or not a backup of this version."""
    if not path.is_file() or digest(path) != _parts(path)[1]:
        return None
    with h5py.File(path) as file:
        entry = file.get(_ENTRY)
        content = {} if entry is None else json.loads(bytes(entry[()]))
    return Record(**content) if set(content) == set(Record._fields) else None


def _backups(folder):
    """The paths of all backups, the newest first."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=_step, reverse=True)

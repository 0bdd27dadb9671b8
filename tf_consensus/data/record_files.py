"""Random access to the records of TFRecord files on a local disk."""

import concurrent.futures
import hashlib
import os
import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_consensus.data.crc32c import masked_crc32c

# A record: its length (8 bytes), a checksum of that (4), the data, a checksum of the data (4).
_HEADER, _FOOTER = 12, 4
_THREADS = 16


class RecordRange(NamedTuple):
    """Records `skip` … `skip + take` - 1 of the file `path`.

    Attributes:
        path: The file.
        skip: Number of records to leave out.
        take: Number of records wanted.
        total: Number of records that the file must hold; None if that is not known.
    """

    path: str
    skip: int
    take: int
    total: int | None = None


class RecordFiles:
    """A sequence of the records of TFRecord files.

    Opening reads only the records' headers and checksums, of several files at a time: one short
    read per record. Reading a record opens its file anew, so a thousand files do not need a
    thousand descriptors, and compares the checksum.

    Args:
        ranges: The files in order, each with the part wanted.

    Raises:
        ValueError: If a file is shorter or longer than its headers say, or a header is damaged.
        OSError: If a file cannot be read.

    Example:
        >>> records = RecordFiles([RecordRange("train.tfrecord", 0, 10)])
        >>> tf.train.Example.FromString(records[3])

    Reference:
        https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
    """

    def __init__(self, ranges: Sequence[RecordRange]) -> None:
        self._paths = [part.path for part in ranges]
        with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
            places = list(pool.map(_places, ranges))
        # The offset, length and checksum of each record's data.
        self._places = np.concatenate(places) if places else np.empty((0, 3), np.int64)
        self._file = np.repeat(np.arange(len(ranges)), [len(part) for part in places])

    def __len__(self):
        return len(self._places)

    def __getitem__(self, index: int) -> bytes:
        offset, length, checksum = self._places[index].tolist()
        path = self._paths[self._file[index]]
        with open(path, "rb", buffering=0) as file:
            file.seek(offset)
            data = file.read(length)
        if masked_crc32c(data) != checksum:
            raise ValueError(f"the checksum of its record in {path} does not match")
        return data

    @property
    def size(self) -> int:
        """Number of bytes of all records' data."""
        return int(self._places[:, 1].sum())

    def digest(self) -> str:
        """Return a digest of all records' lengths and checksums, wherever the files are."""
        return hashlib.sha256(self._places[:, 1:].astype("<i8").tobytes()).hexdigest()


def unreadable(path: str, reason: Exception | str | None) -> OSError:
    """Return the error for a file of a data set that cannot be read."""
    return OSError(
        f"A file of a data set must be readable. Received: {path}: {reason}. Allow reading it, or "
        "delete the data set and prepare it again."
    )


def _places(part: RecordRange) -> np.ndarray:
    try:
        return _scan(part)
    except OSError as error:
        raise unreadable(part.path, error.strerror) from error


def _scan(part: RecordRange) -> np.ndarray:
    """Offset, length and checksum of the data of each record wanted, (take, 3)."""
    places = np.empty((part.take, 3), np.int64)
    offset, wanted = 0, part.skip + part.take
    with open(part.path, "rb", buffering=0) as file:
        end = os.fstat(file.fileno()).st_size
        header = file.read(_HEADER)
        for number in range(wanted):
            length = struct.unpack("<Q", header[:8])[0] if len(header) == _HEADER else end
            after = offset + _HEADER + length
            if after + _FOOTER > end:
                raise ValueError(_damaged(part.path, f"{end} bytes, ends in record {number}"))
            if masked_crc32c(header[:8]) != struct.unpack("<I", header[8:])[0]:
                raise ValueError(_damaged(part.path, f"{end} bytes, is damaged in record {number}"))
            file.seek(after)
            following = file.read(_FOOTER + _HEADER)
            if number >= part.skip:
                (checksum,) = struct.unpack("<I", following[:_FOOTER])
                places[number - part.skip] = offset + _HEADER, length, checksum
            offset, header = after + _FOOTER, following[_FOOTER:]
    if wanted == part.total and offset != end:
        raise ValueError(_damaged(part.path, f"{end} bytes, goes on after record {number}"))
    return places


def _damaged(path, what):
    return (
        f"A file must hold all its records and nothing else. Received: {path}, which, of {what}. "
        "Delete the data set and prepare it again."
    )

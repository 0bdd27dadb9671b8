"""Random access to the records of TFRecord files on a local disk."""

import concurrent.futures
import os
import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# A record: its length (8 bytes), a checksum of that (4), the data, a checksum of the data (4).
_HEADER, _FOOTER = 12, 4
_THREADS = 16


class RecordRange(NamedTuple):
    """Records `skip` … `skip + take` - 1 of the file `path`."""

    path: str
    skip: int
    take: int


class RecordFiles:
    """A sequence of TFRecord files' records.

    Opening reads the records' headers alone, of several files at a time: one short read a record.
    Reading opens the file anew, so that a thousand files need no thousand descriptors.

    Args:
        ranges: The files in order, with the part wanted of each.

    Raises:
        ValueError: If a file is shorter than its headers say.

    Example:
        >>> records = RecordFiles([RecordRange("train.tfrecord", 0, 10)])
        >>> tf.train.Example.FromString(records[3])

    Reference:
        https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
    """

    def __init__(self, ranges: Sequence[RecordRange]):
        self._paths = [part.path for part in ranges]
        with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
            places = list(pool.map(_places, ranges))
        self._places = np.concatenate(places) if places else np.empty((0, 2), np.int64)
        self._file = np.repeat(np.arange(len(ranges)), [len(part) for part in places])

    def __len__(self):
        return len(self._places)

    def __getitem__(self, index: int) -> bytes:
        offset, length = self._places[index].tolist()
        with open(self._paths[self._file[index]], "rb", buffering=0) as file:
            file.seek(offset)
            return file.read(length)


def _places(part: RecordRange) -> np.ndarray:
    """Offset and length of the data of each record wanted, (take, 2)."""
    places = np.empty((part.take, 2), np.int64)
    end = os.path.getsize(part.path)
    with open(part.path, "rb", buffering=0) as file:
        offset = 0
        for number in range(part.skip + part.take):
            file.seek(offset)
            header = file.read(8)
            length = struct.unpack("<Q", header)[0] if len(header) == 8 else end
            if offset + _HEADER + length + _FOOTER > end:
                raise ValueError(
                    f"A file must hold all its records. Received: {part.path} of {end} bytes, "
                    f"which ends in record {number}. Delete the data set and prepare it again."
                )
            if number >= part.skip:
                places[number - part.skip] = offset + _HEADER, length
            offset += _HEADER + length + _FOOTER
    return places

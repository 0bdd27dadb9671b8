"""The file of the reference Inception, which the library does not contain."""

import os
import pathlib

from tf_consensus.support.checks import check_path

HOW_TO_GET_IT = (
    "It is the file classify_image_graph_def.pb of inception-2015-12-05.tgz, 88,931,400 bytes, "
    "which TensorFlow publishes: download "
    "https://storage.googleapis.com/download.tensorflow.org/models/image/imagenet/"
    "inception-2015-12-05.tgz, unpack it, and pass the path of the file."
)
# The file has 96 MB.
_LARGEST_FILE = 2**28


def read(path: str | os.PathLike[str]) -> bytes:
    """The file's bytes.

    Raises:
        FileNotFoundError: if it is not there; the message says how to get it.
        OSError: if it cannot be read.
        ValueError: if it is no path, or too large.
    """
    check_path("path", path, HOW_TO_GET_IT)
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(
            "The reference Inception is a file that tf_consensus does not contain. Received: "
            f"path={str(path)!r}, where there is no file. {HOW_TO_GET_IT}"
        )
    if not path.is_file():
        raise IsADirectoryError(
            f"The reference Inception is a file. Received: path={str(path)!r}, which is no file. "
            f"{HOW_TO_GET_IT}"
        )
    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError(
            f"The reference Inception has 96 MB. Received: path={str(path)!r} of "
            f"{path.stat().st_size / 1e6:,.0f} MB. {HOW_TO_GET_IT}"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise OSError(
            f"The reference Inception must be readable. Received: path={str(path)!r}, "
            f"{error.strerror}. Check its permissions and the disk."
        ) from error

"""Pictures are written whole or not at all, in the format of their suffix."""

import os
import pathlib
from collections.abc import Callable, Collection

from tf_consensus.support.checks import check_path
from tf_consensus.support.files import replacing


def save(
    path: str | os.PathLike, suffixes: Collection[str], write: Callable[[pathlib.Path], None]
) -> None:
    """Writes a picture beside its place, and puts it there when it is whole.

    Args:
        path: Where it goes, in a folder that exists.
        suffixes: Those that can be written, such as ".png".
        write: Writes to a path of the same suffix.

    Raises:
        OSError: If there is no such folder, there is a folder in its place, or it cannot be
            written; what was there before stays.
        ValueError: If `path` is not a path, or has another suffix.
    """
    path = pathlib.Path(check_path("path", path, "Pass e.g. 'picture.png'."))
    if path.suffix.lower() not in suffixes:
        raise ValueError(
            f"A picture's suffix says its format. Received: path={str(path)!r}. Let it end in one "
            f"of {', '.join(sorted(suffixes))}."
        )
    if path.is_dir():
        raise IsADirectoryError(
            f"A picture needs a place of its own. Received: path={str(path)!r}, which is a folder. "
            "Name a file in it."
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"A picture goes into a folder that exists. Received: path={str(path)!r}. Make "
            f"{str(path.parent)!r} first."
        )
    with replacing(path) as partial:
        write(partial)

"""The splits of a folder of images, which the names of its files decide."""

import pathlib
import zlib
from collections import defaultdict

SPLITS = ("train", "rest", "held_out")
# One of this many images is held out.
_HELD_OUT = 10


def files_of_split(root: pathlib.Path, files: list[pathlib.Path], split: str) -> list[pathlib.Path]:
    """Return the files of a split, in their order.

    Args:
        root: The folder.
        files: All of its images, relative to it.
        split: "train", all images; "held_out", a tenth of each sub-folder, chosen by the names;
            "rest", all others.

    Raises:
        ValueError: If the split is unknown, or there are too few images to hold some out.
    """
    if split not in SPLITS:
        inside = root / split if split and (root / split).is_dir() else None
        raise ValueError(
            "A folder of images has the splits train, which is all of it, held_out, a tenth, "
            f"and rest, all others. Received: split={split!r}. Pass one of these"
            f"{f', or the sub-folder: folder:{inside}' if inside else ''}."
        )
    if split == "train":
        return files
    held_out = _held_out(files)
    if not held_out:
        raise ValueError(
            f"To hold some out, a sub-folder of images must have at least {_HELD_OUT}. Received: "
            f"folder:{root}, with {len(files)} images. Add images, or measure by another folder."
        )
    return [file for file in files if (file in held_out) == (split == "held_out")]


def _held_out(files):
    groups = defaultdict(list)
    for file in files:
        groups[file.parent].append(file)
    held_out = set()
    for group in groups.values():
        group.sort(key=lambda file: zlib.crc32(file.as_posix().encode(errors="surrogateescape")))
        held_out.update(group[: len(group) // _HELD_OUT])
    return held_out

"""Chooses the real images that scores compare with, and those that are left to train on."""

import pathlib
from typing import Any

FOLDER = "folder:"
_TEST = ("test", "val", "valid", "validation")


def parts_of(dataset: str) -> tuple[str, str | None]:
    """The data sets to train on and to measure by, as a folder's sub-folders say.

    Args:
        dataset: A name for `data.images`.

    Returns:
        `folder:PATH/train` and `folder:PATH/test` (or val, valid, validation) if the folder has
        both; else the data set itself and `None`.
    """
    if not dataset.startswith(FOLDER):
        return dataset, None
    root = pathlib.Path(dataset.removeprefix(FOLDER)).expanduser()
    test = folder_to_measure_by(root / "train")
    if test is None or not (root / "train").is_dir():
        return dataset, None
    return f"{FOLDER}{root / 'train'}", f"{FOLDER}{test}"


def folder_to_measure_by(train: pathlib.Path) -> pathlib.Path | None:
    """The folder to measure by, beside the one to train on; `None` if there is none."""
    return next((train.parent / name for name in _TEST if (train.parent / name).is_dir()), None)


def choose_test(
    runs: list[dict[str, Any]], measure: str | None, split: str | None, scored: bool
) -> tuple[str, str]:
    """The data set and the split to measure by; the runs' settings then leave out what is held out.

    If a folder has no part of its own for measuring, a tenth of it is held out.

    Args:
        runs: Settings; "split" is added to those that train on the rest of a folder.
        measure: The data set to measure by, if it is not the one to train on.
        split: The split that the user asks for.
        scored: Whether there are scores that need real images.
    """
    dataset = runs[0]["dataset"]
    if measure is not None:
        return measure, split or "train"
    if not dataset.startswith(FOLDER):
        return dataset, split or "test"
    split = split or "held_out"
    if scored and split == "held_out":
        for run in runs:
            run["split"] = "rest"
    return dataset, split

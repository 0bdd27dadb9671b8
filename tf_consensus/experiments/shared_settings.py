"""Settings of examples that keep the settings of all their runs in the folder above."""

import pathlib
import re
from typing import Any

from tf_consensus.experiments.files import read_json
from tf_consensus.experiments.settings import SETTINGS

# For each example the lists that its runs combine, and the name of one entry of each. A folder's
# name has one entry of each list in this order, and the seed.
KNOWN = {
    "mixture_of_gaussians": {"optimizer": "method"},
    "toy_2d": {"method": "method", "target": "target"},
}
_NAME = re.compile(r"(.+)-seed(\d+)")


def settings_path(folder: pathlib.Path) -> pathlib.Path:
    """The folder with the settings of a run: its own, or else the one above."""
    own = folder / SETTINGS
    return own if own.exists() else folder.absolute().parent / SETTINGS


def shared_settings(folder: pathlib.Path, remedy: str) -> dict[str, Any] | None:
    """The settings of one of several runs, without those of the others; `None` if there are none.

    Args:
        folder: Folder of the run.
        remedy: A sentence that says what to do if the settings above it are damaged.

    Raises:
        RunError: If they are.
    """
    place = folder.absolute()
    named, path = _NAME.fullmatch(place.name), place.parent / SETTINGS
    if named is None or not path.exists():
        return None
    found = read_json(path, remedy)
    example = found.get("example") if isinstance(found, dict) else None
    if not isinstance(example, str) or example not in KNOWN:
        return None
    lists, parts = KNOWN[example], named[1].split("-")
    if len(parts) != len(lists):
        return None
    rest = {key: value for key, value in found.items() if key not in (*lists, "seeds", "example")}
    own = dict(zip(lists.values(), parts, strict=True))
    return {"experiment": example, **own, "seed": int(named[2]), **rest}

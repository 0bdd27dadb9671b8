"""All runs of a folder of results, those of earlier commands too."""

import pathlib
from collections.abc import Sequence
from typing import Any

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families.presets import DEFAULT_MODEL
from tf_consensus.experiments.files import read_json
from tf_consensus.experiments.settings import SETTINGS


def check_model(output: pathlib.Path, model: str) -> None:
    """Raise if a folder of results has runs of another model.

    Args:
        output: The folder; it need not be there.
        model: The model to train, as `--model` names it.

    Raises:
        RunError: If so: their pages and tables would say nothing side by side.
    """
    for folder in _folders(output):
        found = known_settings(folder)
        if found and found.get("model", DEFAULT_MODEL) != model:
            raise RunError(
                f"The runs in a folder are of one model. Received: {output} for {model}, with "
                f"{folder.name} of {found.get('model', DEFAULT_MODEL)}. Name another --output_dir."
            )


def with_earlier(output: pathlib.Path, own: Sequence[pathlib.Path]) -> list[pathlib.Path]:
    """The folders of all runs of a folder of results.

    Args:
        output: The folder of results.
        own: Folders of the runs of this command, in its order.

    Returns:
        These alone in their order, or with those of earlier commands by their names and seeds.
    """
    names = {folder.name for folder in own}
    earlier = [folder for folder in _folders(output) if folder.name not in names]
    return sorted([*own, *earlier], key=_place) if earlier else list(own)


def known_settings(folder: pathlib.Path) -> dict[str, Any]:
    """The settings of a run; empty if they are not there, or damaged."""
    try:
        found = read_json(folder / SETTINGS, "Restore it from a copy.")
    except (RunError, OSError):
        return {}
    return found if isinstance(found, dict) else {}


def _folders(output):
    return sorted(path.parent for path in output.glob(f"*/{SETTINGS}"))


def _place(folder):
    name, _, seed = folder.name.rpartition("-seed")
    return (name, int(seed)) if seed.isdecimal() else (folder.name, 0)

"""Reads the settings of a run before TensorFlow is imported, and says what kind of run it is."""

import json
import pathlib
from typing import Any

from tf_consensus.cli.messages import UsageError
from tf_consensus.experiments.families.presets import kind_of

_SETTINGS = "settings.json"
# The keys, of all that `resolving.resolve` returns, that the settings of a run on images must have.
_IMAGE_KEYS = ("network", "dataset", "image_size", "channels", "latent_dim", "batch_size")
_POINTS = "mixture_of_gaussians"


def settings_and_kind(path: pathlib.Path) -> tuple[dict[str, Any], str]:
    """The settings of the run of a folder, and its kind, as `finding.FoundRun` has it.

    Raises:
        UsageError: If they are missing, damaged, or those of another program.
    """
    own, above = path / _SETTINGS, path.absolute().parent / _SETTINGS
    if own.exists():
        settings = read_settings(own)
        if isinstance(settings.get("model"), str):
            return settings, kind_of(settings["model"])
        if all(key in settings for key in _IMAGE_KEYS):
            return settings, "images"
    elif above.exists() and read_settings(above).get("example") == _POINTS:
        return read_settings(above), "points"
    raise UsageError(
        f"A run needs the settings of a run on images. Received: {path}, "
        f"{'with settings of another program' if own.exists() else 'without settings.json'}. "
        "Restore the file from a copy, or name a run of `tf-consensus train`."
    )


def read_settings(path: pathlib.Path) -> dict[str, Any]:
    """The settings that a file holds.

    Raises:
        UsageError: If it is damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        what = "of another form"
    except (OSError, ValueError, RecursionError) as error:
        found, what = None, getattr(error, "strerror", None) or "damaged"
    if isinstance(found, dict):
        return found
    raise UsageError(
        f"settings.json must be what the run has written. Received: {path}, {what.lower()}. "
        "Restore it from a copy."
    )

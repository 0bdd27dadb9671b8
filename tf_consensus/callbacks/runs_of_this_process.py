"""Where the runs of this process began, for a `fit` that is called again after Ctrl-C."""

import pathlib
import weakref
from typing import Any, NamedTuple

import keras

from tf_consensus.callbacks.run_settings import settings_of


class Start(NamedTuple):
    """How a run began in this process.

    Attributes:
        folder: Folder of its backups.
        step: The model's step at the start.
        settings: Optimizer, game and more, as they were at the start: schedules of rates change
            them.
        ended: Whether the run has ended as planned.
    """

    folder: pathlib.Path
    step: int
    settings: dict[str, Any]
    ended: bool


_STARTS: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def start_of(model: keras.Model, folder: pathlib.Path, more: Any) -> Start:
    """How the run of a model began: an interrupted one goes on, any other begins now.

    Args:
        model: The compiled model, not yet restored.
        folder: Folder of the run's backups.
        more: Further settings, as for `SafeBackup`.
    """
    folder, known = folder.resolve(), _STARTS.get(model.optimizer)
    if known is not None and known.folder == folder and not known.ended:
        settings = {**known.settings, "settings": settings_of(model, more)["settings"]}
        return known._replace(settings=settings)
    ended = known is not None and known.folder == folder
    step = int(model.optimizer.iterations.numpy())
    start = Start(folder, step, settings_of(model, more), ended=False)
    _STARTS[model.optimizer] = start
    return start._replace(ended=ended)


def end(model: keras.Model) -> None:
    """Note that the run of a model has ended as planned."""
    start = _STARTS.get(model.optimizer)
    if start is not None:
        _STARTS[model.optimizer] = start._replace(ended=True)

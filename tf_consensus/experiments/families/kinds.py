"""The kinds of families: which functions make the game of a model's name."""

from typing import Any

from tf_consensus.experiments.families import labels, pairs, sequences, tables
from tf_consensus.experiments.families.game import FamilyRequest, Game, Settings
from tf_consensus.experiments.families.presets import kind_of

_KINDS: dict[str, Any] = {
    "pairs": pairs,
    "labels": labels,
    "table": tables,
    "sequences": sequences,
}


def prepare(settings: Settings, request: FamilyRequest) -> Game:
    """The game of a run.

    Raises:
        RunError: If its data are not there, or do not fit its settings.
    """
    return _kind_of(settings).prepare(settings, request)


def fingerprints(settings: Settings, request: FamilyRequest) -> dict[str, Any]:
    """What tells the data that a run is trained on from others, fit for JSON.

    Raises:
        RunError: If they are not there.
    """
    return _kind_of(settings).fingerprints(settings, request)


def _kind_of(settings):
    return _KINDS[kind_of(settings["model"])]

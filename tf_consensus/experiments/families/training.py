"""Trains one run of a family, from its backup if there is one, to its result."""

import pathlib
from typing import Any

import keras

from tf_consensus.callbacks import SafeBackup, StopWhenDiverged
from tf_consensus.experiments.captions import write_captions
from tf_consensus.experiments.clock import Clock
from tf_consensus.experiments.estimate import Estimate
from tf_consensus.experiments.families.game import FamilyRequest, Game, Settings
from tf_consensus.experiments.families.kinds import prepare
from tf_consensus.experiments.image_results import course_of
from tf_consensus.experiments.log import RunLog, read_log
from tf_consensus.experiments.pages import write_made, write_page
from tf_consensus.experiments.report.live import LiveReport
from tf_consensus.experiments.result import check_model, read_result, write_result
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.support.files import replacing

MODEL, GENERATOR = "model.keras", "generator.keras"


def ready(settings: Settings, request: FamilyRequest) -> Game:
    """The game of a run; global seeds are set first, for layers that take none.

    Raises:
        RunError: If the data are not there, or do not fit the settings.
    """
    keras.utils.set_random_seed(settings["seed"])
    return prepare(settings, request)


def train(
    game: Game,
    settings: Settings,
    folder: pathlib.Path,
    request: FamilyRequest,
    known: dict[str, Any],
) -> None:
    """Train one run and write its result.

    It goes on from its backup if there is one, else from the model that a run of fewer steps has
    left. The backup is deleted when everything else is in its place.

    Args:
        game: What `ready` made of its settings.
        settings: Its settings.
        folder: Its folder.
        request: How to train it.
        known: All that determines the results, except the steps.

    Raises:
        DivergedError: If losses or weights are no longer finite.
        RunError: If the model or the log to go on from is damaged.
    """
    model = game.model
    model.optimizer.build(model.trainable_variables)
    backup = SafeBackup(folder / "backup", delete_checkpoint=False, settings=known)
    if (folder / MODEL).exists() and not backup.exists():
        check_model(folder / MODEL, read_result(folder))
        model.load_weights(folder / MODEL)
    stream = game.stream(model.optimizer.iterations)
    folder.mkdir(parents=True, exist_ok=True)
    write_made(folder, request.command)
    write_captions(folder, game.captions)
    epoch = min(settings["eval_every"], settings["steps"])
    log = RunLog(folder / "log.csv", backup, evaluate=game.evaluate)
    model.fit(
        stream,
        epochs=settings["steps"] // epoch,
        initial_epoch=int(model.optimizer.iterations.numpy()) // epoch,
        steps_per_epoch=epoch,
        shuffle=False,
        verbose=request.verbose,
        callbacks=[
            Clock(log),
            StopWhenDiverged(),
            *game.pictures(folder),
            *([game.evaluate] if game.evaluate else []),
            log,
            Estimate(settings["steps"]),
            LiveReport(folder),
            backup,
        ],
    )
    _save(model, folder)
    scores = game.finish(model, folder)
    write_result(folder, result_of(settings, folder) | scores, [MODEL, GENERATOR])
    write_page(folder)
    backup.delete()


def result_of(
    settings: Settings, folder: pathlib.Path, diverged: str | None = None
) -> dict[str, Any]:
    """The run's numbers, without its scores.

    Args:
        settings: Its settings.
        folder: Its folder, with the log.
        diverged: How it has diverged, if it has.
    """
    keys = ("name", "model", "method", "seed", "gamma", "learning_rate")
    known = {key: settings[key] for key in keys}
    return known | {"diverged": diverged} | course_of(read_log(folder / "log.csv"))


def _save(model, folder):
    """Save the model to go on from, and the generator with averaged weights, if there are any."""
    with replacing(folder / MODEL) as partial:
        model.save(partial)
    with averaged_weights(model), replacing(folder / GENERATOR) as partial:
        model.generator.save(partial)

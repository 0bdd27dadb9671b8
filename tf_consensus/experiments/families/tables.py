"""Runs of `TableGAN`: their table, networks, pictures, rows and scores."""

import pathlib
from functools import partial
from typing import Any

import keras
import numpy as np

from tf_consensus import data, metrics, networks
from tf_consensus.data.table_conditions import Conditions
from tf_consensus.experiments.errors import of_the_user
from tf_consensus.experiments.families.game import FamilyRequest, Game, Settings
from tf_consensus.experiments.families.step_pictures import StepPictures
from tf_consensus.experiments.families.table_files import write_table
from tf_consensus.experiments.families.table_pictures import draw_marginals
from tf_consensus.experiments.families.table_source import Columns, Rows, read_rows
from tf_consensus.experiments.image_runs import make_optimizer, make_penalties
from tf_consensus.models.table_gan import TableGAN
from tf_consensus.support.files import digest

GENERATED, MARGINALS = "generated.csv", "marginals.png"
# The accuracies of `metrics.TransferAccuracy`, by their names in a run's result.
ACCURACIES = {
    "generated": "accuracy",
    "real": "accuracy_of_real_rows",
    "majority": "accuracy_of_the_majority",
}
# Rows that are made for a picture while a model trains.
_SHOWN = 1000


def prepare(settings: Settings, request: FamilyRequest) -> Game:
    """The game of a run on a table.

    Raises:
        RunError: If the table is not there, cannot be learned, or fits no networks.
    """
    rows = read_rows(settings)
    with of_the_user("the table and --max_modes"):
        table = rows.table(settings["max_modes"])
    with of_the_user("--width, --depth, --pack, --temperature, --conditional"):
        model = make_model(settings, table, request.jit)

    def draw(model, path):
        made = model.generate(_SHOWN, seed=settings["seed"])
        draw_marginals(rows.held_out, made, rows.categorical, path)

    return Game(
        model,
        lambda start: table.batches(
            settings["batch_size"], settings["seed"], start, settings["conditional"]
        ),
        lambda folder: [StepPictures(folder / "samples", draw)],
        partial(_finish, settings, rows),
    )


def fingerprints(settings: Settings, request: FamilyRequest) -> dict[str, Any]:
    """What tells a CSV file from others."""
    del request
    path = pathlib.Path(settings["dataset"]).expanduser()
    return {"data": digest(path)} if path.is_file() else {}


def make_model(settings: Settings, table: data.Table, jit: bool | str | None) -> TableGAN:
    """The compiled game on a table; by default XLA compiles it."""
    size = {key: settings[key] for key in ("width", "depth", "seed")}
    conditional, pack = settings["conditional"], settings["pack"]
    width = table.description.width
    beside = Conditions(table.description).width if conditional else 0
    latent_dim = settings["latent_dim"] + beside
    generator = networks.build("mlp", data_dim=width, latent_dim=latent_dim, **size)[0]
    discriminator = networks.build("mlp", data_dim=pack * (width + beside), **size)[1]
    model = TableGAN(
        table,
        generator,
        discriminator,
        objective=settings["objective"],
        penalties=make_penalties(settings),
        temperature=settings["temperature"],
        pack=pack,
        conditional=conditional,
        seed=settings["seed"],
    )
    model.compile(optimizer=make_optimizer(settings), jit_compile=True if jit is None else jit)
    return model


def scores(made: Columns, rows: Rows) -> dict[str, Any]:
    """The scores of made rows against the held-out ones.

    Args:
        made: Columns of rows that a model has made, or of the training rows.
        rows: The table.
    """
    real, named = rows.held_out, rows.categorical
    marginals = metrics.marginal_distances(real, made, named)
    found = {
        "marginals": marginals,
        "mean_marginal": float(np.mean(list(marginals.values()))),
    }
    if len(real) > 1:
        found["correlation_difference"] = metrics.correlation_difference(real, made, named)
    if len(real) > 1 and rows.target is not None:
        accuracy = metrics.transfer_accuracy(rows.trained, made, real, rows.target, named)
        found |= accuracy._asdict()
    return found


def _finish(
    settings: Settings, rows: Rows, model: keras.Model, folder: pathlib.Path
) -> dict[str, Any]:
    """Leave as many made rows as were trained on, and their marginals; return their scores."""
    number = len(next(iter(rows.trained.values())))
    made = model.generate(number, seed=settings["seed"])
    write_table(made, folder / GENERATED)
    found = scores(made, rows)
    picture = folder / MARGINALS
    draw_marginals(rows.held_out, made, rows.categorical, picture, found["marginals"])
    return {ACCURACIES.get(key, key): value for key, value in found.items()}

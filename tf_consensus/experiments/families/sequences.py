"""Runs of `StructuredGAN` on sequences: their networks, pictures, files and scores."""

import pathlib
from functools import partial
from typing import Any

import keras

from tf_consensus import networks
from tf_consensus.callbacks import EvaluateGAN
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.families.game import FamilyRequest, Game, Settings
from tf_consensus.experiments.families.presets import WAVES
from tf_consensus.experiments.families.sequence_files import SEQUENCES, parts_of, write_sequences
from tf_consensus.experiments.families.sequence_pictures import draw
from tf_consensus.experiments.families.sequence_scores import SequenceScores
from tf_consensus.experiments.families.sequence_source import (
    Sequences,
    in_own_units,
    read_source,
)
from tf_consensus.experiments.families.step_pictures import StepPictures
from tf_consensus.experiments.image_runs import make_optimizer, make_penalties
from tf_consensus.experiments.log import read_log
from tf_consensus.models.structured_gan import StructuredGAN
from tf_consensus.support.files import digest

# Without their ending, which is .npz where samples have numbers.
GENERATED, PICTURE = "generated", "sequences.png"
CONVOLUTIONS = "sequence_conv"
# Sequences that are made for a picture while a model trains.
_SHOWN = 500


def prepare(settings: Settings, request: FamilyRequest) -> Game:
    """The game of a run on sequences.

    Raises:
        RunError: If the sequences are not there or fit no networks, a batch is too large, or XLA is
            asked for and cannot compile them.
    """
    found = read_source(settings)
    with of_the_user("--batch_size"):
        found.stream(0)
    with of_the_user("--length, --latent_dim, --width and the times"):
        model = make_model(settings, request.jit)
    scores = SequenceScores(found.compare.names, found.compare)
    return Game(
        model,
        found.stream,
        lambda folder: [StepPictures(folder / "samples", partial(_draw_some, settings, found))],
        partial(_finish, settings, found),
        EvaluateGAN([scores], settings["samples"], seed=settings["seed"], report=None),
    )


def fingerprints(settings: Settings, request: FamilyRequest) -> dict[str, Any]:
    """What tells a file from others."""
    del request
    if settings["dataset"] == WAVES:
        return {}
    return {"data": digest(pathlib.Path(settings["dataset"]).expanduser())}


def make_model(settings: Settings, jit: bool | str | None) -> StructuredGAN:
    """The compiled game; XLA compiles it on a GPU by default, if it can.

    Raises:
        RunError: If XLA is asked for, and recurrent layers are loops.
    """
    looped = settings["network"] != CONVOLUTIONS and not settings["unroll"]
    if looped and jit is True:
        raise RunError(
            "XLA takes recurrent layers that are written out. Received: XLA for "
            f"{settings['network']} without --unroll. Add --unroll, or leave XLA out."
        )
    model = StructuredGAN(
        *make_networks(settings),
        objective=settings["objective"],
        penalties=make_penalties(settings),
        seed=settings["seed"],
    )
    usual = False if looped else "auto"
    model.compile(optimizer=make_optimizer(settings), jit_compile=usual if jit is None else jit)
    return model


def make_networks(settings: Settings) -> tuple[keras.Model, keras.Model]:
    """The generator and the discriminator of sequences, or of waves with their two numbers."""
    size = {key: settings[key] for key in ("length", "latent_dim", "seed")}
    if settings["network"] == CONVOLUTIONS:
        size["filters"] = settings["width"]
    else:
        size |= {"units": settings["width"], "unroll": settings["unroll"]}
    build = partial(networks.build, settings["network"], **size)
    generator, discriminator = build(features=settings["features"])
    if not settings["with_numbers"]:
        return generator, discriminator
    discriminator = build(features=3)[1]
    layers, latents = keras.layers, keras.Input((settings["latent_dim"],))
    numbers = layers.Dense(2)(layers.Dense(settings["width"], "tanh")(latents))
    wave = keras.Input((settings["length"], 1), name="wave")
    own = keras.Input((2,), name="numbers")
    together = layers.Concatenate()([wave, layers.RepeatVector(settings["length"])(own)])
    made = {"wave": generator(latents), "numbers": numbers}
    judged = keras.Model({"wave": wave, "numbers": own}, discriminator(together))
    return keras.Model(latents, made), judged


def _draw_some(
    settings: Settings, found: Sequences, model: keras.Model, path: pathlib.Path
) -> None:
    made = parts_of(model.generate(_SHOWN, seed=settings["seed"]))[SEQUENCES]
    _draw(settings, found, made, path)


def _draw(settings, found, made, path):
    real, made = (in_own_units(x, settings) for x in (found.compare.real, made))
    draw(real, made, path, waves=settings["dataset"] == WAVES)


def _finish(
    settings: Settings, found: Sequences, model: keras.Model, folder: pathlib.Path
) -> dict[str, Any]:
    """Leave made sequences and a picture; return the last scores, and those of true sequences."""
    parts = parts_of(model.generate(settings["samples"], seed=settings["seed"]))
    _draw(settings, found, parts[SEQUENCES], folder / PICTURE)
    parts[SEQUENCES] = in_own_units(parts[SEQUENCES], settings)
    write_sequences(parts, folder / f"{GENERATED}{'.npz' if len(parts) > 1 else '.npy'}")
    log = read_log(folder / "log.csv")
    last = {name: float(log[name][-1]) for name in found.compare.names}
    true = found.compare(found.others)
    return last | {f"{name}_of_true_{found.unit}": value for name, value in true.items()}

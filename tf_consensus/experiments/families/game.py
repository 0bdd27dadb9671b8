"""What a session needs to know of a family: how to make its game, its data and its pictures."""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.callbacks import EvaluateGAN

Settings = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Game:
    """A compiled model with all that a run of it needs.

    Attributes:
        model: The compiled model.
        stream: Makes the endless stream of batches, from the number of the first batch, an integer
            variable.
        pictures: Callbacks that save pictures into the run's folder.
        finish: Called with the trained model and the run's folder; leaves pictures and files there,
            and returns scores by name that JSON can hold.
        captions: What rows and columns of the pictures are, by the picture, as `captions` says.
        evaluate: Puts scores into the log after each epoch, if the family has such.
    """

    model: keras.Model
    stream: Callable[[tf.Variable], tf.data.Dataset]
    pictures: Callable[[pathlib.Path], Sequence[keras.callbacks.Callback]]
    finish: Callable[[keras.Model, pathlib.Path], dict[str, Any]]
    evaluate: EvaluateGAN | None = None
    captions: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class FamilyRequest:
    """Runs of one family, and how to train them; only `runs` changes a result.

    Attributes:
        runs: Pairs of a run's folder and of its settings, which have the "model", the "seed" and
            the "name" of the run.
        output: Folder of all results.
        command: What was typed, to be repeated with --resume.
        resume: Whether to go on with the runs in their folders.
        data_dir: Folder of the data set, if not the usual one.
        cache: Folder to keep decoded images in.
        classifier: File of a Keras classifier that finds the class of made images.
        jit: Keras' `jit_compile`; `None` for the family's own.
        verbose: Keras' setting for progress lines.
    """

    runs: Sequence[tuple[pathlib.Path, Settings]]
    output: pathlib.Path
    command: Sequence[str]
    resume: bool = False
    data_dir: str | None = None
    cache: str | None = None
    classifier: str | None = None
    jit: bool | str | None = None
    verbose: int | str = "auto"

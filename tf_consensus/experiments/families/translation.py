"""Images that a run on pairs makes of pictures."""

import pathlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tf_consensus import data
from tf_consensus.data.pair_sources import MAKERS
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.generation import computed
from tf_consensus.experiments.held_out import FOLDER
from tf_consensus.experiments.result import check_model, read_result
from tf_consensus.experiments.saved_run import load_whole

MODEL = "model.keras"


class Translation(NamedTuple):
    """Pictures to make images of, and how.

    Attributes:
        source: Name of the pictures, as for `data.images`.
        n: How many, in order; `None` for all.
        batch_size: How many are computed at a time.
        back: Whether a `CycleGAN` goes from targets to sources.
        make: Whether sources are made of the pictures first, as in training.
        averaged: Whether to use averages of the weights, if the run keeps them.
    """

    source: str
    n: int | None
    batch_size: int
    back: bool
    make: bool
    averaged: bool

    @property
    def split(self) -> str:
        """All of a folder; of a data set the images that a run does not train on."""
        return "train" if self.source.startswith(FOLDER) else "test"

    def number(self) -> int:
        """How many pictures there are, at most n.

        Raises:
            RunError: If they are not there.
        """
        with of_the_user("--source"):
            found = data.image_info(self.source).num_examples[self.split]
        return found if self.n is None else min(found, self.n)

    def translated(
        self, folder: pathlib.Path, settings: Mapping[str, Any], number: int
    ) -> Iterator[np.ndarray]:
        """Images, some at a time.

        Args:
            folder: Folder of the run.
            settings: Its settings.
            number: How many.

        Yields:
            Float32 images (up to batch_size, height, width, channels).

        Raises:
            RunError: If the pictures are not there, the model is damaged, or images are not finite.
        """
        check_model(folder / MODEL, read_result(folder))
        model = load_whole(folder / MODEL)
        network = model.back_generator if self.back else model.generator
        pictures = self._pictures(network, settings).unbatch().take(number).batch(self.batch_size)
        return computed(model, network, pictures, MODEL, self.averaged)

    def _pictures(self, network: keras.Model, settings: Mapping[str, Any]) -> tf.data.Dataset:
        """What the network takes, in order."""
        maker = settings["make"] if self.make else None
        if self.make and maker is None:
            raise RunError(
                "--make makes sources as the run did. Received: a run whose sources are images of "
                "their own. Leave --make out."
            )
        shape = network.output_shape if self.make else network.input_shape
        with of_the_user("--source"):
            found = data.images(
                self.source,
                self.split,
                image_size=shape[1],
                channels=shape[-1],
                batch_size=self.batch_size,
                repeat=False,
            )
        return found.map(MAKERS[maker]) if maker else found

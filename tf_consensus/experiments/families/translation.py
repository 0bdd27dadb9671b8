"""Images that a run on pairs makes of pictures."""

import pathlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from tf_consensus.data.named_images import NamedImages, named_images
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

    def translated(self, folder: pathlib.Path, settings: Mapping[str, Any]) -> "Translated":
        """Images, some at a time, with the names of the pictures that they are made of.

        Args:
            folder: Folder of the run.
            settings: Its settings.

        Raises:
            RunError: If the pictures are not there, the model is damaged, or, as images are taken,
                if they are not finite.
        """
        check_model(folder / MODEL, read_result(folder))
        model = load_whole(folder / MODEL)
        network = model.back_generator if self.back else model.generator
        names, pictures = self._pictures(network, settings)
        return Translated(names, computed(model, network, pictures, MODEL, self.averaged))

    def _pictures(self, network: keras.Model, settings: Mapping[str, Any]) -> NamedImages:
        """What the network takes, in order; files that cannot be read are left out."""
        maker = settings["make"] if self.make else None
        if self.make and maker is None:
            raise RunError(
                "--make makes sources as the run did. Received: a run whose sources are images of "
                "their own. Leave --make out."
            )
        shape = network.output_shape if self.make else network.input_shape
        with of_the_user("--source"):
            found = named_images(
                self.source,
                self.split,
                image_size=shape[1],
                channels=shape[-1],
                batch_size=self.batch_size,
                n=self.n,
            )
        return found._replace(batches=found.batches.map(MAKERS[maker])) if maker else found


class Translated(NamedTuple):
    """Images that are made of pictures.

    Attributes:
        names: For each image the path of its picture in the folder, or its number in a data set.
        images: Float32 images (up to batch_size, height, width, channels), some at a time.
    """

    names: list[str]
    images: Iterator[np.ndarray]

    def files(self) -> list[str]:
        """For each image the name of a PNG file; one that two pictures would have keeps endings."""
        short = [f"{pathlib.PurePosixPath(name).with_suffix('')}.png" for name in self.names]
        twice = {name for name, number in Counter(short).items() if number > 1}
        pairs = zip(short, self.names, strict=True)
        return [f"{name}.png" if file in twice else file for file, name in pairs]

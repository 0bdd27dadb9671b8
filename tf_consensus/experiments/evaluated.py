"""What is evaluated and how: images that exist, and options."""

import dataclasses
from typing import Any

from tf_consensus.data import image_info
from tf_consensus.data.image_folder import folder_sides
from tf_consensus.experiments.shuffled_images import ShuffledImages


@dataclasses.dataclass(frozen=True)
class Images:
    """Existing images: a split of a data set or of a folder.

    Attributes:
        name: As for `data.images`.
        split: As for `data.images`.
        crop: Side of the centre crop; `None` for the usual one.
        data_dir: Folder of the data set; `None` for the usual place.
        cache: As for `data.images`.
    """

    name: str
    split: str = "train"
    crop: int | None = None
    data_dir: str | None = None
    cache: str | None = None

    def open(self, side: int, channels: int) -> ShuffledImages:
        """The images in a shuffled order."""
        place: dict[str, Any] = {"crop": self.crop, "data_dir": self.data_dir, "cache": self.cache}
        return ShuffledImages(self.name, self.split, side, channels, **place)

    def side(self) -> int | None:
        """The side of all images, as far as is looked; `None` unless they are squares of one size.

        Raises:
            ValueError, OSError: If there are none.
        """
        if self.name.startswith("folder:"):
            found = {tuple(x) for x in folder_sides(self.name.removeprefix("folder:")).tolist()}
        else:
            found = {image_info(self.name, self.data_dir).image_size}
        size = found.pop() if len(found) == 1 else None
        return size[0] if size is not None and size[0] == size[1] else None


@dataclasses.dataclass(frozen=True)
class Options:
    """How to score.

    Attributes:
        classifier: A Keras classifier's file, or `None`.
        inception: The reference Inception network's file, or `None`.
        fid_tool: The tool that the Inception's treatment of images follows; `None`: "ttur".
        n: Number of images to evaluate; `None`: 10,000, or as many as there are.
        image_size: Side to compare images at; `None`: their own, else the network's.
        batch_size: Number of images at a time.
        splits: Parts of the images whose scores are averaged.
        kid: Whether to measure the kernel distance too.
        precision_recall: Whether to measure precision and recall too.
        density_coverage: Whether to measure density and coverage too.
        seed: Seed of generated images.
        averaged: Whether generated images are of the averaged weights.
    """

    classifier: str | None
    inception: str | None
    fid_tool: str | None = None
    n: int | None = None
    image_size: int | None = None
    batch_size: int = 64
    splits: int = 10
    kid: bool = False
    precision_recall: bool = False
    density_coverage: bool = False
    seed: int = 0
    averaged: bool = True

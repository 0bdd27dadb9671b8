"""The default settings, which follow from the pictures and the machine."""

import os
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus import data
from tf_consensus.data.image_folder import folder_sides
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.held_out import FOLDER

# With fewer pictures than this a GAN repeats them.
FEW = 500


class Pictures(NamedTuple):
    """What is known about a data set of pictures.

    Attributes:
        dataset: Its name for `data.images`.
        number: How many there are.
        smaller: (smallest, median, largest) of the pictures' smaller sides in pixels; `None` if it
            is not known.
        same_size: (height, width) if all pictures have the same.
        channels: 1 if all are grey, else 3.
        num_classes: Number of classes; `None` without labels.
    """

    dataset: str
    number: int
    smaller: tuple[int, int, int] | None
    same_size: tuple[int, int] | None
    channels: int
    num_classes: int | None

    def describe(self) -> str:
        """One line for the user."""
        if self.same_size:
            sides = f"{self.same_size[1]} × {self.same_size[0]} pixels"
        elif self.smaller:
            least, median, largest = self.smaller
            sides = f"smaller sides of {least} to {largest} pixels, {median} at the median"
            sides = f"smaller sides of {least} pixels" if least == largest else sides
        else:
            sides = "of different sizes"
        colours = "grey" if self.channels == 1 else "in colour"
        classes = f", {self.num_classes} classes" if (self.num_classes or 0) > 1 else ""
        pictures = "picture" if self.number == 1 else "pictures"
        return f"{self.number:,} {pictures} in {self.dataset}: {sides}, {colours}{classes}"


def look_at(dataset: str, data_dir: str | os.PathLike | None = None) -> Pictures:
    """Read what is known about a data set; for a folder from the headers of up to 1,000 files.

    Raises:
        ValueError, OSError: As `data.image_info`.
    """
    info = data.image_info(dataset, data_dir)
    number = info.num_examples.get("train", max(info.num_examples.values()))
    smaller, same = None, info.image_size
    if dataset.startswith(FOLDER):
        sides = folder_sides(dataset.removeprefix(FOLDER))
        if len(sides) and (sides == sides[0]).all():
            same = tuple(sides[0].tolist())
        if len(sides):
            least = np.sort(sides.min(1))
            smaller = int(least[0]), int(np.median(least)), int(least[-1])
    elif same:
        smaller = (min(same),) * 3
    return Pictures(dataset, number, smaller, same, info.channels, info.num_classes)


def has_accelerator() -> bool:
    """Whether there is a GPU or a TPU."""
    kinds = ("GPU", "TPU")
    return any(tf.config.list_physical_devices(kind) for kind in kinds)


def recommend(pictures: Pictures, accelerator: bool, image_size: int | None) -> dict[str, Any]:
    """The settings that `presets.RECOMMENDED` leaves to the pictures.

    Args:
        pictures: What is known about them.
        accelerator: Whether there is a GPU or a TPU. Without one, images have 32² pixels and the
            networks are a quarter as wide, which two cores train in minutes.
        image_size: The side that the user asks for, if any.

    Returns:
        Settings by name, except the network.
    """
    median = pictures.smaller[1] if pictures.smaller else 0
    size = image_size or (64 if accelerator and median >= 64 else 32)
    found: dict[str, Any] = {"dataset": pictures.dataset, "channels": pictures.channels}
    return found | {
        "image_size": size,
        "filters": 64 if accelerator else 16,
        "latent_dim": 64,
        "batch_size": 64,
    }


def check_classes(pictures: Pictures, num_classes: int | None) -> None:
    """Raise unless the pictures have the classes that are asked for.

    Raises:
        RunError: If they have other classes, or none.
    """
    if not num_classes or num_classes == pictures.num_classes:
        return
    have = "no labels" if pictures.num_classes is None else f"{pictures.num_classes} classes"
    remedy = (
        "Put the pictures of each class into a sub-folder of its own, or leave the flag out."
        if (pictures.num_classes or 0) < 2
        else f"Pass --num_classes={pictures.num_classes}, or leave the flag out."
    )
    raise RunError(
        "--num_classes must be the number of classes that the pictures have. Received: "
        f"--num_classes={num_classes} for {pictures.dataset}, which has {have}. {remedy}"
    )


def remarks(pictures: Pictures, settings: dict[str, Any]) -> list[str]:
    """Sentences about the pictures that a user should know before training."""
    found = []
    if pictures.number < FEW:
        found.append(
            f"That is few: with fewer than about {FEW} a GAN repeats them instead of "
            "making new ones. Add pictures, or mirror them by --flip."
        )
    found += remarks_on_sizes(pictures, settings["image_size"])
    classes = pictures.num_classes or 0
    if classes > 1 and not settings["num_classes"]:
        found.append(
            f"The {classes} classes are mixed; --num_classes={classes} trains a generator that "
            "makes each class on request."
        )
    if pictures.channels == 3 and settings["channels"] == 1:
        found.append("The pictures lose their colours because of --channels=1.")
    return found


def remarks_on_sizes(pictures: Pictures, image_size: int) -> list[str]:
    """What happens to the pictures' sizes in training, a sentence each."""
    found = []
    if pictures.smaller and pictures.smaller[0] < image_size:
        found.append(
            f"Pictures whose smaller side is below {image_size} pixels (the smallest: "
            f"{pictures.smaller[0]}) are enlarged; --image_size sets another side."
        )
    if pictures.same_size is None or pictures.same_size[0] != pictures.same_size[1]:
        found.append("The centre square of each picture is used.")
    return found
